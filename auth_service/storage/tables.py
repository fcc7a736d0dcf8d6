"""Every table of auth_service.

Secrets stand here as digests only (T57). Instants are aware and UTC.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

from database.instants import Instant

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

organizations: Final = Table(
    "organizations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
)

operators: Final = Table(
    "operators",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
)

memberships: Final = Table(
    "memberships",
    metadata,
    Column("operator_id", ForeignKey("operators.id"), primary_key=True),
    Column("organization_id", ForeignKey("organizations.id"), primary_key=True, index=True),
    Column("role", String(16), nullable=False),
)

portal_sessions: Final = Table(
    "portal_sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("operator_id", ForeignKey("operators.id"), nullable=False),
    Column("organization_id", ForeignKey("organizations.id")),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)

devices: Final = Table(
    "devices",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organization_id", ForeignKey("organizations.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("store", String(200)),
    Column("server_url", String(500)),
    Column("hub_device_id", ForeignKey("devices.id")),
    Column("created_at", Instant, nullable=False),
    Index(None, "organization_id", "name", unique=True),
)

clients: Final = Table(
    "clients",
    metadata,
    Column("client_id", String(128), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("secret_digest", String(64)),
    Column("grant_types", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

device_authorizations: Final = Table(
    "device_authorizations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("device_code_digest", String(64), nullable=False, unique=True),
    Column("user_code_digest", String(64), nullable=False, unique=True),
    Column("client_id", ForeignKey("clients.client_id"), nullable=False),
    Column("scope", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("requested_from", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("device_id", ForeignKey("devices.id"), index=True),
    Column("organization_id", ForeignKey("organizations.id")),
    Column("operator_id", ForeignKey("operators.id")),
    Column("entitlement", Text),
    Column("decided_at", Instant),
    Column("consumed_at", Instant),
)

grants: Final = Table(
    "grants",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("device_id", ForeignKey("devices.id"), nullable=False, index=True),
    Column("client_id", ForeignKey("clients.client_id"), nullable=False),
    Column("scope", Text, nullable=False),
    Column("entitlement", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_contact_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_reason", String(32)),
)

refresh_tokens: Final = Table(
    "refresh_tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("grant_id", ForeignKey("grants.id"), nullable=False, index=True),
    Column("generation", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant),
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("sealed", Text),
    Column("created_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant),
    Column("accepted_at", Instant),
    # The relay reads only what is still to be delivered.
    Index(None, "next_attempt_at"),
)
