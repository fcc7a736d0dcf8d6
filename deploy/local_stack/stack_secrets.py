"""The secrets of one local stack: made once, kept in an owner-only file (T47, T64: no secret has a default)."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from deploy.local_stack.errors import StateError
from deploy.local_stack.owner_only import write_owner_only

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, repr=False)
class StackSecrets:
    """`notification_key` and `license_secret_key` are Fernet keys: 32 random bytes, base64url."""

    auth_secret_key: str
    license_secret_key: str
    notification_key: str
    redis_password: str
    demo_password: str
    client_secret: str
    notify_client_secret: str


def secrets_of(path: Path) -> StackSecrets:
    """Read the file, or make it at the first start. Raises StateError when it cannot be used."""
    if not path.exists():
        made = _make()
        write_owner_only(path, json.dumps(asdict(made), indent=2) + "\n")
        return made
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return StackSecrets(**{field.name: str(document[field.name]) for field in fields(StackSecrets)})
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise StateError(
            f"{path} cannot be used ({type(fault).__name__}). Without its secrets the state beside it is worth "
            f"nothing: remove the folder {path.parent} and start anew."
        ) from fault


def _make() -> StackSecrets:
    return StackSecrets(
        auth_secret_key=secrets.token_urlsafe(48),
        license_secret_key=_fernet_key(),
        notification_key=_fernet_key(),
        redis_password=secrets.token_urlsafe(32),
        demo_password=_readable_password(),
        client_secret=secrets.token_urlsafe(32),
        notify_client_secret=secrets.token_urlsafe(32),
    )


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")


def _readable_password() -> str:
    # Typed by hand from a terminal: no letters that look alike. Twenty of 32 signs are 100 bits.
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))
