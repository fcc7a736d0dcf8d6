"""Read how far a registration has come, for who watches it or holds its link (S1-35; T44, T53)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_service.actions.registering import refusal
from auth_service.domain.errors import RegistrationUnknownError
from auth_service.domain.secret_digest import digest
from auth_service.storage.registrations import find_by_link, find_watched

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.actions.registering import ShownLink, Watcher
    from auth_service.domain.registration import Registration, RegistrationState
    from database.engine import Database


def read_registration(database: Database, watcher: Watcher, *, now: datetime) -> Registration:
    """Give the registration as it stands now. Raises RegistrationUnknownError or DatabaseUnavailableError."""
    with database.reading() as connection:
        found = find_watched(connection, watcher.registration_id, digest(watcher.watch_token))
    if found is None:
        raise RegistrationUnknownError("There is no such registration, or it was long ago. Begin a new one.")
    return found.as_of(now)


def read_registration_of_link(
    database: Database, shown: ShownLink, *, state: RegistrationState, now: datetime
) -> Registration:
    """Give the registration that a link would move on from this state; uses nothing up, however often it is asked.

    Raises MailedProofRefusedError or DatabaseUnavailableError.
    """
    with database.reading() as connection:
        found = find_by_link(connection, digest(shown.secret), state, now)
    if found is None:
        raise refusal()
    return found
