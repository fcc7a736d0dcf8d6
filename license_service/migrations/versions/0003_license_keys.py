"""The catalog, agreements and license keys."""

import sqlalchemy as sa
from alembic import op

from database.instants import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _catalog()
    _agreements_and_keys()


def downgrade() -> None:
    for table in ("key_components", "license_keys", "agreements", "profile_features", "profiles", "components"):
        op.drop_table(table)


def _catalog() -> None:
    components, profiles = (
        op.create_table(
            name,
            sa.Column("code", sa.String(64), nullable=False),
            sa.Column("name", sa.String(120), nullable=False),
            sa.PrimaryKeyConstraint("code", name=op.f(f"pk_{name}")),
        )
        for name in ("components", "profiles")
    )
    profile_features = op.create_table(
        "profile_features",
        sa.Column("profile_code", sa.String(64), nullable=False),
        sa.Column("component_code", sa.String(64), nullable=False),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_code"], ["profiles.code"], name=op.f("fk_profile_features_profile_code_profiles")
        ),
        sa.ForeignKeyConstraint(
            ["component_code"], ["components.code"], name=op.f("fk_profile_features_component_code_components")
        ),
        sa.PrimaryKeyConstraint("profile_code", "component_code", name=op.f("pk_profile_features")),
    )
    # What a fresh installation can sell at once.
    op.bulk_insert(components, [{"code": "xms", "name": "XMS"}])
    op.bulk_insert(profiles, [{"code": "standard", "name": "Standard"}])
    op.bulk_insert(profile_features, [{"profile_code": "standard", "component_code": "xms", "features": ["xms"]}])


def _agreements_and_keys() -> None:
    op.create_table(
        "agreements",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(36), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
        sa.UniqueConstraint("organization_id", "number", name=op.f("uq_agreements_organization_id")),
    )
    op.create_table(
        "license_keys",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("agreement_id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(36), nullable=False),
        sa.Column("id_number", sa.String(64), nullable=False),
        sa.Column("profile_code", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("renewal_date", sa.Date(), nullable=True),
        sa.Column("renewal_window_days", sa.Integer(), nullable=False),
        sa.Column("over_count_percent", sa.Integer(), nullable=False),
        sa.Column("over_count_days", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("replaced_by", sa.String(36), nullable=True),
        sa.CheckConstraint(
            "status IN ('active', 'suspended', 'revoked', 'replaced')", name=op.f("ck_license_keys_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_license_keys_agreement_id_agreements")
        ),
        sa.ForeignKeyConstraint(
            ["profile_code"], ["profiles.code"], name=op.f("fk_license_keys_profile_code_profiles")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by"], ["license_keys.id"], name=op.f("fk_license_keys_replaced_by_license_keys")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_license_keys")),
        sa.UniqueConstraint("organization_id", "id_number", name=op.f("uq_license_keys_organization_id")),
    )
    op.create_index(op.f("ix_license_keys_agreement_id"), "license_keys", ["agreement_id"])
    op.create_index(op.f("ix_license_keys_renewal_date"), "license_keys", ["renewal_date"])
    op.create_index("ix_license_keys_oldest_first", "license_keys", ["issued_at", "id"])
    op.create_index("ix_license_keys_oldest_of_organization", "license_keys", ["organization_id", "issued_at", "id"])
    op.create_table(
        "key_components",
        sa.Column("key_id", sa.String(36), nullable=False),
        sa.Column("component_code", sa.String(64), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("seats_claimed", sa.Integer(), nullable=False),
        sa.Column("over_count_since", Instant(), nullable=True),
        sa.CheckConstraint("seats_claimed >= 0", name=op.f("ck_key_components_seats_claimed_not_negative")),
        sa.ForeignKeyConstraint(["key_id"], ["license_keys.id"], name=op.f("fk_key_components_key_id_license_keys")),
        sa.ForeignKeyConstraint(
            ["component_code"], ["components.code"], name=op.f("fk_key_components_component_code_components")
        ),
        sa.PrimaryKeyConstraint("key_id", "component_code", name=op.f("pk_key_components")),
    )
