"""Pending device codes in great numbers, written past the endpoint: rows, and what Redis knows of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from auth_service.domain.device_authorization import LIFETIME_SECONDS
from auth_service.domain.secret_digest import digest, keyed_digest, new_secret
from auth_service.domain.user_code import new_user_code
from auth_service.storage.tables import device_authorizations
from auth_service.wiring import utc_now
from tests.bench.filled_service import CLIENT_ID
from wire.scopes import LICENSE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auth_service.storage.poll_pace import PollPace
    from auth_service.wiring import Wired


@dataclass(frozen=True, slots=True)
class Codes:
    """One pending device authorization's two codes."""

    device_code: str
    user_code: str


def write_pending(wired: Wired, count: int) -> list[Codes]:
    """Write `count` pending device authorizations to SQL."""
    while True:
        codes = [Codes(new_secret(), new_user_code()) for _ in range(count)]
        try:
            with wired.database.transaction() as connection:
                connection.execute(insert(device_authorizations), _rows(codes, wired.protocol.user_code_key))
        except IntegrityError:
            # Among 100,000 codes, one in five times a user code is drawn twice.
            continue
        return codes


def _rows(codes: list[Codes], key: bytes) -> list[dict[str, Any]]:
    now = utc_now()
    shared = {
        "client_id": CLIENT_ID,
        "scope": LICENSE,
        "status": "pending",
        "requested_from": "127.0.0.1",
        "created_at": now,
        "expires_at": now + timedelta(seconds=LIFETIME_SECONDS),
    }
    return [
        {
            **shared,
            "id": str(uuid.uuid4()),
            "device_code_digest": digest(each.device_code),
            "user_code_digest": keyed_digest(each.user_code, key),
        }
        for each in codes
    ]


def note_pending(pace: PollPace, codes: Iterable[Codes]) -> None:
    """Let Redis know them as pending, as the endpoint does."""
    now = utc_now()
    expires_at = now + timedelta(seconds=LIFETIME_SECONDS)
    for each in codes:
        pace.note_pending(digest(each.device_code), client_id=CLIENT_ID, expires_at=expires_at, now=now, public=True)
