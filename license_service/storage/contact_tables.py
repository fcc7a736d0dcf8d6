"""The last contact of each device, the history of check-ins, and over-use: the tables beside those in tables.py."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, text

from database.instants import Instant
from license_service.storage.tables import metadata, seats

contacts: Final = Table(
    "contacts",
    metadata,
    # A contact goes with the seat, and moves with it: who holds none is in nobody's list, and never goes dark.
    Column(
        "device_id",
        String(36),
        ForeignKey(seats.c.device_id, ondelete="CASCADE", onupdate="CASCADE"),
        primary_key=True,
    ),
    Column("organization_id", String(36), nullable=False),
    Column("last_contact_at", Instant, nullable=False),
    # Whether it was told that the device is dark; the next contact takes it back.
    Column("dark_told", Boolean, nullable=False),
    # What the last check-in said.
    Column("checked_in_at", Instant),
    Column("software_version", String(64)),
    Column("clock_skew_seconds", BigInteger),
    Column("seats_in_use", JSON, nullable=False),
    Column("registers", JSON, nullable=False),
    Index("ix_contacts_longest_ago", "last_contact_at", "device_id"),
    Index("ix_contacts_longest_ago_of_organization", "organization_id", "last_contact_at", "device_id"),
    Index("ix_contacts_untold", "dark_told", "last_contact_at"),
)

check_ins: Final = Table(
    "check_ins",
    metadata,
    Column("device_id", String(36), primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("organization_id", String(36), nullable=False),
    Column("software_version", String(64), nullable=False),
    Column("clock_skew_seconds", BigInteger, nullable=False),
    Column("seats_in_use", JSON, nullable=False),
    Column("registers", Integer, nullable=False),
    Index("ix_check_ins_oldest_first", "at"),
)

over_counts: Final = Table(
    "over_counts",
    metadata,
    Column("organization_id", String(36), primary_key=True),
    Column("component_code", String(64), primary_key=True),
    # The first instant of over-use; null while there is none.
    Column("since", Instant),
    Index(
        "ix_over_counts_longest_ago",
        "since",
        "organization_id",
        "component_code",
        sqlite_where=text("since IS NOT NULL"),
        postgresql_where=text("since IS NOT NULL"),
    ),
)
