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
    Column("recipient", String(254), nullable=False),
    # What the email says, still sealed. Erased once the email is sent or given up.
    Column("sealed", Text),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("message_id", String(255), nullable=False),
    Column("lease_until", Instant),
    Column("next_attempt_at", Instant),
    Column("smtp_answer", String(255)),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    # What is due is asked every few seconds, and nearly every row is sent.
    Index(None, "state"),
    Index(None, "created_at"),
)

set_aside_messages: Final = Table(
    "set_aside_messages",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("reason", String(255), nullable=False),
    Column("received_at", Instant, nullable=False),
)
