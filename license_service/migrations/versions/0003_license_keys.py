"""The catalog, agreements and license keys, in place of licenses; each license becomes a key of the same id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from database.instants import Instant

if TYPE_CHECKING:
    from collections.abc import Sequence

revision = "0003"
down_revision = "0002"

_licenses = sa.table(
    "licenses",
    sa.column("id"),
    sa.column("organization_id"),
    sa.column("features", sa.JSON),
    sa.column("seats"),
    sa.column("seats_claimed"),
    sa.column("renewal_date", sa.Date),
    sa.column("renewal_window_days"),
    sa.column("created_at", Instant),
)
_seats_of_licenses = sa.table(
    "seats",
    sa.column("device_id"),
    sa.column("license_id"),
    sa.column("organization_id"),
    sa.column("claimed_at", Instant),
)


def upgrade() -> None:
    connection = op.get_bind()
    licenses = connection.execute(sa.select(_licenses).order_by("created_at", "id")).mappings().all()
    seats = connection.execute(sa.select(_seats_of_licenses)).mappings().all()
    op.drop_table("seats")
    op.drop_table("licenses")
    _catalog()
    _agreements_and_keys()
    _seats()
    _carry_over(licenses, seats)


def downgrade() -> None:
    """Make the tables of before, without their rows."""
    op.drop_table("seats")
    for table in ("key_components", "license_keys", "agreements", "profile_features", "profiles", "components"):
        op.drop_table(table)
    op.create_table(
        "licenses",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(36), nullable=False),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("seats_claimed", sa.Integer(), nullable=False),
        sa.Column("renewal_date", sa.Date(), nullable=True),
        sa.Column("renewal_window_days", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "seats_claimed >= 0 AND seats_claimed <= seats", name=op.f("ck_licenses_seats_claimed_within_seats")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licenses")),
    )
    op.create_index(op.f("ix_licenses_organization_id"), "licenses", ["organization_id"])
    op.create_table(
        "seats",
        sa.Column("device_id", sa.String(36), nullable=False),
        sa.Column("license_id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(36), nullable=False),
        sa.Column("claimed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["license_id"], ["licenses.id"], name=op.f("fk_seats_license_id_licenses")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_seats")),
    )


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


def _seats() -> None:
    op.create_table(
        "seats",
        sa.Column("device_id", sa.String(36), nullable=False),
        sa.Column("key_id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(36), nullable=False),
        sa.Column("component_code", sa.String(64), nullable=False),
        sa.Column("claimed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id", "component_code"],
            ["key_components.key_id", "key_components.component_code"],
            name=op.f("fk_seats_key_id_key_components"),
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_seats")),
    )
    op.create_index(op.f("ix_seats_organization_id"), "seats", ["organization_id"])
    op.create_index("ix_seats_key_id", "seats", ["key_id", "component_code"])


def _carry_over(licenses: Sequence[sa.RowMapping], seats: Sequence[sa.RowMapping]) -> None:
    """Make of each license a key of one component, under a profile that gives what it gave."""
    profile_codes = {("xms",): "standard"}
    agreement_ids: dict[str, str] = {}
    for number, each in enumerate(licenses, start=1):
        features, organization_id = tuple(each["features"]), each["organization_id"]
        if features not in profile_codes:
            code = profile_codes[features] = f"carried-over-{len(profile_codes)}"
            _insert("profiles", code=code, name=", ".join(features)[:120])
            _insert("profile_features", profile_code=code, component_code="xms", features=list(features))
        if organization_id not in agreement_ids:
            agreement_ids[organization_id] = str(uuid4())
            _insert(
                "agreements",
                id=agreement_ids[organization_id],
                organization_id=organization_id,
                number="Carried over",
                signed_on=each["created_at"].date(),
                created_at=each["created_at"],
            )
        _insert(
            "license_keys",
            id=each["id"],
            agreement_id=agreement_ids[organization_id],
            organization_id=organization_id,
            id_number=f"License {number}",
            profile_code=profile_codes[features],
            status="active",
            renewal_date=each["renewal_date"],
            renewal_window_days=each["renewal_window_days"],
            over_count_percent=0,
            over_count_days=0,
            version=1,
            issued_at=each["created_at"],
        )
        _insert(
            "key_components",
            key_id=each["id"],
            component_code="xms",
            seats=each["seats"],
            seats_claimed=each["seats_claimed"],
        )
    for seat in seats:
        _insert(
            "seats",
            device_id=seat["device_id"],
            key_id=seat["license_id"],
            organization_id=seat["organization_id"],
            component_code="xms",
            claimed_at=seat["claimed_at"],
        )


def _insert(table: str, **values: object) -> None:
    instants = {"created_at", "issued_at", "claimed_at"}
    types = {"features": sa.JSON, "renewal_date": sa.Date, "signed_on": sa.Date, **dict.fromkeys(instants, Instant)}
    columns: list[sa.ColumnClause[Any]] = [sa.column(name, types.get(name)) for name in values]
    op.get_bind().execute(sa.table(table, *columns).insert().values(**values))
