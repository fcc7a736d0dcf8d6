"""The composition root: the only file that chooses concrete parts."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from auth_service.actions.publish_status_lists import StatusLists
from auth_service.actions.registering import RegisteringParts
from auth_service.actions.request_device_authorization import CodeQuota
from auth_service.actions.review_user_code import UserCodes
from auth_service.domain.errors import SettingsError
from auth_service.domain.limit import device_authorization_limit
from auth_service.grants.services import ProtocolServices
from auth_service.outbound.first_keys import FirstKeys
from auth_service.outbound.license_api import LicenseApi
from auth_service.outbound.notify_api import NotifyApi
from auth_service.outbound.owners_mail import OwnersMail
from auth_service.outbound.registration_mail import RegistrationMail
from auth_service.portal.desk import PortalDesk
from auth_service.settings import REQUIRED
from auth_service.storage.limiter import Limiter
from auth_service.storage.poll_pace import PollPace
from auth_service.storage.recent_clients import RecentClients
from auth_service.tokens.key_vault import KeyVault
from auth_service.tokens.signing_keys import SigningKeys
from auth_service.tokens.token_issuer import TokenIssuer
from database.engine import Database
from wire.dpop import DpopVerifier
from wire.dpop_nonces import DpopNonces
from wire.http_client import HttpClient
from wire.notification_queue import NotificationQueue
from wire.serving.replay_memory import ProcessReplayMemory, RedisReplayMemory

if TYPE_CHECKING:
    from auth_service.settings import Settings

REDIS_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Wired:
    """Everything that the app and the relay are made of."""

    settings: Settings
    database: Database
    redis: Redis
    key_vault: KeyVault
    keys: SigningKeys
    protocol: ProtocolServices
    status_lists: StatusLists
    registering: RegisteringParts
    first_keys: FirstKeys
    desk: PortalDesk
    notify: NotifyApi
    queue: NotificationQueue


def utc_now() -> datetime:
    return datetime.now(UTC)


def key_vault(settings: Settings) -> KeyVault:
    """Choose where signing keys are kept. Raises SettingsError when the extra that a PKCS#11 token needs is missing."""
    if settings.pkcs11 is None:
        return KeyVault(settings.key_folder)
    try:
        # Only who has a token installs the extra.
        from auth_service.tokens.pkcs11_token import Pkcs11Token  # noqa: PLC0415
    except ModuleNotFoundError as fault:
        raise SettingsError("AUTH_PKCS11_MODULE needs one more package. Install: tillpass[hsm]") from fault
    return KeyVault(settings.key_folder, Pkcs11Token(settings.pkcs11))


def wire_up(settings: Settings) -> Wired:
    """Choose the parts. Opens no connection yet, except that the signing keys are read.

    Raises SettingsError when there is no usable signing key.
    """
    database = Database(settings.database_url)
    redis = _redis(settings)
    vault = key_vault(settings)
    keys = SigningKeys(vault)
    issuer = TokenIssuer(keys, settings.issuer)
    http = HttpClient()
    licenses = LicenseApi(http, settings.license_service_url, issuer, now=utc_now)
    pace = PollPace(redis)
    limiter = Limiter(redis)
    mail = OwnersMail(notification_key=settings.notification_key, portal_url=settings.issuer)
    protocol = ProtocolServices(
        database=database,
        pace=pace,
        licenses=licenses,
        mail=mail,
        refresh_token_key=_derived_key(settings, "refresh_token"),
        clients=RecentClients(database),
        assertions=RedisReplayMemory(redis, ProcessReplayMemory(), prefix="assertion"),
        issuer=issuer,
        user_code_key=_derived_key(settings, "user_code"),
        proxies=settings.trusted_proxies,
        proofs=_proofs(settings, redis),
        dpop_required=settings.require_dpop,
        quota=_quota(settings, limiter),
        now=utc_now,
    )
    notify = NotifyApi(http, settings.notify_service_url, issuer, now=utc_now)
    registering = _registering(settings, database, limiter, notify)
    return Wired(
        settings=settings,
        database=database,
        redis=redis,
        key_vault=vault,
        keys=keys,
        protocol=protocol,
        status_lists=StatusLists(database, issuer),
        registering=registering,
        first_keys=FirstKeys(http, settings.license_service_url, issuer, trial=settings.trial, now=utc_now),
        desk=_desk(protocol, registering, mail),
        notify=notify,
        queue=NotificationQueue(settings.redis_url),
    )


def _registering(settings: Settings, database: Database, limiter: Limiter, notify: NotifyApi) -> RegisteringParts:
    return RegisteringParts(
        database=database,
        limiter=limiter,
        mail=RegistrationMail(settings.notification_key, settings.issuer),
        notify=notify,
        code_key=_derived_key(settings, "registration_code"),
    )


def _derived_key(settings: Settings, use: str) -> bytes:
    """Give the key of one use: none of them tells anything of another."""
    return hmac.digest(settings.secret_key.encode(), use.encode(), "sha256")


def _desk(protocol: ProtocolServices, registering: RegisteringParts, mail: OwnersMail) -> PortalDesk:
    limiter = registering.limiter
    return PortalDesk(
        database=protocol.database,
        pace=protocol.pace,
        licenses=protocol.licenses,
        mail=mail,
        codes=UserCodes(protocol.database, protocol.user_code_key, limiter),
        registering=registering,
        limiter=limiter,
        proxies=protocol.proxies,
        now=protocol.now,
    )


def _quota(settings: Settings, limiter: Limiter) -> CodeQuota:
    limit = device_authorization_limit(per_address=settings.codes_per_address, per_client=settings.codes_per_client)
    return CodeQuota(limiter, limit)


def _redis(settings: Settings) -> Redis:
    # A failed call on the request path is answered without Redis, not tried again (redis-py's default takes seconds).
    return Redis.from_url(
        settings.redis_url,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
    )


def _proofs(settings: Settings, redis: Redis) -> DpopVerifier:
    return DpopVerifier(
        memory=RedisReplayMemory(redis, ProcessReplayMemory()),
        now=utc_now,
        nonces=DpopNonces(_derived_key(settings, "dpop_nonce")),
        nonce_required=settings.dpop_nonce == REQUIRED,
    )
