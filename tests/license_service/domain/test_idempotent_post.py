from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidTag

from license_service.domain.idempotent_post import Answer, IdempotentPost

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
POST = IdempotentPost(caller=("console", "console"), key=KEY, request=(b"POST", b"/v1/agreements", b'{"number": "1"}'))
ANSWER = Answer(201, {"Location": "/v1/agreements/1"}, b'{"access_key": "TP-SECRET"}')


def test_a_sealed_answer_comes_back() -> None:
    assert POST.open(POST.seal(ANSWER, b"n" * 12)) == ANSWER


def test_an_answer_cannot_be_read_without_the_key() -> None:
    """T57."""
    sealed = POST.seal(ANSWER, b"n" * 12)

    assert b"SECRET" not in sealed
    for other in (replace(POST, key="another-key-of-16"), replace(POST, caller=("console", "device-1"))):
        with pytest.raises(InvalidTag):
            other.open(sealed)


@pytest.mark.parametrize(
    "other",
    [
        replace(POST, key="another-key-of-16"),
        replace(POST, caller=("console", "device-1")),
        replace(POST, caller=("consolec", "onsole")),
        replace(POST, caller=("console",), key=f"console{KEY}"),
    ],
)
def test_another_key_or_caller_is_kept_elsewhere(other: IdempotentPost) -> None:
    """T44."""
    assert other.id != POST.id
    assert other.request_digest != POST.request_digest


@pytest.mark.parametrize(
    "request_parts",
    [
        (b"POST", b"/v1/agreements", b'{"number": "2"}'),
        (b"POST", b"/v1/license-keys", b'{"number": "1"}'),
        (b"POST", b"/v1/agreement", b's{"number": "1"}'),
    ],
)
def test_another_request_has_another_digest(request_parts: tuple[bytes, ...]) -> None:
    other = replace(POST, request=request_parts)

    assert other.id == POST.id
    assert other.request_digest != POST.request_digest
