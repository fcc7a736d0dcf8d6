"""The one place that chooses concrete things: the database, the keys, the clock."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from database.engine import Database
from license_service.actions.deliver_webhooks import DeliveryParts
from license_service.actions.webhook_parts import WebhookParts
from license_service.outbound.webhook_post import WebhookPost
from license_service.signing.key_folder import KeyFolder
from license_service.storage.seal import Seal
from license_service.storage.used_proofs import UsedProofs
from wire.dpop import DpopVerifier
from wire.http_client import HttpClient
from wire.jwks import FetchedKeys
from wire.scopes import LICENSE_AUDIENCE
from wire.serving.bearer import BearerGuard
from wire.token_verification import TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from license_service.settings import Settings
    from wire.jwks import KeySource


@dataclass(frozen=True, slots=True)
class Wired:
    """The parts that the app is built from. `now` gives an aware instant, UTC."""

    database: Database
    keys: KeySource
    guard: BearerGuard
    signing_keys: KeyFolder
    now: Callable[[], datetime]
    webhooks: WebhookParts


def utc_now() -> datetime:
    return datetime.now(UTC)


def wire_up(settings: Settings, *, keys: KeySource | None = None) -> Wired:
    """Make the parts; `keys` takes the place of the keys that are fetched from the issuer."""
    trusted = keys or FetchedKeys(HttpClient(), settings.jwks_uri)
    database = Database(settings.database_url)
    return Wired(
        database=database,
        keys=trusted,
        guard=BearerGuard(
            TokenVerifier(keys=trusted, issuer=settings.issuer, audience=LICENSE_AUDIENCE),
            DpopVerifier(memory=UsedProofs(database), now=utc_now),
            settings.public_url,
        ),
        signing_keys=KeyFolder(settings.key_folder),
        now=utc_now,
        webhooks=WebhookParts(
            database,
            seal=Seal(settings.secret_keys) if settings.secret_keys else None,
            allow_loopback=settings.webhooks_to_loopback,
        ),
    )


def delivery_parts(wired: Wired) -> DeliveryParts:
    """Make what sends webhooks. Raises WebhooksNotSetUpError."""
    return DeliveryParts(
        database=wired.database,
        post=WebhookPost(allow_loopback=wired.webhooks.allow_loopback),
        seal=wired.webhooks.needed_seal(),
        now=wired.now,
        jitter=random.random,
    )
