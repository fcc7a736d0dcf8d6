"""The one place that chooses concrete things, for the status API and the worker alike."""

from __future__ import annotations

import hmac
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import redis

from database.engine import Database
from notify_service.actions.calendar_parts import CalendarParts
from notify_service.actions.post_office import PostOffice
from notify_service.outbound.calendar_reads import LicenseReads, OrganizationReads
from notify_service.outbound.client_authentication import ClientKey, ClientSecret, load_client_key
from notify_service.outbound.kept_sessions import Keeping
from notify_service.outbound.mail_transport import SmtpTransport
from notify_service.outbound.service_token import ServiceToken
from wire.dpop import DpopVerifier
from wire.dpop_nonces import DpopNonces
from wire.http_client import HttpClient
from wire.jwks import FetchedKeys
from wire.scopes import LICENSES_READ, NOTIFY_AUDIENCE, ORGANIZATIONS_READ
from wire.serving.bearer import BearerGuard
from wire.serving.redis_fitness import check_redis
from wire.serving.replay_memory import ProcessReplayMemory, RedisReplayMemory
from wire.token_verification import TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from notify_service.calendar_settings import CalendarSettings
    from notify_service.settings import Settings

REDIS_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Wired:
    """The parts, put together."""

    public_url: str
    issuer: str
    database: Database
    guard: BearerGuard
    office: PostOffice
    calendar: CalendarParts | None
    readiness_checks: Mapping[str, Callable[[], object]]


def utc_now() -> datetime:
    return datetime.now(UTC)


def wire_up(settings: Settings) -> Wired:
    """Put the parts together; opens no connection yet. Raises SettingsError for a key that cannot be read."""
    database = Database(settings.database_url)
    queue = redis.Redis.from_url(
        settings.redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS, retry=None
    )
    keys = FetchedKeys(HttpClient(), settings.jwks_uri)
    return Wired(
        public_url=settings.public_url,
        issuer=settings.issuer,
        database=database,
        guard=BearerGuard(
            TokenVerifier(keys=keys, issuer=settings.issuer, audience=NOTIFY_AUDIENCE),
            DpopVerifier(
                memory=RedisReplayMemory(queue, ProcessReplayMemory()),
                now=utc_now,
                nonces=DpopNonces(hmac.digest(settings.notification_key.encode(), b"dpop_nonce", "sha256")),
            ),
            settings.public_url,
        ),
        office=PostOffice(
            database=database,
            transport=SmtpTransport(
                host=settings.smtp_host,
                port=settings.smtp_port,
                security=settings.smtp_security,
                username=settings.smtp_username,
                password=settings.smtp_password,
                keeping=Keeping(emails=settings.smtp_emails_per_connection),
            ),
            notification_key=settings.notification_key,
            sender=settings.from_address,
            portal_url=settings.portal_url,
            now=utc_now,
            jitter=random.random,
            limits=settings.limits,
            refused_addresses_kept=timedelta(days=settings.refused_address_days),
        ),
        calendar=None if settings.calendar is None else _calendar(settings, settings.calendar, database),
        # The mail server is not among them: while it is away, emails wait and nothing is lost.
        readiness_checks={"database": database.check, "redis": partial(check_redis, queue)},
    )


def _calendar(settings: Settings, chosen: CalendarSettings, database: Database) -> CalendarParts:
    http = HttpClient()
    client: ClientKey | ClientSecret
    if chosen.client_key_file is None:
        client = ClientSecret(chosen.client_id, chosen.client_secret or "")
    else:
        client = ClientKey(chosen.client_id, settings.issuer, load_client_key(chosen.client_key_file))

    def token(scope: str) -> ServiceToken:
        return ServiceToken(http, chosen.auth_service_url, client, scope=scope, now=utc_now)

    return CalendarParts(
        database=database,
        licenses=LicenseReads(http, chosen.license_service_url, token(LICENSES_READ)),
        organizations=OrganizationReads(http, chosen.auth_service_url, token(ORGANIZATIONS_READ)),
        notification_key=settings.notification_key,
        sender=settings.from_address,
        portal_url=settings.portal_url,
        now=utc_now,
        limits=settings.limits,
    )
