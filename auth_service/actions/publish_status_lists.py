"""Publish the status lists: which license tokens are good no more (draft-ietf-oauth-status-list §5.1, §8; T28).

A process reads the ended grants of a list at most every REBUILD_SECONDS, however often it is asked, and signs anew only
when something changed or the signed list is old. While the database is away the last one goes on being served; it says
itself how old it is.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auth_service.domain.grant import LICENSE_TOKEN_SECONDS
from auth_service.domain.status_place import status_list_uri
from auth_service.storage.status_indexes import ended_status_indexes, highest_status_index
from database.errors import DatabaseUnavailableError
from wire.status_list import PLACES_OF_A_LIST, pack_statuses
from wire.token_types import STATUS_LIST_TYPE
from wire.token_verification import LEEWAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from auth_service.tokens.token_issuer import TokenIssuer
    from database.engine import Database

REBUILD_SECONDS: Final = 5.0
SIGN_AGAIN_SECONDS: Final = 1800
TTL_SECONDS: Final = 300
LIST_LIFE_SECONDS: Final = 24 * 3600
"""How long a holder that cannot reach us may rely on what it fetched last."""

_LONGEST_LIFE: Final = timedelta(seconds=LICENSE_TOKEN_SECONDS + LEEWAY_SECONDS)


@dataclass(frozen=True, slots=True)
class PublishedList:
    """One signed list, what it says, and when and by which key it was signed."""

    token: str
    kid: str
    invalid: frozenset[int]
    signed_at: datetime


class StatusLists:
    """The lists of one process."""

    def __init__(
        self, database: Database, issuer: TokenIssuer, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._issuer = issuer
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._count = 0
        self._lists: dict[int, PublishedList] = {}
        self._read_at: dict[int, float] = {}
        self._counted_at = float("-inf")

    def count(self) -> int:
        """Give how many lists there are; there is always the first. Raises DatabaseUnavailableError."""
        with self._lock:
            if self._count == 0 or self._monotonic() - self._counted_at >= REBUILD_SECONDS:
                self._read_count()
            return self._count

    def get(self, number: int, now: datetime) -> PublishedList | None:
        """Give one list, or None when there is none of this number. Raises DatabaseUnavailableError."""
        if not 0 <= number < self.count():
            return None
        with self._lock:
            if self._monotonic() - self._read_at.get(number, float("-inf")) >= REBUILD_SECONDS:
                self._rebuild(number, now)
            return self._lists[number]

    def _read_count(self) -> None:
        self._counted_at = self._monotonic()
        try:
            with self._database.reading() as connection:
                highest = highest_status_index(connection)
        except DatabaseUnavailableError:
            if self._count == 0:
                raise
            return
        self._count = 1 + (highest or 0) // PLACES_OF_A_LIST

    def _rebuild(self, number: int, now: datetime) -> None:
        held = self._lists.get(number)
        first = number * PLACES_OF_A_LIST
        if held is not None:
            # Also where the database does not answer: it is not asked at every request then.
            self._read_at[number] = self._monotonic()
        try:
            with self._database.reading() as connection:
                ended = ended_status_indexes(connection, first, first + PLACES_OF_A_LIST - 1, since=now - _LONGEST_LIFE)
        except DatabaseUnavailableError:
            if held is None:
                raise
            return
        invalid = frozenset(index - first for index in ended)
        if held is None or held.invalid != invalid or self._is_to_be_signed_again(held, now):
            self._lists[number] = self._sign(number, invalid, now)
        self._read_at[number] = self._monotonic()

    def _is_to_be_signed_again(self, held: PublishedList, now: datetime) -> bool:
        # A list of a key that was withdrawn would be believed by nobody.
        is_old = now - held.signed_at >= timedelta(seconds=SIGN_AGAIN_SECONDS)
        return is_old or held.kid != self._issuer.keys.current.kid

    def _sign(self, number: int, invalid: frozenset[int], now: datetime) -> PublishedList:
        issued_at = int(now.timestamp())
        claims = {
            "sub": status_list_uri(self._issuer.issuer, number),
            "iat": issued_at,
            "exp": issued_at + LIST_LIFE_SECONDS,
            "ttl": TTL_SECONDS,
            "status_list": {"bits": 1, "lst": pack_statuses(invalid)},
        }
        kid = self._issuer.keys.current.kid
        return PublishedList(token=self._issuer.sign(claims, STATUS_LIST_TYPE), kid=kid, invalid=invalid, signed_at=now)
