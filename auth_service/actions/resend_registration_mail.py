"""Send the email again that a registration waits for; the link of the one before dies (S1-35; T36, T52, T54)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from auth_service.actions.read_registration import read_registration
from auth_service.actions.register_group import write_first_email
from auth_service.actions.registering import registration_event
from auth_service.domain.audit_event import AuditEventName
from auth_service.domain.errors import RegistrationUnknownError
from auth_service.domain.limit import REGISTRATION_MAIL
from auth_service.domain.mailed_proof import new_proof
from auth_service.domain.registration import ABANDONABLE, RegistrationState
from auth_service.storage.audit_trail import append_event
from auth_service.storage.registrations import renew_proof, reopen

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from auth_service.actions.registering import RegisteringParts, Watcher
    from auth_service.domain.registration import Registration


def resend_registration_mail(parts: RegisteringParts, watcher: Watcher, *, address: str, now: datetime) -> Registration:
    """Write the email anew that the next step needs, and give the registration.

    In the state `activated` the third email is on its way already, and nothing is done. It is not kept, so in the
    state `complete` the registration goes back to `activated`, and it is written as the first time.

    Raises RegistrationUnknownError also for one that has expired, TooManyRequestsError or DatabaseUnavailableError.
    """
    watched = read_registration(parts.database, watcher, now=now)
    if watched.state is RegistrationState.EXPIRED:
        raise RegistrationUnknownError("This registration has expired. Begin a new one.")
    if watched.state is RegistrationState.ACTIVATED:
        return watched
    parts.limiter.count(REGISTRATION_MAIL, (address, watched.email, "all"), now=now)
    with parts.database.transaction() as connection:
        renewed = _renew(connection, parts, watched, now)
        if renewed is not None:
            name = AuditEventName.REGISTRATION_MAIL_RENEWED
            append_event(connection, registration_event(name, watched, now, address=address))
            return renewed
    # It moved on at this moment, by which another email was written.
    return read_registration(parts.database, watcher, now=now)


def _renew(
    connection: Connection, parts: RegisteringParts, watched: Registration, now: datetime
) -> Registration | None:
    if watched.state not in ABANDONABLE:
        reopened = reopen(connection, watched.id, now)
        return replace(watched, state=RegistrationState.ACTIVATED) if reopened else None
    proof = new_proof(now)
    kept = proof.kept(parts.code_key)
    if not renew_proof(connection, watched, kept, now):
        return None
    if watched.state is RegistrationState.ADDRESS_UNPROVEN:
        write_first_email(connection, parts, watched, proof, now)
    else:
        parts.mail.activate_group(connection, watched, proof, now)
    return replace(watched, notification_id=kept.notification_id, link_expires_at=kept.link_expires_at)
