from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from wire.errors import TokenRefusedError
from wire.server_time import ServerTime, read_server_time

ISSUER = "https://licenses.example"
DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
WRONG_CLOCK = datetime(2001, 1, 1, tzinfo=UTC)
TIME = ServerTime(ISSUER, DEVICE, device_time=WRONG_CLOCK, at=NOW + timedelta(milliseconds=400))


def token(forge: Any, typ: str = "server-time+jwt", **changes: Any) -> str:
    made: str = forge.token(forge.header(typ), {**TIME.payload(), **changes})
    return made


def read(forge: Any, text: str) -> datetime:
    return read_server_time(text, forge.issuer, issuer=ISSUER, device_id=DEVICE, device_time=WRONG_CLOCK)


def test_the_time_is_read_whatever_the_clock_here_shows(forge: Any) -> None:
    """S3-32: it counts in whole seconds."""
    assert read(forge, token(forge)) == NOW


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"sub": "another-device"},
        {"device_time": "2001-01-02T00:00:00+00:00"},
        {"iat": -1},
        {"iat": True},
        {"iat": "1780304400"},
        {"iat": 253_402_300_800},
        {"iat": None},
    ],
)
def test_an_answer_to_another_question_is_refused(forge: Any, changes: dict[str, Any]) -> None:
    """One that was kept from another day, or is another device's."""
    with pytest.raises(TokenRefusedError):
        read(forge, token(forge, **changes))


@pytest.mark.parametrize("typ", ["at+jwt", "license+jwt", "update-manifest+jwt", "JWT"])
def test_another_token_of_the_same_key_is_no_time(forge: Any, typ: str) -> None:
    """RFC 8725 §3.11: the type tells them apart."""
    with pytest.raises(TokenRefusedError):
        read(forge, token(forge, typ))


def test_a_time_that_was_altered_is_refused(forge: Any) -> None:
    """RFC 7515 §5.2."""
    head, _, signature = token(forge).split(".")
    _, other, _ = token(forge, iat=1).split(".")

    with pytest.raises(TokenRefusedError):
        read(forge, f"{head}.{other}.{signature}")
