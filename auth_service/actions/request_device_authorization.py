"""Issue a device code and a user code (RFC 8628 §3.1, §3.2)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import IntegrityError

from auth_service.domain.device_authorization import LIFETIME_SECONDS, DeviceAuthorization, Status
from auth_service.domain.secret_digest import digest, keyed_digest, new_secret
from auth_service.domain.user_code import new_user_code
from auth_service.storage.device_authorizations import add_device_authorization

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from auth_service.domain.limit import Limit
    from auth_service.storage.limiter import Limiter
    from auth_service.storage.poll_pace import PollPace
    from database.engine import Database

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class IssuedCodes:
    """The two codes, in the clear for this one answer; the user code in its normal form."""

    device_code: str
    user_code: str


@dataclass(frozen=True, slots=True)
class DeviceBinding:
    """What a redeem must show again; None where the device fixed nothing."""

    dpop_jkt: str | None = None
    code_challenge: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceAuthorizationRequest:
    """What the device authorization endpoint was asked, checked, except for the binding.

    That is read once the request is counted: verifying a proof costs more than all else, and leaves a memory (T17).
    """

    client_id: str
    scope: str
    requested_from: str
    is_public_client: bool
    read_binding: Callable[[], DeviceBinding] = DeviceBinding


@dataclass(frozen=True, slots=True)
class CodeQuota:
    """How many codes may be asked for, and where that is counted (T17)."""

    limiter: Limiter
    limit: Limit


def request_device_authorization(
    database: Database,
    pace: PollPace,
    request: DeviceAuthorizationRequest,
    *,
    quota: CodeQuota,
    user_code_key: bytes,
    now: datetime,
) -> IssuedCodes:
    """Make a pending device authorization.

    Raises TooManyRequestsError, DatabaseUnavailableError, or what reading the binding comes to.
    """
    device_code = new_secret()
    expires_at = now + timedelta(seconds=LIFETIME_SECONDS)
    pending = pace.new_step(
        digest(device_code),
        client_id=request.client_id,
        public=request.is_public_client,
        expires_at=expires_at,
        now=now,
    )
    # Noted in the one call that counts, before the code is in SQL. Should it never be, by a proof that fails or a
    # database that is away, then the note is of a code that nobody was given, and is gone when that would have expired.
    quota.limiter.count(quota.limit, (request.requested_from, request.client_id), now=now, then=pending)
    binding = request.read_binding()
    authorization = DeviceAuthorization(
        id=str(uuid.uuid4()),
        client_id=request.client_id,
        scope=request.scope,
        status=Status.PENDING,
        device_code_digest=digest(device_code),
        requested_from=request.requested_from,
        created_at=now,
        expires_at=expires_at,
        dpop_jkt=binding.dpop_jkt,
        code_challenge=binding.code_challenge,
    )
    user_code = _add_with_new_user_code(database, authorization, user_code_key)
    return IssuedCodes(device_code=device_code, user_code=user_code)


def _add_with_new_user_code(database: Database, authorization: DeviceAuthorization, user_code_key: bytes) -> str:
    for _ in range(_TRIES):
        user_code = new_user_code()
        try:
            with database.transaction() as connection:
                add_device_authorization(
                    connection, authorization, user_code_digest=keyed_digest(user_code, user_code_key)
                )
        except IntegrityError:
            # One of 25.6 billion was drawn twice; draw again.
            continue
        return user_code
    raise RuntimeError("No free user code was found: the random source or the table is broken.")
