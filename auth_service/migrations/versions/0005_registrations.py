"""Groups that are being registered, their passwords, and the language of an organization's emails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("locale", sa.String(length=8), nullable=False, server_default="en"))
        batch_op.add_column(sa.Column("group_password_hash", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("group_password_generation", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.add_column(sa.Column("group_password_generation", sa.Integer(), nullable=True))
    op.create_table(
        "registrations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("watch_digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("group_name", sa.String(length=200), nullable=False),
        sa.Column("group_password_hash", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("sales_manager", sa.String(length=200), nullable=True),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("requested_from", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("link_digest", sa.String(length=64), nullable=True),
        sa.Column("link_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_digest", sa.String(length=64), nullable=True),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wrong_codes", sa.Integer(), nullable=False),
        sa.Column("cloud_password_hash", sa.String(length=200), nullable=True),
        sa.Column("organization_id", sa.String(length=36), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notification_id", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_registrations_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("link_digest", name=op.f("uq_registrations_link_digest")),
    )
    with op.batch_alter_table("registrations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_registrations_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_registrations_state_updated_at"), ["state", "updated_at"], unique=False)


def downgrade() -> None:
    op.drop_table("registrations")
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_column("group_password_generation")
    with op.batch_alter_table("organizations", schema=None) as batch_op:
        batch_op.drop_column("group_password_generation")
        batch_op.drop_column("group_password_hash")
        batch_op.drop_column("locale")
