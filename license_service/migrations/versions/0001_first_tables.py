"""Licenses, and the seats taken on them."""

import sqlalchemy as sa
from alembic import op

from database.instants import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
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
            "seats_claimed >= 0 AND seats_claimed <= seats",
            name=op.f("ck_licenses_seats_claimed_within_seats"),
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


def downgrade() -> None:
    op.drop_table("seats")
    op.drop_table("licenses")
