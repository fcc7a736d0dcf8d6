"""The issuer's public keys: read a JWK Set, fetch and keep it, find the key that a `kid` names (RFC 7517 §5).

Rules: only P-256 signature keys with a `kid` count; an unknown `kid` asks again, but not more often than the floor
allows; a failed fetch never drops the last good set.
"""

from __future__ import annotations

import re
import threading
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol

import jwt

from wire.errors import AnswerRefusedError, KeysUnavailableError, UnreachableError
from wire.token_types import SIGNING_ALGORITHM

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wire.http_client import HttpClient

MOST_KEYS: Final = 32
MAX_AGE_SECONDS: Final = 300
ASK_AGAIN_SECONDS: Final = 10
FIRST_ASK_AGAIN_SECONDS: Final = 1
"""While no key was ever had, every request fails: ask sooner."""


_SECONDS: Final = re.compile(r"[0-9]{1,9}")


class KeySource(Protocol):
    """Where a verifier finds keys."""

    def key(self, kid: str) -> jwt.PyJWK | None:
        """Give the key that `kid` names, or None. May raise KeysUnavailableError."""


def read_jwks(document: object) -> dict[str, jwt.PyJWK]:
    """Read a JWK Set document into keys by `kid`; members of other kinds are passed over (RFC 7517 §5).

    Raises AnswerRefusedError when the document is not a JWK Set with at least one key of ours.
    """
    members = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(members, list) or len(members) > MOST_KEYS:
        raise AnswerRefusedError("The key set is not a JWK Set.")
    keys = {member["kid"]: _key(member) for member in members if _is_ours(member)}
    found = {kid: key for kid, key in keys.items() if key is not None}
    if not found:
        raise AnswerRefusedError("The key set holds no ES256 key.")
    return found


def _is_ours(member: object) -> bool:
    return (
        isinstance(member, dict)
        and member.get("kty") == "EC"
        and member.get("crv") == "P-256"
        and member.get("use", "sig") == "sig"
        and isinstance(member.get("kid"), str)
        and "d" not in member
    )


def _key(member: Mapping[str, Any]) -> jwt.PyJWK | None:
    x, y = member.get("x"), member.get("y")
    return _public_key(x, y) if isinstance(x, str) and isinstance(y, str) else None


@lru_cache(maxsize=256)
def _public_key(x: str, y: str) -> jwt.PyJWK | None:
    # A set that is held is read anew with each token. That a point lies on the curve is found out once.
    try:
        return jwt.PyJWK({"kty": "EC", "crv": "P-256", "x": x, "y": y}, algorithm=SIGNING_ALGORITHM)
    except jwt.PyJWTError:
        return None


def _age(headers: Mapping[str, str]) -> int:
    """Give for how many seconds a cache has held the answer (RFC 9111 §5.1); 0 when nobody says it legibly."""
    value = headers.get("age", "")
    return int(value) if _SECONDS.fullmatch(value) else 0


class FetchedKeys:
    """The JWK Set of one fixed address, fetched when needed and shared by the threads of a process (T31)."""

    def __init__(self, http: HttpClient, jwks_uri: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._http = http
        self._jwks_uri = jwks_uri
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")

    def key(self, kid: str) -> jwt.PyJWK | None:
        """Give the key that `kid` names, or None when the issuer does not publish it.

        Raises KeysUnavailableError when no key set was ever had.
        """
        now = self._monotonic()
        known = kid in self._keys
        stale = not known or now - self._fetched_at > MAX_AGE_SECONDS
        if stale and self._may_ask(now):
            self._refresh(now, wait=not known)
        if not self._keys:
            raise KeysUnavailableError("The issuer's keys cannot be had at the moment.")
        return self._keys.get(kid)

    def _may_ask(self, now: float) -> bool:
        return now - self._tried_at >= (ASK_AGAIN_SECONDS if self._keys else FIRST_ASK_AGAIN_SECONDS)

    def _refresh(self, now: float, *, wait: bool) -> None:
        # Who lacks the key waits for a fetch that is under way; who holds it goes on with it.
        if not self._lock.acquire(blocking=wait):
            return
        try:
            if self._may_ask(now):
                self._fetch(now)
        finally:
            self._lock.release()

    def _fetch(self, now: float) -> None:
        try:
            answer = self._http.get(self._jwks_uri)
            self._keys = read_jwks(answer.json() if answer.status == 200 else None)
            # What a cache in between kept it for counts as well: a withdrawn key is not to live twice as long.
            self._fetched_at = now - _age(answer.headers)
        except (UnreachableError, AnswerRefusedError):
            # The last good set goes on serving; with none, `key` says so.
            return
        finally:
            # Not before: until then, others find that a fetch is due, and wait for this one.
            self._tried_at = now
