"""The sealed message on the queue (S1-32 ... S1-34; T51, T54, T55, T56, F24)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import MessageRefusedError
from wire.notification_message import NotificationMessage, open_message, seal_message

KEY = Fernet.generate_key().decode()
NOTIFICATION_ID = UUID("6f1b7c3e-0000-4000-8000-000000000001")

_one_line = st.text(st.characters(exclude_characters="\r\n\x00", exclude_categories=["Cs"]), min_size=1, max_size=200)
_contexts = st.fixed_dictionaries(
    {
        "organization_name": _one_line,
        "device_name": _one_line,
        "device_id": st.uuids().map(str),
        "operator_name": _one_line,
        "authorized_at": st.datetimes(timezones=st.just(UTC)),
        "features": st.lists(_one_line, max_size=4),
        "requested_from": st.ip_addresses().map(str),
        "devices_url": st.just("https://auth.example/devices"),
    }
)


def _context(**changes: Any) -> dict[str, Any]:
    good = {
        "organization_name": "Corner Shop",
        "device_name": "Till 1",
        "device_id": "device-1",
        "operator_name": "Ola Nordmann",
        "authorized_at": "2026-06-01T09:00:00+00:00",
        "features": ["xms"],
        "requested_from": "192.0.2.7",
        "devices_url": "https://auth.example/devices",
    }
    return {**good, **changes}


def _message(**changes: Any) -> NotificationMessage:
    good: dict[str, Any] = {
        "id": NOTIFICATION_ID,
        "template": "device_authorized",
        "recipient": "owner@example.com",
        "context": _context(),
    }
    return NotificationMessage(**{**good, **changes})


def _sealed(document: object, key: str = KEY) -> str:
    return Fernet(key).encrypt(document if isinstance(document, bytes) else json.dumps(document).encode()).decode()


def _document(**changes: Any) -> dict[str, Any]:
    good = {
        "id": str(NOTIFICATION_ID),
        "template": "device_authorized",
        "recipient": "owner@example.com",
        "context": _context(),
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


# --- the way there and back --------------------------------------------------------------------------------------


@given(context=_contexts, notification_id=st.uuids())
def test_message_comes_back_as_it_went(context: dict[str, Any], notification_id: UUID) -> None:
    message = _message(id=notification_id, context=context)

    assert open_message(seal_message(message, KEY), KEY) == message


def test_opened_message_can_be_sealed_again() -> None:
    opened = open_message(seal_message(_message(), KEY), KEY)

    assert open_message(seal_message(opened, KEY), KEY) == opened
    assert opened.context["authorized_at"] == datetime(2026, 6, 1, 9, tzinfo=UTC)


def test_message_says_its_locale_and_whose_affair_it_is() -> None:
    opened = open_message(seal_message(_message(locale="es", organization_id=str(NOTIFICATION_ID)), KEY), KEY)

    assert (opened.locale, opened.organization_id) == ("es", str(NOTIFICATION_ID))


def test_message_of_a_sender_that_says_neither_is_taken() -> None:
    """F48: a sender that is older than both fields."""
    opened = open_message(_sealed(_document()), KEY)

    assert (opened.locale, opened.organization_id) == ("en", None)


def test_sealed_message_shows_nothing_of_what_it_says() -> None:
    """T55, T56: whoever reads Redis learns neither addresses nor names."""
    sealed = seal_message(_message(), KEY)

    assert sealed.isascii()
    assert not any(word in sealed for word in ("owner", "example", "Corner", "device", str(NOTIFICATION_ID)))
    assert sealed != seal_message(_message(), KEY)


# --- messages that nobody with our key has sealed ----------------------------------------------------------------


def _flipped(sealed: str, at: int) -> str:
    return sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]


NOT_OUR_SEAL = {
    "another key": lambda: _sealed(_document(), Fernet.generate_key().decode()),
    "not sealed at all": lambda: json.dumps(_document()),
    "nothing": lambda: "",
    "cut": lambda: _sealed(_document())[:-4],
    "made longer": lambda: "AAAA" + _sealed(_document()),
    "time changed": lambda: _flipped(_sealed(_document()), 5),
    "content changed": lambda: _flipped(_sealed(_document()), 60),
    "seal changed": lambda: _flipped(_sealed(_document()), -20),
    "beyond ASCII": lambda: "é",
    "a lone surrogate": lambda: "\ud800",
    "sealed but not JSON": lambda: _sealed(b"owner@example.com"),
    "sealed but not UTF-8": lambda: _sealed(b"\xff"),
    "sealed but a bomb": lambda: _sealed(b"[" * 100_000),
}


@pytest.mark.parametrize("kind", NOT_OUR_SEAL)
def test_message_without_our_seal_is_refused(kind: str) -> None:
    """T56: whoever can write to Redis can send nobody anything."""
    with pytest.raises(MessageRefusedError, match=r"^The message is not sealed with our key\.$"):
        open_message(NOT_OUR_SEAL[kind](), KEY)


@given(text=st.text(st.characters(exclude_categories=())))
def test_no_text_raises_anything_but_a_refusal(text: str) -> None:
    with pytest.raises(MessageRefusedError):
        open_message(text, KEY)


# --- messages that are wrong inside ------------------------------------------------------------------------------

WRONG = {
    "unknown template": (_document(template="buy_now"), "template"),
    "template a path": (_document(template="../device_authorized"), "template"),
    "template a list": (_document(template=["device_authorized"]), "template"),
    "no template": (_document(template=...), "template"),
    "no id": (_document(id=...), "id"),
    "id not a UUID": (_document(id="1"), "id"),
    "no recipient": (_document(recipient=...), "recipient"),
    "no context": (_document(context=...), "context"),
    "context a list": (_document(context=[]), "context"),
    "more than a message has": (_document(cc="b@example.com"), "cc"),
    "free text in the context": (_document(context=_context(body="Buy now")), "body"),
    "naive instant in the context": (_document(context=_context(authorized_at="2026-06-01T09:00:00")), "authorized_at"),
    "line feed in a name": (_document(context=_context(device_name="a\nBcc: b@example.com")), "device_name"),
    "a locale without emails": (_document(locale="de"), "locale"),
    "a locale that is a path": (_document(locale="../es"), "locale"),
    "no locale": (_document(locale=None), "locale"),
    "organization not an id": (_document(organization_id="Corner Shop"), "organization_id"),
    "a list": ([], "_schema"),
    "null": (None, "_schema"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_message_that_is_wrong_inside_is_refused_and_the_field_named(kind: str) -> None:
    """F24: it is set aside with a reason, and the reason says no value."""
    document, field = WRONG[kind]

    with pytest.raises(MessageRefusedError) as refusal:
        open_message(_sealed(document), KEY)

    assert str(refusal.value) == f"The message is wrong in: {field}."


RECIPIENTS_REFUSED = [
    "",
    "owner",
    "owner@",
    "@example.com",
    "owner@@example.com",
    "owner@example.com@example.org",
    "owner@example.com, other@example.com",
    "owner@example.com;other@example.com",
    "owner@example.com other@example.com",
    "Owner <owner@example.com>",
    '"owner"@example.com',
    "ægir@example.com",
    "owner@[192.0.2.7]",
    "owner@example..com",
    ".owner@example.com",
    "owner@example.com\nBcc: other@example.com",
    "owner@example.com\r\n",
    "owner@example.com\n",
    "\nowner@example.com",
    "owner\x00@example.com",
    "owner@example.com\x85",
    "owner\u2028@example.com",
    "owner\x7f@example.com",
    " owner@example.com",
    "x" * 65 + "@example.com",
    "owner@" + "x" * 190,
    ["owner@example.com", "other@example.com"],
    {"owner@example.com": 1},
    None,
    1,
]


@pytest.mark.parametrize("recipient", RECIPIENTS_REFUSED, ids=repr)
def test_recipient_that_is_not_one_plain_address_is_refused(recipient: object) -> None:
    """T51: exactly one recipient, and nothing that could start another header; at both ends."""
    with pytest.raises(MessageRefusedError, match=r"^The message is wrong in: recipient\.$"):
        open_message(_sealed(_document(recipient=recipient)), KEY)
    with pytest.raises(MessageRefusedError, match=r"^The message is wrong in: recipient\.$"):
        seal_message(_message(recipient=recipient), KEY)


@pytest.mark.parametrize(
    "recipient",
    ["owner@example.com", "o@localhost", "o'neill+pos@sub.example.com", "a.b_c@xn--gir-zla.example"],
)
def test_plain_address_is_taken(recipient: str) -> None:
    assert open_message(seal_message(_message(recipient=recipient), KEY), KEY).recipient == recipient


@pytest.mark.parametrize(
    "context",
    [
        {},
        _context(body="Buy now"),
        _context(device_name="a\r\nBcc: b@example.com"),
        _context(organization_name="a\nb"),
        _context(features=["a\nb"]),
        _context(authorized_at=datetime(2026, 6, 1, 9)),  # noqa: DTZ001 - naive on purpose
        _context(device_name=uuid4()),
    ],
    ids=["empty", "free text", "CR LF", "LF", "LF in a list", "naive instant", "not a text"],
)
def test_sender_refuses_to_seal_a_wrong_context(context: dict[str, Any]) -> None:
    with pytest.raises(MessageRefusedError):
        seal_message(_message(context=context), KEY)


def test_sender_refuses_to_seal_an_unknown_template() -> None:
    with pytest.raises(MessageRefusedError, match="template"):
        seal_message(_message(template="buy_now"), KEY)
