"""The signature of a webhook, against the example of the Standard Webhooks specification's own library."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from license_service.domain.webhook_signature import secret_text, signed_headers

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
BODY = b'{"type":"seat.claimed"}'
KEYS = [bytes(range(32)), bytes(range(32, 64))]


def test_a_secret_is_its_key_in_base64_after_its_prefix() -> None:
    assert secret_text(KEYS[0]) == "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def test_each_secret_signs_id_timestamp_and_body() -> None:
    headers = signed_headers("evt_1", BODY, map(secret_text, KEYS), NOW)

    signed = f"evt_1.{int(NOW.timestamp())}.".encode() + BODY
    wanted = [b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()) for key in KEYS]
    assert headers == {
        "webhook-id": "evt_1",
        "webhook-timestamp": "1780304400",
        "webhook-signature": b" ".join(wanted).decode(),
    }
