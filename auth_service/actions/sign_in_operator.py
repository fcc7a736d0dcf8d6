"""Check an operator's password and open a portal session (T35, T36, T38, S3-3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.errors import SignInRefusedError
from auth_service.domain.limit import SIGN_IN
from auth_service.domain.operator import normal_email
from auth_service.domain.password_rules import LONGEST_PASSWORD
from auth_service.domain.secret_digest import digest, new_secret
from auth_service.storage.audit_trail import append_event
from auth_service.storage.operators import find_by_email, replace_password_hash
from auth_service.storage.portal_sessions import add_session

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.domain.operator import Operator
    from auth_service.storage.limiter import Limiter
    from database.engine import Database

SESSION_HOURS: Final = 12
LONGEST_EMAIL: Final = 254

# OWASP's minimum for Argon2id: 19 MiB, two passes; a tenth of the library's default in CPU time.
PASSWORD_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# Verified when nobody has the address, so that an unknown one takes as long as a wrong password (T36).
NOBODYS_HASH: Final = PASSWORD_HASHER.hash(new_secret())


@dataclass(frozen=True, slots=True)
class Credentials:
    """What someone signs in with, as it was entered, and from which address."""

    email: str
    password: str = field(repr=False)
    address: str


def sign_in_operator(database: Database, limiter: Limiter, credentials: Credentials, *, now: datetime) -> str:
    """Open a session and give its secret for the cookie; what fails is counted.

    Raises SignInRefusedError, TooManyRequestsError or DatabaseUnavailableError.
    """
    email = normal_email(credentials.email)
    asker = (credentials.address, f"{credentials.address} {email}", "all")
    with limiter.count_failure(SIGN_IN, asker, now=now):
        operator = _check(database, email, credentials, now)
    secret = new_secret()
    with database.transaction() as connection:
        add_session(connection, digest(secret), operator.id, now=now, expires_at=now + timedelta(hours=SESSION_HOURS))
        append_event(connection, _event(AuditEventName.SIGNED_IN, operator, credentials, now))
    return secret


def _check(database: Database, email: str, credentials: Credentials, now: datetime) -> Operator:
    found = None
    if email and len(email) <= LONGEST_EMAIL and "\x00" not in email:
        with database.reading() as connection:
            found = find_by_email(connection, email)
    if not is_right_password(NOBODYS_HASH if found is None else found[1], credentials.password) or found is None:
        # The same write whether the address is known or not, so that it takes the same time (T36).
        failed = _event(AuditEventName.SIGN_IN_FAILED, None if found is None else found[0], credentials, now)
        with database.transaction() as connection:
            append_event(connection, failed)
        raise SignInRefusedError("The email address or the password is wrong.")
    operator, password_hash = found
    if PASSWORD_HASHER.check_needs_rehash(password_hash):
        with database.transaction() as connection:
            replace_password_hash(connection, operator.id, PASSWORD_HASHER.hash(credentials.password))
    return operator


def _event(name: AuditEventName, operator: Operator | None, credentials: Credentials, now: datetime) -> AuditEvent:
    # Nothing of what was typed: people type passwords into the wrong field.
    operator_id = None if operator is None else operator.id
    return AuditEvent(name, now, operator_id=operator_id, details={"address": credentials.address})


def is_right_password(password_hash: str, password: str) -> bool:
    """Tell whether this is the password, in the same time whichever it is; one too long to be any costs nothing."""
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        return PASSWORD_HASHER.verify(password_hash, password)
    except VerifyMismatchError:
        return False
