"""The signature of a webhook (Standard Webhooks: HMAC-SHA256, version `v1`)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what every secret begins with
SECRET_BYTES: Final = 32


def secret_text(key: bytes) -> str:
    """Give the text in which a key of SECRET_BYTES random bytes is handed over."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def signed_headers(event_id: str, body: bytes, secrets: Iterable[str], now: datetime) -> Mapping[str, str]:
    """Give the three headers of one attempt.

    Each secret signs; a receiver takes any signature that it can verify. `webhook-timestamp` is this attempt's, since
    receivers refuse what is older than some minutes; `webhook-id` is the event's for ever.
    """
    timestamp = str(int(now.timestamp()))
    signed = f"{event_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
