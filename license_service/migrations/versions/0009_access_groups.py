"""Access groups, their members, and how many members have access to each component of a key."""

import sqlalchemy as sa
from alembic import op

from database.instants import Instant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "access_groups",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("key_id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("component_codes", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["license_keys.id"], name=op.f("fk_access_groups_key_id_license_keys")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_groups")),
        sa.UniqueConstraint("key_id", "name", name=op.f("uq_access_groups_key_id")),
    )
    for name, columns in (("first", []), ("of_organization", ["organization_id"]), ("of_key", ["key_id"])):
        op.create_index(f"ix_access_groups_oldest_{name}", "access_groups", [*columns, "created_at", "id"])
    _members()
    op.create_table(
        "access_places",
        sa.Column("key_id", sa.String(36), nullable=False),
        sa.Column("component_code", sa.String(64), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.CheckConstraint("taken >= 0", name=op.f("ck_access_places_taken_not_negative")),
        sa.ForeignKeyConstraint(["key_id"], ["license_keys.id"], name=op.f("fk_access_places_key_id_license_keys")),
        sa.ForeignKeyConstraint(
            ["component_code"], ["components.code"], name=op.f("fk_access_places_component_code_components")
        ),
        sa.PrimaryKeyConstraint("key_id", "component_code", name=op.f("pk_access_places")),
    )


def downgrade() -> None:
    for table in ("access_places", "access_group_members", "access_groups"):
        op.drop_table(table)


def _members() -> None:
    op.create_table(
        "access_group_members",
        sa.Column("key_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("member_id", sa.String(64), nullable=False),
        sa.Column("group_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.CheckConstraint("kind IN ('register', 'user')", name=op.f("ck_access_group_members_kind_known")),
        sa.ForeignKeyConstraint(
            ["key_id"], ["license_keys.id"], name=op.f("fk_access_group_members_key_id_license_keys")
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["access_groups.id"],
            name=op.f("fk_access_group_members_group_id_access_groups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key_id", "kind", "member_id", name=op.f("pk_access_group_members")),
    )
    op.create_index(op.f("ix_access_group_members_group_id"), "access_group_members", ["group_id"])
