"""The commands for signing keys, and their rotation by schedule (T29, T30, F40)."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import SQLAlchemyError

from auth_service.actions.create_signing_key import create_signing_key
from auth_service.actions.promote_signing_key import promote_signing_key
from auth_service.actions.record_key_events import record_key_events
from auth_service.actions.revoke_signing_keys import revoke_signing_keys
from auth_service.actions.rotate_signing_keys import rotate_signing_keys
from auth_service.domain.errors import SettingsError
from auth_service.wiring import key_vault, utc_now
from database.engine import Database
from database.errors import DatabaseError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from datetime import datetime

    from auth_service.domain.key_ring import KeyEvent, KeyRecord
    from auth_service.settings import Settings
    from auth_service.tokens.key_vault import KeyVault

    AddCommand = Callable[
        [Any, str, Callable[[Settings, argparse.Namespace], dict[str, Any]], str], argparse.ArgumentParser
    ]

ROTATION_PAUSE_SECONDS: Final = 60.0

_log = logging.getLogger(__name__)


def add_key_commands(commands: Any, add: AddCommand) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add the commands for signing keys to those of the service."""
    add(commands, "list-keys", _list_keys, "show the signing keys and what each is there for")
    add(commands, "create-key", _create_key, "publish a signing key: the next one; the first one signs at once")

    rotate = add(commands, "rotate-key", _rotate_key, "let the next key sign, and retire the one that did")
    rotate.add_argument("--now", action="store_true", help="although verifiers may not know the key yet")
    rotate.add_argument("--create-next", action="store_true", help="publish the key after it as well")

    revoke = add(commands, "revoke-key", _revoke_key, "kill a leaked key at once; what it signed is refused")
    which = revoke.add_mutually_exclusive_group(required=True)
    which.add_argument("--kid", action="append", help="written as --kid=KID; may be repeated")
    which.add_argument("--all", action="store_true", help="every key, as when the folder was read by another")


class ScheduledRotation:
    """Moves the keys on while the relay runs: called often, it acts once a minute and never raises.

    `database` is where the audit trail is told of it.

    One machine does it at a time; where another one may write the keys and this one may not, that one does.
    """

    def __init__(
        self,
        vault: KeyVault,
        rotation_days: int,
        *,
        database: Database,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._vault = vault
        self._database = database
        self._rotation_days = rotation_days
        self._now = now
        self._monotonic = monotonic
        self._due_at = float("-inf")
        self._fault = ""

    def __call__(self) -> None:
        if self._monotonic() < self._due_at:
            return
        self._due_at = self._monotonic() + ROTATION_PAUSE_SECONDS
        try:
            now = self._now()
            tell_key_events(
                self._database, rotate_signing_keys(self._vault, rotation_days=self._rotation_days, now=now), now=now
            )
        except SettingsError as fault:
            if str(fault) != self._fault:
                _log.warning("the signing keys cannot be moved on here", extra={"reason": str(fault)})
            self._fault = str(fault)
        else:
            self._fault = ""


def tell_key_events(database: Database, events: tuple[KeyEvent, ...], *, now: datetime) -> None:
    """Say what happened to the keys: the one place that every change of theirs passes.

    A database that is away or not migrated yet must not keep anybody from killing a key: then the log alone has it.
    """
    if not events:
        return
    for event in events:
        _log.info("signing key", extra={"key_event": event.kind.value, "kid": event.kid})
    try:
        record_key_events(database, events, now=now)
    except (DatabaseError, SQLAlchemyError) as fault:
        _log.warning("the audit trail could not be told of the signing keys", extra={"reason": str(fault)})


def _list_keys(settings: Settings, _asked: argparse.Namespace) -> dict[str, Any]:
    return {"keys": [_shown(key) for key in key_vault(settings).read().keys]}


def _shown(key: KeyRecord) -> dict[str, Any]:
    instants = {"published_at": key.published_at, "signs_from": key.signs_from, "retired_at": key.retired_at}
    shown = {name: at.isoformat(timespec="seconds") for name, at in instants.items() if at is not None}
    return {"kid": key.kid, "state": key.state.value, **shown}


def _create_key(settings: Settings, _asked: argparse.Namespace) -> dict[str, Any]:
    events = create_signing_key(key_vault(settings), now=utc_now())
    return {"kid": events[0].kid, **_happened(settings, events)}


def _rotate_key(settings: Settings, asked: argparse.Namespace) -> dict[str, Any]:
    return _happened(
        settings,
        promote_signing_key(key_vault(settings), now=utc_now(), is_urgent=asked.now, is_followed=asked.create_next),
    )


def _revoke_key(settings: Settings, asked: argparse.Namespace) -> dict[str, Any]:
    events = revoke_signing_keys(key_vault(settings), None if asked.all else asked.kid, now=utc_now())
    return _happened(settings, events)


def _happened(settings: Settings, events: tuple[KeyEvent, ...]) -> dict[str, Any]:
    with closing(Database(settings.database_url)) as database:
        tell_key_events(database, events, now=utc_now())
    return {"events": [{"event": event.kind.value, "kid": event.kid} for event in events]}
