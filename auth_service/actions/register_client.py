"""Register an OAuth client (RFC 6749 §2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import IntegrityError

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.client import Client
from auth_service.domain.client_keys import check_client_keys
from auth_service.domain.errors import BadInputError
from auth_service.domain.plain_text import check_name
from auth_service.domain.secret_digest import digest, new_secret
from auth_service.storage.audit_trail import append_event
from auth_service.storage.clients import add_client
from wire.grant_types import CLIENT_CREDENTIALS, CONNECT_TO_GROUP, DEVICE_CODE, REFRESH_TOKEN
from wire.scopes import AUDIENCE_OF_SCOPE, EVERY_AUDIENCE, LICENSE

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database

_CLIENT_ID: Final = re.compile(r"\A[A-Za-z0-9._-]{1,128}\Z")
_DEVICE_GRANT_TYPES: Final = frozenset({DEVICE_CODE, REFRESH_TOKEN, CONNECT_TO_GROUP})
_GRANT_TYPES: Final = _DEVICE_GRANT_TYPES | {CLIENT_CREDENTIALS}


@dataclass(frozen=True, slots=True)
class NewClient:
    """What is given for a new client; nothing of it is checked yet."""

    client_id: str
    name: str
    grant_types: tuple[str, ...]
    scopes: tuple[str, ...]
    is_public: bool
    public_keys: str | None = None
    """A JWK Set as JSON: the client authenticates by what it signs, and has no secret (RFC 7523)."""
    introspects: tuple[str, ...] = ()
    """The audiences whose tokens it may introspect."""


def register_client(
    database: Database, new: NewClient, *, now: datetime, client_secret: str | None = None
) -> str | None:
    """Register a client and give its secret, shown this once; None for one that is public or has keys.

    Any other client gets a new secret unless one is given. Raises BadInputError.
    """
    _check(new)
    keys = None if new.public_keys is None else check_client_keys(new.public_keys)
    secret = None if new.is_public or keys is not None else client_secret or new_secret()
    client = Client(
        client_id=new.client_id,
        name=check_name("name", new.name),
        grant_types=new.grant_types,
        scopes=new.scopes,
        secret_digest=None if secret is None else digest(secret),
        public_keys=keys,
        introspects=new.introspects,
    )
    try:
        with database.transaction() as connection:
            add_client(connection, client, now)
            append_event(connection, _event(client, now))
    except IntegrityError as fault:
        raise BadInputError("The client_id is taken.") from fault
    return secret


def _event(client: Client, now: datetime) -> AuditEvent:
    return AuditEvent(
        AuditEventName.CLIENT_REGISTERED,
        now,
        client_id=client.client_id,
        details={"name": client.name, "grant_types": client.grant_types, "scopes": client.scopes},
    )


def _check(new: NewClient) -> None:
    if not _CLIENT_ID.match(new.client_id):
        raise BadInputError("'client_id' needs 1 to 128 letters, digits, dots, hyphens or underscores.")
    _check_introspection(new)
    only_introspects = bool(new.introspects) and not new.grant_types and not new.scopes
    if only_introspects:
        return
    if not new.grant_types or not set(new.grant_types) <= _GRANT_TYPES:
        raise BadInputError(f"'grant_types' needs some of: {', '.join(sorted(_GRANT_TYPES))}.")
    if not new.scopes or not set(new.scopes) <= AUDIENCE_OF_SCOPE.keys():
        raise BadInputError(f"'scopes' needs some of: {', '.join(sorted(AUDIENCE_OF_SCOPE))}.")
    if set(new.grant_types) & _DEVICE_GRANT_TYPES and set(new.scopes) != {LICENSE}:
        # An operator approves a license for one device, never what a service may do.
        raise BadInputError(f"A client of the device flow takes the scope '{LICENSE}' and no other.")
    if LICENSE in new.scopes and CLIENT_CREDENTIALS in new.grant_types:
        raise BadInputError(f"The scope '{LICENSE}' is for devices, not for client_credentials.")
    if new.is_public and CLIENT_CREDENTIALS in new.grant_types:
        # RFC 6749 §4.4: only a confidential client may use it.
        raise BadInputError("A public client cannot use client_credentials.")


def _check_introspection(new: NewClient) -> None:
    if not set(new.introspects) <= set(EVERY_AUDIENCE):
        raise BadInputError(f"'introspects' needs some of: {', '.join(sorted(EVERY_AUDIENCE))}.")
    if new.is_public and new.introspects:
        # RFC 7662 §4: who asks must be known, or anyone could try tokens.
        raise BadInputError("A public client cannot introspect tokens.")
    if new.is_public and new.public_keys is not None:
        raise BadInputError("A client with keys is not public.")
