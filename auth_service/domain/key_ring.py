"""The life of a signing key: next, current, retired, gone (RFC 7517 §5, T29, T30, F40). No key material is here.

Rules: a key is published (`next`) before it signs, so that no verifier meets a `kid` that it cannot know; one key
signs (`current`); a `retired` key never signs again and stays published until the last token signed with it is dead; a
revoked key is gone at once. The private half of a retired key is erased as soon as every worker has seen it retire.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from auth_service.domain.errors import KeyChangeRefusedError
from auth_service.domain.grant import LICENSE_TOKEN_SECONDS
from wire.jwks import MOST_KEYS
from wire.token_verification import LEEWAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

SETTLING: Final = timedelta(minutes=10)
"""Until then every verifier has fetched a change: five minutes in its cache, after five in one between."""

PUBLISHED_AHEAD: Final = timedelta(days=1)
"""How long the schedule publishes a key before it signs, for verifiers that fetch once a day."""

KEPT_AFTER_RETIRING: Final = timedelta(seconds=LICENSE_TOKEN_SECONDS + LEEWAY_SECONDS, hours=1)
"""The longest token, the leeway of verifiers, and an hour for a worker that noticed the change late."""


class KeyState(StrEnum):
    """What a published key is there for."""

    NEXT = "next"
    CURRENT = "current"
    RETIRED = "retired"


class KeyEventKind(StrEnum):
    """What can happen to a key."""

    CREATED = "key_created"
    PROMOTED = "key_promoted"
    RETIRED = "key_retired"
    DROPPED = "key_dropped"
    REVOKED = "key_revoked"


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One thing that happened to one key, for the log and the audit trail."""

    kind: KeyEventKind
    kid: str


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known of one key, all of it public: `x` and `y` are the members of its JWK (RFC 7518 §6.2.1)."""

    kid: str
    x: str
    y: str
    handle: str | None
    """Where the private half is kept; None once it is erased."""
    state: KeyState
    published_at: datetime
    signs_from: datetime | None = None
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Every published key, and the handles of private halves that are to be erased."""

    keys: tuple[KeyRecord, ...] = ()
    to_erase: tuple[str, ...] = ()

    @property
    def current(self) -> KeyRecord | None:
        return self._in_state(KeyState.CURRENT)

    @property
    def next(self) -> KeyRecord | None:
        return self._in_state(KeyState.NEXT)

    def erasing(self, *handles: str | None) -> KeyRing:
        """Note handles whose private half must go, before it goes or before it is made."""
        return replace(self, to_erase=(*self.to_erase, *(handle for handle in handles if handle is not None)))

    def with_new(self, key: KeyRecord) -> KeyRing:
        """Publish a key that was just made: as the current one when none signs, else as the next one."""
        state = KeyState.NEXT if self.current else KeyState.CURRENT
        new = replace(key, state=state, signs_from=None if self.current else key.published_at)
        return KeyRing((*self.keys, new), tuple(handle for handle in self.to_erase if handle != key.handle))

    def check_room(self) -> None:
        """Raise KeyChangeRefusedError when no further key may be published."""
        if self.next:
            raise KeyChangeRefusedError(f"There is a next key already: {self.next.kid}.")
        if len(self.keys) >= MOST_KEYS:
            raise KeyChangeRefusedError(f"More than {MOST_KEYS} published keys are refused by verifiers.")

    def promoted(self, now: datetime) -> KeyRing:
        """Let the next key sign, and retire the one that did."""
        return replace(self, keys=tuple(_promoted(key, now) for key in self.keys))

    def check_promotion(self, now: datetime, *, is_urgent: bool = False) -> KeyRecord:
        """Give the next key. Raises KeyChangeRefusedError while verifiers may not know it, unless that is taken."""
        if self.next is None:
            raise KeyChangeRefusedError("There is no next key. Make one with: auth-service create-key")
        if not is_urgent and now < self.next.published_at + SETTLING:
            raise KeyChangeRefusedError(
                f"The next key is published only since {self.next.published_at:%Y-%m-%d %H:%M:%S} UTC; for "
                f"{SETTLING.seconds // 60} minutes verifiers may not know it. Wait, or say --now."
            )
        return self.next

    def without(self, kids: Collection[str]) -> KeyRing:
        """Take keys out at once; nothing that they signed is accepted any more."""
        gone = [key.handle for key in self.keys if key.kid in kids]
        return replace(self, keys=tuple(key for key in self.keys if key.kid not in kids)).erasing(*gone)

    def tidied(self, now: datetime) -> KeyRing:
        """Erase the private half of what no longer signs, and drop what nobody needs to verify any more."""
        erased = [key for key in self._retired_for(SETTLING, now) if key.handle is not None]
        dropped = set(self._retired_for(KEPT_AFTER_RETIRING, now))
        kept = [replace(key, handle=None) if key in erased else key for key in self.keys if key not in dropped]
        return replace(self, keys=tuple(kept)).erasing(*(key.handle for key in erased))

    def is_promotion_due(self, rotation: timedelta, now: datetime) -> bool:
        """Tell whether the schedule lets the next key sign now."""
        if self.next is None or now < self.next.published_at + PUBLISHED_AHEAD:
            return False
        return self._signs_since(rotation, now)

    def is_next_due(self, rotation: timedelta, now: datetime) -> bool:
        """Tell whether the schedule publishes a next key now."""
        has_room = self.next is None and len(self.keys) < MOST_KEYS
        return has_room and self._signs_since(rotation - PUBLISHED_AHEAD, now)

    def events_since(self, before: KeyRing, *, revoked: Collection[str] = ()) -> tuple[KeyEvent, ...]:
        """Say what happened between two rings."""
        known = {key.kid: key.state for key in before.keys}
        made = [KeyEvent(KeyEventKind.CREATED, key.kid) for key in self.keys if key.kid not in known]
        moved = [
            KeyEvent(_EVENT_OF_STATE[key.state], key.kid)
            for key in self.keys
            if key.state in _EVENT_OF_STATE and key.state is not known.get(key.kid)
        ]
        here = {key.kid for key in self.keys}
        left = [
            KeyEvent(KeyEventKind.REVOKED if kid in revoked else KeyEventKind.DROPPED, kid)
            for kid in known
            if kid not in here
        ]
        return (*made, *moved, *left)

    def _in_state(self, state: KeyState) -> KeyRecord | None:
        return next((key for key in self.keys if key.state is state), None)

    def _signs_since(self, duration: timedelta, now: datetime) -> bool:
        return self.current is not None and now >= (self.current.signs_from or self.current.published_at) + duration

    def _retired_for(self, duration: timedelta, now: datetime) -> list[KeyRecord]:
        return [key for key in self.keys if key.retired_at is not None and now >= key.retired_at + duration]


def _promoted(key: KeyRecord, now: datetime) -> KeyRecord:
    if key.state is KeyState.NEXT:
        return replace(key, state=KeyState.CURRENT, signs_from=now)
    if key.state is KeyState.CURRENT:
        return replace(key, state=KeyState.RETIRED, retired_at=now)
    return key


_EVENT_OF_STATE: Final = {KeyState.CURRENT: KeyEventKind.PROMOTED, KeyState.RETIRED: KeyEventKind.RETIRED}
