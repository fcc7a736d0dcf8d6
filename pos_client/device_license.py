"""The license of this device: the one object that the page, the CLI and the daily refresh hold.

Every change happens under the lock of the state file, so that they never refresh or poll at once; reading waits for
nobody. What an answer brings is on disk before it is used.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pos_client.clock_guard import read_clock
from pos_client.device_flow import DeviceFlow
from pos_client.device_state import device_state, held_claims
from pos_client.errors import AuthorizationEndedError, LicenseRefusedError, NotLicensedError
from pos_client.license_acquisition import LicenseAcquisition
from pos_client.license_verifier import check_successor, read_license_token
from pos_client.stored_state import HeldLicense, StoredState, after_contact
from pos_client.token_refresh import TokenRefresh
from pos_client.trusted_keys import fetch_key_set
from wire.oauth_errors import INVALID_GRANT

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from pos_client.device_key import DeviceKey
    from pos_client.device_state import DeviceState
    from pos_client.issuer import Issuer
    from pos_client.license_acquisition import Completion
    from pos_client.stored_state import PendingAuthorization
    from pos_client.token_store import LockedState, TokenStore

_log = logging.getLogger(__name__)


class DeviceLicense:
    """Acquires, refreshes, shows and removes the license."""

    def __init__(
        self,
        store: TokenStore,
        issuer: Issuer,
        key: DeviceKey,
        client_id: str,
        *,
        now: Callable[[], datetime],
        wait: Callable[[float], object],
    ) -> None:
        self._store = store
        self._key = key
        self._issuer = issuer
        self._acquisition = LicenseAcquisition(store, DeviceFlow(issuer, client_id), key, now, wait)
        self._token_refresh = TokenRefresh(issuer, client_id, wait)
        self._now = now

    @property
    def issuer(self) -> str:
        return self._issuer.issuer

    def state(self) -> DeviceState:
        """Judge what is held, offline. Raises StateError."""
        return device_state(self._store.read(), issuer=self.issuer, system_now=self._now())

    def start(self) -> PendingAuthorization:
        """Ask for a User Code. See LicenseAcquisition.start."""
        return self._acquisition.start()

    def complete(self) -> Completion:
        """Ask whether the operator has decided. See LicenseAcquisition.complete."""
        return self._acquisition.complete()

    def refresh(self, *, unless_younger_than: timedelta | None = None) -> None:
        """Get a fresh license token; with `unless_younger_than` only if the last contact is longer ago (S3-31).

        Raises NotLicensedError; AuthorizationEndedError, after which the license token is good until its expiry;
        NoContactError, RefusedError, LicenseRefusedError, StateError.
        """
        with self._store.locked() as file:
            held = file.state.held
            if held is None:
                raise NotLicensedError("This server holds no license.")
            age = read_clock(file.state.clock, self._now()).now - held.last_contact_at
            if unless_younger_than is not None and age < unless_younger_than:
                return
            self._refresh(file, held)
        _log.info("the license token was refreshed")

    def remove(self) -> None:
        """Forget license, tokens and key on this device; the clock mark stays (S3-18). Raises StateError."""
        with self._store.locked() as file:
            file.save(StoredState(issuer=self.issuer, clock=file.state.clock))
            self._store.forget_set_aside()
            # Last: a license without its key could not be refreshed, a key without a license harms nobody.
            self._key.forget()
        _log.info("the license was removed")

    def record_time(self) -> None:
        """Note on disk how far time has come (T60); nothing before the first contact. Raises StateError."""
        if self._recorded(self._store.read()) is None:
            return
        with self._store.locked() as file:
            recorded = self._recorded(file.state)
            if recorded is not None:
                file.save(recorded)

    def _recorded(self, stored: StoredState) -> StoredState | None:
        if stored.clock is None:
            return None
        mark = stored.clock.recorded(self._now())
        return replace(stored, clock=mark) if mark != stored.clock else None

    def _refresh(self, file: LockedState, held: HeldLicense) -> None:
        # Whatever is wrong on our side is found before the refresh token is spent.
        held_now = held_claims(file.state, self.issuer)
        if held.refresh_token is None:
            raise AuthorizationEndedError(INVALID_GRANT, held.ended_reason)
        keys = fetch_key_set(self._issuer)
        try:
            answer = self._token_refresh.refresh(held.refresh_token)
        except AuthorizationEndedError as ended:
            file.save(replace(file.state, held=replace(held, refresh_token=None, ended_reason=ended.reason)))
            _log.warning("the authorization has ended (reason: %s)", ended.reason)
            raise
        # The old refresh token is spent: its successor goes to disk before anything else can fail.
        refresh_token = answer.refresh_token or held.refresh_token
        file.save(replace(file.state, held=replace(held, refresh_token=refresh_token)))
        if answer.license_token is None:
            raise LicenseRefusedError("The answer has no license token.")
        claims = read_license_token(answer.license_token, issuer=self.issuer, keys=keys)
        check_successor(claims, held_now)
        contact = HeldLicense(answer.license_token, refresh_token, datetime.fromtimestamp(claims.iat, UTC))
        file.save(after_contact(file.state, contact, keys, self._now()))
