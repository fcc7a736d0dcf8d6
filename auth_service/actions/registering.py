"""What the registration's steps have in common: the parts they use, and how a link or code of an email is shown."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.errors import AddressTakenError, MailedProofRefusedError
from auth_service.domain.secret_digest import digest, keyed_digest
from auth_service.domain.user_code import normal_user_code
from auth_service.storage.audit_trail import append_event
from auth_service.storage.operators import find_by_email
from auth_service.storage.registrations import count_code_try, find_by_link, find_registration, find_watched

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from auth_service.domain.audit_event import Detail
    from auth_service.domain.registration import Registration, RegistrationState
    from auth_service.outbound.notify_api import NotifyApi
    from auth_service.outbound.registration_mail import RegistrationMail
    from auth_service.storage.limiter import Limiter
    from database.engine import Database


@dataclass(frozen=True)
class RegisteringParts:
    """The parts behind the registration, chosen by the wiring."""

    database: Database
    limiter: Limiter
    mail: RegistrationMail
    notify: NotifyApi
    code_key: bytes = field(repr=False)
    """Keys the digests of the short codes."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who watches a registration: whoever has the secret that was handed out when it was made."""

    registration_id: str
    watch_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ShownLink:
    """The secret of an email's link: it is enough by itself. Where a registration is named, it must be of that one."""

    secret: str = field(repr=False)
    registration_id: str | None = None


@dataclass(frozen=True, slots=True)
class ShownCode:
    """The short code of an email, typed where the registration is watched: a stranger cannot use its tries up."""

    watcher: Watcher
    code: str = field(repr=False)


ShownProof: TypeAlias = ShownLink | ShownCode


def find_shown(
    connection: Connection, parts: RegisteringParts, shown: ShownProof, *, state: RegistrationState, now: datetime
) -> Registration | None:
    """Give the registration in this state that the link or code is of, or None. A code's try is counted."""
    if isinstance(shown, ShownLink):
        found = find_by_link(connection, digest(shown.secret), state, now)
        is_other = found is not None and shown.registration_id not in {None, found.id}
        return None if is_other else found
    watched = find_watched(connection, shown.watcher.registration_id, digest(shown.watcher.watch_token))
    if watched is None or not count_code_try(connection, watched.id, state, now):
        return None
    # Read again: the row is held only now, and an email that was sent again may have put another code there.
    held = find_registration(connection, watched.id)
    code = normal_user_code(shown.code)
    if held is None or held.code_digest is None or code is None:
        return None
    return held if hmac.compare_digest(held.code_digest, keyed_digest(code, parts.code_key)) else None


def check_address_is_free(connection: Connection, email: str) -> None:
    """Raise AddressTakenError when an account has this address: another registration of it was faster."""
    if find_by_email(connection, email) is not None:
        raise AddressTakenError("This address has an account already. Sign in with it instead.")


def refused(connection: Connection, shown: ShownProof, address: str, now: datetime) -> None:
    """Tell the audit trail of a link or code that was refused, but not what was shown."""
    details: dict[str, Detail] = {"address": address, "is_code": isinstance(shown, ShownCode)}
    if isinstance(shown, ShownCode):
        known = find_watched(connection, shown.watcher.registration_id, digest(shown.watcher.watch_token))
        details["registration_id"] = None if known is None else known.id
    append_event(connection, AuditEvent(AuditEventName.REGISTRATION_PROOF_REFUSED, now, details=details))


def refusal() -> MailedProofRefusedError:
    """Give the one answer for every link and code that does not count."""
    return MailedProofRefusedError(
        "This link or code has been used, is too old, or was replaced by a newer email. Ask for the email again."
    )


def registration_event(
    name: AuditEventName, registration: Registration, now: datetime, **details: Detail
) -> AuditEvent:
    """Give an event of this registration; neither its names nor its address, which can be erased."""
    return AuditEvent(
        name,
        now,
        organization_id=registration.organization_id,
        details={"registration_id": registration.id, **details},
    )
