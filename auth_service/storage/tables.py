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
    # The language of its emails.
    Column("locale", String(8), nullable=False, server_default="en"),
    # Of a Group: what a site shows that connects to it, and how often that was changed.
    Column("group_password_hash", String(200)),
    Column("group_password_generation", Integer, nullable=False, server_default="0"),
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
    # A JWK Set as JSON, of a client that authenticates by private_key_jwt.
    Column("public_keys", Text),
    Column("grant_types", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    # The audiences whose tokens it may introspect.
    Column("introspects", Text, nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)

# Kept until they have expired: an access token that was revoked by itself.
revoked_access_tokens: Final = Table(
    "revoked_access_tokens",
    metadata,
    Column("jti", String(64), primary_key=True),
    Column("expires_at", Instant, nullable=False, index=True),
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
    Column("device_id", ForeignKey("devices.id")),
    Column("organization_id", ForeignKey("organizations.id")),
    Column("operator_id", ForeignKey("operators.id")),
    Column("entitlement", Text),
    Column("decided_at", Instant),
    Column("consumed_at", Instant),
    Column("dpop_jkt", String(43)),
    Column("code_challenge", String(43)),
    Column("status_index", Integer),
)
# A code that nobody has approved is of no device: asking for one writes an index less.
Index(
    "ix_device_authorizations_of_device",
    device_authorizations.c.device_id,
    sqlite_where=device_authorizations.c.device_id.is_not(None),
    postgresql_where=device_authorizations.c.device_id.is_not(None),
)

grants: Final = Table(
    "grants",
    metadata,
    # That of the device authorization it came from. No foreign key: those are swept, grants stay.
    Column("id", String(36), primary_key=True),
    Column("device_id", ForeignKey("devices.id"), nullable=False),
    Column("client_id", ForeignKey("clients.client_id"), nullable=False),
    Column("scope", Text, nullable=False),
    Column("entitlement", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_contact_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_reason", String(32)),
    Column("dpop_jkt", String(43)),
    Column("status_index", Integer, nullable=False, unique=True),
    # Of a site that connected by the Group Password: the generation that it knew. None for the device flow.
    Column("group_password_generation", Integer),
    # The one live refresh token, and what it was given for: its predecessor, or at generation 0 the device code.
    Column("refresh_token_digest", String(64), nullable=False),
    Column("predecessor_digest", String(64), nullable=False),
    Column("successor_seed", String(64)),
    Column("generation", Integer, nullable=False),
    Column("rotated_at", Instant, nullable=False),
    # When those before the predecessor were used, as far as it is recent: a JSON list of seconds since 1970.
    Column("earlier_uses", Text, nullable=False),
)
Index(
    "ix_grants_one_live_a_device",
    grants.c.device_id,
    unique=True,
    sqlite_where=grants.c.ended_at.is_(None),
    postgresql_where=grants.c.ended_at.is_(None),
)
# Beside the live one: a redeem writes one of the two.
Index(
    "ix_grants_ended_of_device",
    grants.c.device_id,
    sqlite_where=grants.c.ended_at.is_not(None),
    postgresql_where=grants.c.ended_at.is_not(None),
)
Index(
    "ix_grants_seeds_to_erase",
    grants.c.rotated_at,
    sqlite_where=grants.c.successor_seed.is_not(None),
    postgresql_where=grants.c.successor_seed.is_not(None),
)

# A Group that is being registered. What only the moves need (links, codes, passwords) is erased with the last of them.
registrations: Final = Table(
    "registrations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("watch_digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("group_name", String(200), nullable=False),
    Column("group_password_hash", String(200)),
    Column("email", String(254), nullable=False),
    Column("sales_manager", String(200)),
    Column("locale", String(8), nullable=False),
    Column("requested_from", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    # The one live link, and the code beside it; the state tells which step they are for.
    Column("link_digest", String(64), unique=True),
    Column("link_expires_at", Instant),
    Column("code_digest", String(64)),
    Column("code_expires_at", Instant),
    Column("wrong_codes", Integer, nullable=False),
    Column("cloud_password_hash", String(200)),
    Column("organization_id", ForeignKey("organizations.id")),
    Column("activated_at", Instant),
    # The last email that was written; no foreign key, since the outbox is swept.
    Column("notification_id", String(36)),
    # The relay asks again and again which Groups wait for their first license key.
    Index(None, "state", "updated_at"),
)

# A grant's place in the status list. Drawn at the approval, since a number of its own would cost a redeem more.
status_indexes: Final = Table(
    "status_indexes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("device_authorization_id", String(36), nullable=False),
    sqlite_autoincrement=True,
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("queue", String(32), nullable=False),
    Column("sealed", Text),
    Column("created_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant),
    Column("accepted_at", Instant, index=True),
    # The relay reads only what is still to be delivered, the more urgent queue first.
    Index(None, "queue", "next_attempt_at"),
)

audit_events: Final = Table(
    "audit_events",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("happened_at", Instant, nullable=False),
    Column("event", String(48), nullable=False),
    # No foreign keys: the trail outlives what it tells about.
    Column("organization_id", String(36), index=True),
    Column("operator_id", String(36)),
    Column("device_id", String(36), index=True),
    Column("client_id", String(128)),
    Column("details", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

# Looked up at every start; other events are asked for by whom they are about, or by people who have a moment.
Index(
    "ix_audit_events_settings_changed",
    audit_events.c.sequence,
    sqlite_where=audit_events.c.event == "settings_changed",
    postgresql_where=audit_events.c.event == "settings_changed",
)

audit_head: Final = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)
