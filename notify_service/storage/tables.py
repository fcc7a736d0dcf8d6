"""Every table of notify_service."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text

from database.instants import Instant

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

notifications: Final = Table(
    "notifications",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("template", String(64), nullable=False),
    # Where it came from: what waits in the first queue goes before the rest (F39).
    Column("queue", String(32), nullable=False),
    Column("organization_id", String(64)),
    Column("recipient", String(254), nullable=False),
    # Two addresses of one mailbox have one name here (domain/limit.py).
    Column("mailbox", String(254), nullable=False),
    # What the email says, still sealed. Erased once it is sent or cancelled; after some days if it was given up.
    Column("sealed", Text),
    Column("state", String(16), nullable=False),
    Column("leases", Integer, nullable=False),
    Column("lost_leases", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("message_id", String(255), nullable=False),
    Column("lease_until", Instant),
    Column("next_attempt_at", Instant),
    Column("fault", String(32)),
    Column("smtp_answer", String(255)),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("counted_at", Instant),
    Column("resent_at", Instant),
    # The occasion, of an email that the calendar wrote (domain/calendar.py).
    Column("about", String(200)),
    # What is due is asked every few seconds, and nearly every row is sent.
    Index(None, "state"),
    Index(None, "created_at"),
    Index(None, "about"),
    # Limits are asked for each message, and count by mailbox, organization and queue (T54).
    Index(None, "mailbox", "counted_at"),
    Index(None, "organization_id", "counted_at"),
    Index(None, "queue", "counted_at"),
)

pauses: Final = Table(
    "pauses",
    metadata,
    # What is paused: there is one mail server, and so one row at most.
    Column("id", String(32), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("fault", String(32), nullable=False),
    Column("answer", String(255), nullable=False),
    Column("probes", Integer, nullable=False),
    Column("next_probe_at", Instant, nullable=False),
    Column("told_at", Instant),
)

refused_addresses: Final = Table(
    "refused_addresses",
    metadata,
    # The address in small letters.
    Column("id", String(254), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("answer", String(255), nullable=False),
    Index(None, "since"),
)

beat_leases: Final = Table(
    "beat_leases",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("holder", String(36), nullable=False),
    Column("lease_until", Instant, nullable=False),
)

set_aside_messages: Final = Table(
    "set_aside_messages",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("reason", String(255), nullable=False),
    Column("received_at", Instant, nullable=False),
)

scans: Final = Table(
    "scans",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("due_at", Instant, nullable=False),
    # While somebody is at it.
    Column("lease_until", Instant),
    Column("finished_at", Instant),
    # Why the last run did not do all of its work.
    Column("fault", String(255)),
)
