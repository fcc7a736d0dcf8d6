"""When each device was last in contact, what sites reported, and since when they use more than is owned."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from database.instants import Instant

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    contacts = op.create_table(
        "contacts",
        sa.Column("device_id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(36), nullable=False),
        sa.Column("last_contact_at", Instant(), nullable=False),
        sa.Column("dark_told", sa.Boolean(), nullable=False),
        sa.Column("checked_in_at", Instant(), nullable=True),
        sa.Column("software_version", sa.String(64), nullable=True),
        sa.Column("clock_skew_seconds", sa.BigInteger(), nullable=True),
        sa.Column("seats_in_use", sa.JSON(), nullable=False),
        sa.Column("registers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["seats.device_id"],
            name=op.f("fk_contacts_device_id_seats"),
            ondelete="CASCADE",
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_contacts")),
    )
    op.create_index("ix_contacts_longest_ago", "contacts", ["last_contact_at", "device_id"])
    op.create_index(
        "ix_contacts_longest_ago_of_organization", "contacts", ["organization_id", "last_contact_at", "device_id"]
    )
    op.create_index("ix_contacts_untold", "contacts", ["dark_told", "last_contact_at"])
    op.create_table(
        "check_ins",
        sa.Column("device_id", sa.String(36), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("organization_id", sa.String(36), nullable=False),
        sa.Column("software_version", sa.String(64), nullable=False),
        sa.Column("clock_skew_seconds", sa.BigInteger(), nullable=False),
        sa.Column("seats_in_use", sa.JSON(), nullable=False),
        sa.Column("registers", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "at", name=op.f("pk_check_ins")),
    )
    op.create_index("ix_check_ins_oldest_first", "check_ins", ["at"])
    op.create_table(
        "over_counts",
        sa.Column("organization_id", sa.String(36), nullable=False),
        sa.Column("component_code", sa.String(64), nullable=False),
        sa.Column("since", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "component_code", name=op.f("pk_over_counts")),
    )
    _count_from_now(contacts)


def downgrade() -> None:
    for table in ("over_counts", "check_ins", "contacts"):
        op.drop_table(table)


def _count_from_now(contacts: sa.Table) -> None:
    # Who sits already has been in contact, nobody noted when: the eight days are counted from here.
    seats = sa.table("seats", sa.column("device_id", sa.String), sa.column("organization_id", sa.String))
    now, none = sa.literal(datetime.now(UTC), Instant()), (sa.literal({}, sa.JSON()), sa.literal([], sa.JSON()))
    seated = sa.select(seats.c.device_id, seats.c.organization_id, now, sa.false(), *none)
    names = ["device_id", "organization_id", "last_contact_at", "dark_told", "seats_in_use", "registers"]
    op.execute(contacts.insert().from_select(names, seated))
