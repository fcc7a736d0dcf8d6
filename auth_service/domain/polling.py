"""When a poll is too early, and what it is answered with (RFC 8628 §3.5)."""

from __future__ import annotations

from typing import Final

from auth_service.domain.errors import AuthorizationPendingError, SlowDownError
from wire.polling_interval import DEFAULT_INTERVAL_SECONDS, SLOW_DOWN_SECONDS

INTERVAL_SECONDS: Final = DEFAULT_INTERVAL_SECONDS
INTERVAL_STEP_SECONDS: Final = SLOW_DOWN_SECONDS

_TOLERANCE_MILLISECONDS: Final = 500
"""A client that keeps the interval by its own clock arrives a little early now and then; that is not too fast."""

PENDING_SECONDS: Final = 6 * INTERVAL_SECONDS
"""How long "pending" is believed without asking SQL again: the wait for an approval whose word to Redis was lost."""


def is_early(last: int, now: int, *, interval: int) -> bool:
    """Tell whether a poll comes too soon after the last one; all in milliseconds, `last` 0 before the first."""
    return now < last + interval - _TOLERANCE_MILLISECONDS


def still_pending(*, early: bool) -> AuthorizationPendingError | SlowDownError:
    """Give the error that a poll of an undecided code is answered with."""
    if early:
        return SlowDownError("Nobody has decided yet. Wait five seconds longer between polls.")
    return AuthorizationPendingError("Nobody has decided yet.")
