"""What each email's template takes (S1-32 ... S1-34; T51, T54: no free text, no second line in a name)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from marshmallow import ValidationError

from wire.notification_contexts import CONTEXT_SCHEMAS, DeviceAuthorizedContext

NAMES = ["organization_name", "device_name", "device_id", "operator_name", "requested_from"]


def _context(**changes: Any) -> dict[str, Any]:
    good = {
        "organization_name": "Corner Shop",
        "device_name": "Till 1",
        "device_id": "device-1",
        "operator_name": "Ola Nordmann",
        "authorized_at": "2026-06-01T11:00:00+02:00",
        "features": ["xms"],
        "requested_from": "192.0.2.7",
        "devices_url": "https://auth.example/devices",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def test_context_comes_with_the_types_of_its_schema() -> None:
    context = DeviceAuthorizedContext().load(_context())

    assert context["authorized_at"] == datetime(2026, 6, 1, 9, tzinfo=UTC)
    assert context["authorized_at"].utcoffset() == timedelta(hours=2)
    assert context["features"] == ["xms"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "value",
    ["", "x" * 201, "a\nBcc: b@example.com", "a\r\nSubject: x", "a\r", "a\n", "a\x00", ..., None, 1, ["a"]],
    ids=repr,
)
def test_name_that_is_not_one_line_is_refused(name: str, value: object) -> None:
    """T51: header injection by the name of a group, a device or an operator."""
    with pytest.raises(ValidationError) as refusal:
        DeviceAuthorizedContext().load(_context(**{name: value}))

    assert list(refusal.value.messages) == [name]


@pytest.mark.parametrize("value", ["Ærø Kro & Bar <b>", "店", "x" * 200, " "], ids=repr)
def test_name_of_any_one_line_is_taken(value: str) -> None:
    """Escaping is the template's work."""
    assert DeviceAuthorizedContext().load(_context(device_name=value))["device_name"] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authorized_at", "2026-06-01T11:00:00"),
        ("authorized_at", datetime(2026, 6, 1, 11)),  # noqa: DTZ001 - naive on purpose
        ("authorized_at", "tomorrow"),
        ("authorized_at", ...),
        ("features", "xms"),
        ("features", ["xms\nBcc: b@example.com"]),
        ("features", [1]),
        ("features", ...),
        ("devices_url", "javascript:alert(1)"),
        ("devices_url", "//evil.example/devices"),
        ("devices_url", "/devices"),
        ("devices_url", "ftp://auth.example/devices"),
        ("devices_url", "https://auth.example/\nBcc: b@example.com"),
        ("devices_url", ...),
    ],
)
def test_wrong_value_is_refused(name: str, value: object) -> None:
    """A naive instant is one of them: nobody could say when it was."""
    with pytest.raises(ValidationError) as refusal:
        DeviceAuthorizedContext().load(_context(**{name: value}))

    assert list(refusal.value.messages) == [name]


@pytest.mark.parametrize("host", ["localhost:8001", "127.0.0.1:8001", "auth:8001"])
def test_host_without_a_top_level_domain_is_a_good_address(host: str) -> None:
    """The local stack, and a house's own network."""
    DeviceAuthorizedContext().load(_context(devices_url=f"http://{host}/devices"))


@pytest.mark.parametrize("extra", ["body", "subject", "recipient", "html"])
def test_what_the_template_does_not_take_is_refused(extra: str) -> None:
    """T54: nobody sends text of their own through our mail server."""
    with pytest.raises(ValidationError) as refusal:
        DeviceAuthorizedContext().load(_context(**{extra: "Buy now"}))

    assert list(refusal.value.messages) == [extra]


def test_no_template_takes_unknown_fields() -> None:
    assert {schema().unknown for schema in CONTEXT_SCHEMAS.values()} == {"raise"}
