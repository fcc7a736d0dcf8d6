"""Check an operator's password and open a portal session (T35, T36, T38, S3-3)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from auth_service.domain.operator import normal_email
from auth_service.domain.secret_digest import digest, new_secret
from auth_service.storage.operators import find_by_email, replace_password_hash
from auth_service.storage.portal_sessions import add_session

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database

SESSION_HOURS: Final = 12
LONGEST_PASSWORD: Final = 128
SHORTEST_PASSWORD: Final = 8

# OWASP's minimum for Argon2id: 19 MiB, two passes; a tenth of the library's default in CPU time.
PASSWORD_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# Verified when nobody has the address, so that an unknown one takes as long as a wrong password (T36).
_NOBODY: Final = PASSWORD_HASHER.hash(new_secret())


def sign_in_operator(database: Database, *, email: str, password: str, now: datetime) -> str | None:
    """Open a session and give its secret for the cookie; None when address or password are wrong.

    Raises DatabaseUnavailableError.
    """
    with database.reading() as connection:
        found = find_by_email(connection, normal_email(email))
    if not _is_right(_NOBODY if found is None else found[1], password) or found is None:
        return None
    operator, password_hash = found
    secret = new_secret()
    with database.transaction() as connection:
        if PASSWORD_HASHER.check_needs_rehash(password_hash):
            replace_password_hash(connection, operator.id, PASSWORD_HASHER.hash(password))
        add_session(connection, digest(secret), operator.id, now=now, expires_at=now + timedelta(hours=SESSION_HOURS))
    return secret


def _is_right(password_hash: str, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        return PASSWORD_HASHER.verify(password_hash, password)
    except VerifyMismatchError:
        return False
