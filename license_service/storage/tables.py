"""The catalog, agreements, license keys, seats, sites, synchronizations, proofs that were used, and webhooks.

The checks say again what the statements keep (T59).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

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

components: Final = Table(
    "components",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("name", String(120), nullable=False),
)

profiles: Final = Table(
    "profiles",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("name", String(120), nullable=False),
)

profile_features: Final = Table(
    "profile_features",
    metadata,
    Column("profile_code", String(64), ForeignKey(profiles.c.code), primary_key=True),
    # A component without a row under a profile is not given by it.
    Column("component_code", String(64), ForeignKey(components.c.code), primary_key=True),
    Column("features", JSON, nullable=False),
)

agreements: Final = Table(
    "agreements",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organization_id", String(36), nullable=False),
    Column("number", String(64), nullable=False),
    Column("signed_on", Date, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "number"),
    Index("ix_agreements_oldest_first", "created_at", "id"),
    Index("ix_agreements_oldest_of_organization", "organization_id", "created_at", "id"),
)

license_keys: Final = Table(
    "license_keys",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("agreement_id", String(36), ForeignKey(agreements.c.id), nullable=False, index=True),
    Column("organization_id", String(36), nullable=False),
    Column("id_number", String(64), nullable=False),
    Column("profile_code", String(64), ForeignKey(profiles.c.code), nullable=False),
    Column("status", String(16), nullable=False),
    Column("renewal_date", Date),
    Column("renewal_window_days", Integer, nullable=False),
    Column("over_count_percent", Integer, nullable=False),
    Column("over_count_days", Integer, nullable=False),
    # Goes up by one with each change of the key; a claim of a seat is none.
    Column("version", Integer, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("replaced_by", String(36), ForeignKey("license_keys.id")),
    UniqueConstraint("organization_id", "id_number"),
    CheckConstraint("status IN ('active', 'suspended', 'revoked', 'replaced')", name="status_known"),
    Index("ix_license_keys_soonest_first", "renewal_date", "id"),
    Index("ix_license_keys_oldest_first", "issued_at", "id"),
    Index("ix_license_keys_oldest_of_organization", "organization_id", "issued_at", "id"),
    Index("ix_license_keys_oldest_of_id_number", "id_number", "issued_at", "id"),
    Index("ix_license_keys_oldest_of_status", "status", "issued_at", "id"),
)

key_components: Final = Table(
    "key_components",
    metadata,
    Column("key_id", String(36), ForeignKey(license_keys.c.id), primary_key=True),
    Column("component_code", String(64), ForeignKey(components.c.code), primary_key=True),
    Column("seats", Integer, nullable=False),
    # More than `seats` only as far as the key's over-count policy lets it; then since when.
    Column("seats_claimed", Integer, nullable=False),
    Column("over_count_since", Instant),
    CheckConstraint("seats_claimed >= 0", name="seats_claimed_not_negative"),
)

seats: Final = Table(
    "seats",
    metadata,
    # The primary key is what gives a device one seat at most, in whatever organization.
    Column("device_id", String(36), primary_key=True),
    Column("key_id", String(36), nullable=False),
    Column("organization_id", String(36), nullable=False, index=True),
    Column("component_code", String(64), nullable=False),
    Column("claimed_at", Instant, nullable=False),
    ForeignKeyConstraint(["key_id", "component_code"], [key_components.c.key_id, key_components.c.component_code]),
    Index("ix_seats_key_id", "key_id", "component_code"),
    Index("ix_seats_oldest_of_key", "key_id", "claimed_at", "device_id"),
)

sites: Final = Table(
    "sites",
    metadata,
    Column("organization_id", String(36), primary_key=True),
    Column("deployment_mode", String(16), nullable=False),
    # Goes up by one with each change of the organization's license keys.
    Column("revision", Integer, nullable=False),
    Column("activation_needed_since", Instant),
    Column("activated_at", Instant),
    # Goes up by one with each change of the mode.
    Column("version", Integer, nullable=False),
    CheckConstraint("deployment_mode IN ('cloud', 'on_premise')", name="deployment_mode_known"),
)

synchronizations: Final = Table(
    "synchronizations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organization_id", String(36), nullable=False),
    Column("device_id", String(36)),
    Column("started_by", String(120), nullable=False),
    Column("trigger", String(16), nullable=False),
    Column("started_at", Instant, nullable=False),
    # Whoever has not ended it by then is taken for dead.
    Column("leased_until", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("status", String(16), nullable=False),
    # Lists of [id of the key, ID #].
    Column("added", JSON, nullable=False),
    Column("changed", JSON, nullable=False),
    Column("removed", JSON, nullable=False),
    Column("receipt", Text),
    CheckConstraint("\"trigger\" IN ('automatic', 'manual')", name="trigger_known"),
    CheckConstraint("status IN ('running', 'succeeded', 'failed', 'interrupted')", name="status_known"),
    # What lets one run at a time be under way in an organization.
    Index(
        "uq_synchronizations_running",
        "organization_id",
        unique=True,
        sqlite_where=text("status = 'running'"),
        postgresql_where=text("status = 'running'"),
    ),
    Index("ix_synchronizations_newest_first", "started_at", "id"),
    Index("ix_synchronizations_newest_of_trigger", "trigger", "started_at", "id"),
    Index("ix_synchronizations_newest_of_organization", "organization_id", "started_at", "id"),
    Index("ix_synchronizations_newest_of_organization_and_trigger", "organization_id", "trigger", "started_at", "id"),
)

access_groups: Final = Table(
    "access_groups",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("key_id", String(36), ForeignKey(license_keys.c.id), nullable=False),
    Column("organization_id", String(36), nullable=False),
    Column("name", String(64), nullable=False),
    Column("component_codes", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("key_id", "name"),
    Index("ix_access_groups_oldest_first", "created_at", "id"),
    Index("ix_access_groups_oldest_of_organization", "organization_id", "created_at", "id"),
    Index("ix_access_groups_oldest_of_key", "key_id", "created_at", "id"),
)

access_group_members: Final = Table(
    "access_group_members",
    metadata,
    # The primary key is what keeps a member in one group of a key at most.
    Column("key_id", String(36), ForeignKey(license_keys.c.id), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("member_id", String(64), primary_key=True),
    Column("group_id", String(36), ForeignKey(access_groups.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    CheckConstraint("kind IN ('register', 'user')", name="kind_known"),
)

access_places: Final = Table(
    "access_places",
    metadata,
    # How many members have access to a component: kept also where a switch has taken the component off the key.
    Column("key_id", String(36), ForeignKey(license_keys.c.id), primary_key=True),
    Column("component_code", String(64), ForeignKey(components.c.code), primary_key=True),
    Column("taken", Integer, nullable=False),
    CheckConstraint("taken >= 0", name="taken_not_negative"),
)

idempotency_keys: Final = Table(
    "idempotency_keys",
    metadata,
    # A digest of whose key it is and of the key.
    Column("id", String(64), primary_key=True),
    Column("request_digest", String(64), nullable=False),
    # Who does the request, and until when they may take.
    Column("claim_id", String(32), nullable=False),
    Column("claimed_until", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False, index=True),
    # Sealed under the key; absent while the request is being done.
    Column("answer", LargeBinary),
)

used_proofs: Final = Table(
    "used_proofs",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("ends_at", Instant, nullable=False, index=True),
)

webhook_endpoints: Final = Table(
    "webhook_endpoints",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("url", String(2048), nullable=False),
    Column("description", String(200), nullable=False),
    Column("event_kinds", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    # Why and when it was disabled.
    Column("disabled_reason", String(32)),
    Column("disabled_at", Instant),
    # Both sealed. The secret before this one signs too, until then.
    Column("secret", Text, nullable=False),
    Column("former_secret", Text),
    Column("former_secret_until", Instant),
    # Attempts that failed since the last one that did not, and since when; until then it is left alone.
    Column("failures", Integer, nullable=False),
    Column("failing_since", Instant),
    Column("paused_until", Instant),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("status IN ('enabled', 'disabled')", name="status_known"),
    Index("ix_webhook_endpoints_oldest_first", "created_at", "id"),
)

webhook_events: Final = Table(
    "webhook_events",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(40), nullable=False),
    # The document as it is sent and signed.
    Column("body", Text, nullable=False),
    Column("created_at", Instant, nullable=False, index=True),
)

webhook_deliveries: Final = Table(
    "webhook_deliveries",
    metadata,
    Column("event_id", String(36), ForeignKey(webhook_events.c.id), primary_key=True),
    Column("endpoint_id", String(36), ForeignKey(webhook_endpoints.c.id, ondelete="CASCADE"), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    # While an attempt is under way, when it counts as lost; null once nothing more is to be tried.
    Column("next_attempt_at", Instant, index=True),
    Column("last_attempt_at", Instant),
    # What came of the last attempt, in a word: never what the other side said.
    Column("last_outcome", String(32)),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("status IN ('pending', 'delivered', 'failed')", name="status_known"),
    Index("ix_webhook_deliveries_of_endpoint", "endpoint_id", "created_at", "event_id"),
)

raised_dates: Final = Table(
    "raised_dates",
    metadata,
    # A day that came for a license key or a device is told of once.
    Column("subject_id", String(36), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("day", Date, primary_key=True),
)
