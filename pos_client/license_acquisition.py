"""Acquire a license: ask for a User Code, then complete the authorization (S3-7, S3-8, S3-11, S3-12; RFC 8628 §3)."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

from pos_client.clock_guard import read_clock
from pos_client.device_flow import PollAnswer
from pos_client.device_state import pending_with
from pos_client.errors import AlreadyLicensedError, LicenseRefusedError, NoContactError, NothingPendingError
from pos_client.license_verifier import read_license_token
from pos_client.stored_state import HeldLicense, after_contact
from pos_client.trusted_keys import fetch_key_set

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from pos_client.device_flow import DeviceFlow
    from pos_client.device_key import DeviceKey
    from pos_client.polling import PollingPace
    from pos_client.stored_state import PendingAuthorization, StoredState
    from pos_client.token_endpoint import TokenAnswer
    from pos_client.token_store import LockedState, TokenStore
    from wire.claims import LicenseTokenClaims

LONGEST_REPEAT_SECONDS: Final = 10
"""The server gives a lost answer again for half a minute; a repeat after a longer interval would come too late."""

PATIENCE_SECONDS: Final = 0.5
"""How long a press waits for another one; a double click sees the first one's success, a flood holds no threads."""

_log = logging.getLogger(__name__)


class Completion(Enum):
    """How Complete Authorization ended."""

    LICENSED = "licensed"
    NOT_AUTHORIZED_YET = "not_authorized_yet"
    DENIED = "denied"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class LicenseAcquisition:
    """The two steps; between them everything is on disk, so that a restart loses nothing."""

    store: TokenStore
    flow: DeviceFlow
    key: DeviceKey
    now: Callable[[], datetime]
    wait: Callable[[float], object]
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def start(self) -> PendingAuthorization:
        """Ask for a User Code; one that was pending is forgotten.

        Raises AlreadyLicensedError while a license is held that still refreshes, or one of another issuer;
        NoContactError, RefusedError, StateError.
        """
        issuer = self.flow.issuer
        with self.store.locked() as file:
            stored = file.state
            if stored.held is not None and (stored.held.refresh_token is not None or stored.issuer != issuer.issuer):
                raise AlreadyLicensedError("This server holds a license. Remove it before you acquire another one.")
            keys = fetch_key_set(issuer)
            self.key.make()
            pending = self.flow.authorize(self._trusted_now(stored))
            # A license that is still held stays with the keys that verify it.
            kept = keys if stored.held is None else stored.keys
            file.save(replace(stored, issuer=issuer.issuer, pending=pending, keys=kept))
        _log.info("a User Code was issued")
        return pending

    def complete(self) -> Completion:
        """Poll once, after what is left of the interval, and take the license if the operator has approved.

        One caller a process does so; the others hear "not yet" instead of waiting behind it, one thread each (T48).
        Raises NothingPendingError, NoContactError, RefusedError, LicenseRefusedError, StateError.
        """
        if not self._turn.acquire(timeout=PATIENCE_SECONDS):
            return Completion.NOT_AUTHORIZED_YET
        try:
            return self._complete()
        finally:
            self._turn.release()

    def _complete(self) -> Completion:
        try:
            return self._poll_in_time()
        except NoContactError as fault:
            pending = self._pending(self.store.read())
            if not fault.may_have_arrived or pending is None:
                raise
            if pending.pace.interval_seconds > LONGEST_REPEAT_SECONDS:
                raise
            return self._poll_in_time()

    def _poll_in_time(self) -> Completion:
        waited_for: PendingAuthorization | None = None
        while True:
            with self.store.locked() as file:
                pending = self._pending(file.state)
                if pending is None:
                    return _nothing_pending(file.state)
                now = self._trusted_now(file.state)
                if now >= pending.expires_at:
                    file.save(replace(file.state, pending=None))
                    return Completion.EXPIRED
                if waited_for is not None and pending != waited_for:
                    # Another process polled meanwhile, and its answer was as fresh as ours would be.
                    return Completion.NOT_AUTHORIZED_YET
                # Whoever has waited out this very interval polls, whatever the clock says.
                rest = pending.pace.seconds_to_wait(now) if waited_for is None else 0.0
                if rest == 0.0:
                    return self._poll(file, pending)
            self.wait(rest)
            waited_for = pending

    def _poll(self, file: LockedState, pending: PendingAuthorization) -> Completion:
        try:
            answer = self.flow.poll(pending.device_code)
        except NoContactError as fault:
            pace = pending.pace
            self._keep_pace(file, pending, pace.after_timeout if fault.may_have_arrived else pace.after_pending)
            raise
        if answer is PollAnswer.PENDING:
            return self._keep_pace(file, pending, pending.pace.after_pending)
        if answer is PollAnswer.SLOW_DOWN:
            return self._keep_pace(file, pending, pending.pace.after_slow_down)
        if isinstance(answer, PollAnswer):
            file.save(replace(file.state, pending=None))
            return Completion.DENIED if answer is PollAnswer.DENIED else Completion.EXPIRED
        return self._take(file, answer)

    def _keep_pace(
        self, file: LockedState, pending: PendingAuthorization, step: Callable[[datetime], PollingPace]
    ) -> Completion:
        pace = step(self._trusted_now(file.state))
        file.save(replace(file.state, pending=replace(pending, pace=pace)))
        return Completion.NOT_AUTHORIZED_YET

    def _take(self, file: LockedState, answer: TokenAnswer) -> Completion:
        try:
            claims, keys = self._verified(answer, file.state)
        except LicenseRefusedError:
            # The code is used up and what it brought is not to be believed: only a new code helps.
            file.save(replace(file.state, pending=None))
            raise
        held = HeldLicense(str(answer.license_token), answer.refresh_token, datetime.fromtimestamp(claims.iat, UTC))
        file.save(after_contact(file.state, held, keys, self.now()))
        _log.info("the license was acquired for Server ID %s", claims.sub)
        return Completion.LICENSED

    def _verified(self, answer: TokenAnswer, stored: StoredState) -> tuple[LicenseTokenClaims, Mapping[str, Any]]:
        issuer = self.flow.issuer
        if answer.license_token is None:
            raise LicenseRefusedError("The answer has no license token.")
        keys = stored.keys or fetch_key_set(issuer)
        try:
            return read_license_token(answer.license_token, issuer=issuer.issuer, keys=keys), keys
        except LicenseRefusedError:
            # The issuer may have begun to sign with another key since the User Code was issued.
            keys = fetch_key_set(issuer)
            return read_license_token(answer.license_token, issuer=issuer.issuer, keys=keys), keys

    def _pending(self, stored: StoredState) -> PendingAuthorization | None:
        return pending_with(stored, self.flow.issuer.issuer)

    def _trusted_now(self, stored: StoredState) -> datetime:
        return read_clock(stored.clock, self.now()).now


def _nothing_pending(stored: StoredState) -> Completion:
    # A second press after a first that succeeded is no failure.
    if stored.held is not None and stored.held.refresh_token is not None:
        return Completion.LICENSED
    raise NothingPendingError("There is no User Code to complete. Choose Next to get one.")
