"""Begin the registration of a Group, and write its first email (S1-16, S1-25 … S1-32; T36, T45, T46, T54)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from auth_service.actions.registering import registration_event
from auth_service.actions.sign_in_operator import PASSWORD_HASHER
from auth_service.domain.audit_event import AuditEventName
from auth_service.domain.errors import BadInputError
from auth_service.domain.limit import REGISTRATION_MAIL
from auth_service.domain.mailed_proof import new_proof
from auth_service.domain.operator import normal_email
from auth_service.domain.password_rules import check_group_password
from auth_service.domain.plain_text import check_name
from auth_service.domain.registration import LIFETIME_DAYS, LOCALES, Registration, RegistrationState
from auth_service.domain.secret_digest import digest, new_secret
from auth_service.storage.audit_trail import append_event
from auth_service.storage.operators import find_by_email
from auth_service.storage.registrations import add_registration
from wire.notification_message import is_address

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from auth_service.actions.registering import RegisteringParts
    from auth_service.domain.mailed_proof import MailedProof


@dataclass(frozen=True, slots=True)
class NewRegistration:
    """What is entered for a new Group, and from which address; nothing of it is checked yet."""

    group_name: str
    group_password: str = field(repr=False)
    email: str
    requested_from: str
    sales_manager: str | None = None
    locale: str = "en"


@dataclass(frozen=True, slots=True)
class StartedRegistration:
    """The new registration, and the secret that watches it, in the clear for this one answer."""

    registration_id: str
    watch_token: str = field(repr=False)


def register_group(parts: RegisteringParts, new: NewRegistration, *, now: datetime) -> StartedRegistration:
    """Record the registration and write the email that proves its address.

    An address that has an account gets the same record, the same answer and the same work; only its email is another,
    and its record leads nowhere (T36). Raises BadInputError whose `faults` name the fields, TooManyRequestsError or
    DatabaseUnavailableError.
    """
    check_registration(new)
    email = normal_email(new.email)
    parts.limiter.count(REGISTRATION_MAIL, (new.requested_from, email, "all"), now=now)
    watch_token, proof = new_secret(), new_proof(now)
    registration = Registration(
        id=str(uuid.uuid4()),
        state=RegistrationState.ADDRESS_UNPROVEN,
        group_name=new.group_name.strip(),
        email=email,
        sales_manager=(new.sales_manager or "").strip() or None,
        locale=new.locale,
        requested_from=new.requested_from,
        created_at=now,
        expires_at=now + timedelta(days=LIFETIME_DAYS),
        group_password_hash=PASSWORD_HASHER.hash(new.group_password),
    )
    with parts.database.transaction() as connection:
        add_registration(connection, registration, proof.kept(parts.code_key), watch_digest=digest(watch_token))
        write_first_email(connection, parts, registration, proof, now)
        requested = AuditEventName.REGISTRATION_REQUESTED
        append_event(connection, registration_event(requested, registration, now, address=new.requested_from))
    return StartedRegistration(registration.id, watch_token)


def write_first_email(
    connection: Connection, parts: RegisteringParts, registration: Registration, proof: MailedProof, now: datetime
) -> None:
    """Write the email that proves the address, or tell an account's owner that it has one."""
    is_known = find_by_email(connection, registration.email) is not None
    write = parts.mail.already_registered if is_known else parts.mail.verify_address
    write(connection, registration, proof, now)


def check_registration(new: NewRegistration) -> None:
    """Check every field, so that all faults are told at once. Raises BadInputError, whose `faults` name the fields."""
    checks: list[Callable[[], object]] = [
        lambda: check_name("group_name", new.group_name),
        lambda: check_group_password("group_password", new.group_password),
        lambda: _check_email(new.email),
        lambda: (new.sales_manager or "").strip() and check_name("sales_manager", new.sales_manager or ""),
        lambda: _check_locale(new.locale),
    ]
    faults: dict[str, str] = {}
    for check in checks:
        try:
            check()
        except BadInputError as fault:
            faults |= fault.faults
    if faults:
        raise BadInputError(" ".join(faults.values()), faults=faults)


def _check_email(entered: str) -> None:
    if not is_address(normal_email(entered)):
        raise BadInputError("'email' needs one address such as owner@example.com.", field="email")


def _check_locale(locale: str) -> None:
    if locale not in LOCALES:
        raise BadInputError(f"'locale' needs one of: {', '.join(LOCALES)}.", field="locale")
