"""Give a client a new secret; the one before counts no more (RFC 6749 §2.3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_service.domain.errors import BadInputError
from auth_service.domain.secret_digest import digest, new_secret
from auth_service.storage.clients import change_secret

if TYPE_CHECKING:
    from database.engine import Database


def rotate_client_secret(database: Database, client_id: str) -> str:
    """Give the new secret, shown this once. Raises BadInputError when the client has none."""
    secret = new_secret()
    with database.transaction() as connection:
        changed = change_secret(connection, client_id, digest(secret))
    if not changed:
        raise BadInputError("There is no client of this client_id that has a secret.")
    return secret
