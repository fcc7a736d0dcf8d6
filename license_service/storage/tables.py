"""Licenses, the seats taken on them, and proofs that were used. The checks say again what the statements keep (T59)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, CheckConstraint, Column, Date, ForeignKey, Integer, MetaData, String, Table

from database.instants import Instant

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

licenses: Final = Table(
    "licenses",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organization_id", String(36), nullable=False, index=True),
    Column("features", JSON, nullable=False),
    Column("seats", Integer, nullable=False),
    Column("seats_claimed", Integer, nullable=False),
    Column("renewal_date", Date),
    Column("renewal_window_days", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("seats_claimed >= 0 AND seats_claimed <= seats", name="seats_claimed_within_seats"),
)

seats: Final = Table(
    "seats",
    metadata,
    # The primary key is what gives a device one seat at most, in whatever organization.
    Column("device_id", String(36), primary_key=True),
    Column("license_id", String(36), ForeignKey(licenses.c.id), nullable=False),
    Column("organization_id", String(36), nullable=False),
    Column("claimed_at", Instant, nullable=False),
)

used_proofs: Final = Table(
    "used_proofs",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("ends_at", Instant, nullable=False, index=True),
)
