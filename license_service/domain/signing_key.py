"""The life of the keys that license_service signs with: next, current, retired (T29, T30). No key material is here.

Rules: one key signs (`current`); the one after it is published (`next`) for as long as a site may be out of contact
before it signs, so that no site meets a signature that it cannot verify; a `retired` one never signs again, and stays
published, since what it signed is pasted years later. A revoked one is gone at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from license_service.domain.errors import SigningKeyRefusedError
from wire.jwks import MOST_KEYS

if TYPE_CHECKING:
    from datetime import datetime

PUBLISHED_AHEAD: Final = timedelta(days=8)
"""How long a site may go without a contact (S1-2), and so without the newest public keys."""


class SigningKeyState(StrEnum):
    """What a published key is there for."""

    NEXT = "next"
    CURRENT = "current"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What is known of one key, all of it public: `x` and `y` are the members of its JWK (RFC 7518 §6.2.1)."""

    kid: str
    x: str
    y: str
    state: SigningKeyState
    published_at: datetime


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Every published key, the oldest first."""

    keys: tuple[SigningKey, ...] = ()

    @property
    def current(self) -> SigningKey | None:
        return self._in_state(SigningKeyState.CURRENT)

    @property
    def next(self) -> SigningKey | None:
        return self._in_state(SigningKeyState.NEXT)

    @property
    def signing(self) -> frozenset[str]:
        """The kids whose private halves are still needed."""
        return frozenset(key.kid for key in self.keys if key.state is not SigningKeyState.RETIRED)

    def check_room(self) -> None:
        """Raise SigningKeyRefusedError when no further key may be published."""
        if self.next:
            raise SigningKeyRefusedError(f"There is a next signing key already: {self.next.kid}.")
        if len(self.keys) >= MOST_KEYS:
            raise SigningKeyRefusedError(f"More than {MOST_KEYS} published keys are refused by those who verify.")

    def with_new(self, key: SigningKey) -> KeyRing:
        """Publish a key that was just made: as the current one when none signs, else as the next one."""
        state = SigningKeyState.NEXT if self.current else SigningKeyState.CURRENT
        return KeyRing((*self.keys, replace(key, state=state)))

    def promoted(self, now: datetime, *, is_urgent: bool = False) -> KeyRing:
        """Let the next key sign, and retire the one that did.

        Raises SigningKeyRefusedError when there is none, and, unless that is taken, while sites may not know it.
        """
        if self.next is None:
            raise SigningKeyRefusedError(
                "There is no next signing key. Make one with: license-service signing create-key"
            )
        if not is_urgent and now < self.next.published_at + PUBLISHED_AHEAD:
            raise SigningKeyRefusedError(
                f"The next signing key is published only since {self.next.published_at:%Y-%m-%d %H:%M} UTC; for "
                f"{PUBLISHED_AHEAD.days} days sites may not know it. Wait, or say --now."
            )
        return KeyRing(tuple(replace(key, state=_AFTER[key.state]) for key in self.keys))

    def without(self, kid: str) -> KeyRing:
        """Take a key out at once; the next one, if there is one, takes the place of the current one.

        Raises SigningKeyRefusedError when there is no such key.
        """
        left = KeyRing(tuple(key for key in self.keys if key.kid != kid))
        if left == self:
            raise SigningKeyRefusedError("There is no signing key with this kid.")
        if left.current or left.next is None:
            return left
        return KeyRing(tuple(replace(key, state=_AFTER[key.state]) for key in left.keys))

    def _in_state(self, state: SigningKeyState) -> SigningKey | None:
        return next((key for key in self.keys if key.state is state), None)


_AFTER: Final = {
    SigningKeyState.NEXT: SigningKeyState.CURRENT,
    SigningKeyState.CURRENT: SigningKeyState.RETIRED,
    SigningKeyState.RETIRED: SigningKeyState.RETIRED,
}
