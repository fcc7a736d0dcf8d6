"""What each email's template takes (S1-32 ... S1-34; T51, T54: no free text, no second line in a name)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from marshmallow import ValidationError, fields

from wire.notification_contexts import (
    CONTEXT_SCHEMAS,
    FIRST_QUEUE_NAME,
    QUEUE_NAME,
    QUEUE_OF_TEMPLATE,
    DeviceAuthorizedContext,
    links_in,
)

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
    address = f"http://{host}/devices"

    assert DeviceAuthorizedContext().load(_context(devices_url=address))["devices_url"] == address


@pytest.mark.parametrize("extra", ["body", "subject", "recipient", "html"])
def test_what_the_template_does_not_take_is_refused(extra: str) -> None:
    """T54: nobody sends text of their own through our mail server."""
    with pytest.raises(ValidationError) as refusal:
        DeviceAuthorizedContext().load(_context(**{extra: "Buy now"}))

    assert list(refusal.value.messages) == [extra]


def test_no_template_takes_unknown_fields() -> None:
    assert {schema().unknown for schema in CONTEXT_SCHEMAS.values()} == {"raise"}


def test_only_the_emails_of_a_registration_carry_a_secret() -> None:
    """T55: and a password is in none; `password` says which one was changed."""
    secrets = {"code", "verify_url", "activate_url", "license_key"}

    carriers = {template for template, schema in CONTEXT_SCHEMAS.items() if secrets & set(schema().fields)}

    assert carriers == {"verify_address", "activate_group", "license_code"}
    with pytest.raises(ValidationError, match="Must be one of: cloud_account, group"):
        _load_field("password_changed", "password", "correct horse 1!")


def _load_field(template: str, name: str, value: object) -> object:
    return CONTEXT_SCHEMAS[template]().load({name: value}, partial=True)[name]


@pytest.mark.parametrize(
    ("template", "name"),
    [
        (template, name)
        for template, schema in CONTEXT_SCHEMAS.items()
        for name, field in schema().fields.items()
        if isinstance(field, fields.Url)
    ],
)
def test_link_is_an_address_on_the_web_of_one_line(template: str, name: str) -> None:
    """T51."""
    good = "https://auth.example/activate?user_code=WDJB-MJHT"

    assert _load_field(template, name, good) == good
    for bad in (f"{good}\n", f"{good}\u2028", f"{good}?{'x' * 2000}", "javascript:alert(1)", "mailto:a@example.com"):
        with pytest.raises(ValidationError):
            _load_field(template, name, bad)


@pytest.mark.parametrize(
    ("template", "name", "value"),
    [
        ("license_code", "license_key", "ABCDE-12345 "),
        ("license_code", "license_key", "ABCDE-12345\n"),
        ("license_code", "license_key", "A" * 4001),
        ("license_code", "license_key", ""),
        ("license_code", "renewal_date", "2026-02-30"),
        ("requires_renewal", "days_left", -1),
        ("requires_renewal", "days_left", 1.5),
        ("requires_renewal", "renewal_date", None),
        ("over_count", "allowed_until", "2026-06-01T00:00:00"),
        ("contact_missing", "deactivated", "perhaps"),
        ("contact_missing", "deactivated", None),
    ],
)
def test_value_of_another_kind_is_refused(template: str, name: str, value: object) -> None:
    with pytest.raises(ValidationError):
        _load_field(template, name, value)


def test_a_license_without_a_renewal_date_is_told_as_such() -> None:
    """S3-20."""
    assert _load_field("license_code", "renewal_date", None) is None


def test_what_somebody_waits_for_has_a_queue_of_its_own() -> None:
    """F39: a license mail does not wait behind ten thousand reminders."""
    waited_for = {template for template, queue in QUEUE_OF_TEMPLATE.items() if queue == FIRST_QUEUE_NAME}

    assert waited_for == {"verify_address", "activate_group", "license_code", "already_registered", "password_changed"}
    assert set(QUEUE_OF_TEMPLATE) == set(CONTEXT_SCHEMAS)
    assert set(QUEUE_OF_TEMPLATE.values()) == {QUEUE_NAME, FIRST_QUEUE_NAME}


def test_the_links_of_a_context_are_found_by_its_schema() -> None:
    links = links_in("device_authorized", _context(device_name="https://evil.example/"))

    assert links == {"devices_url": "https://auth.example/devices"}
