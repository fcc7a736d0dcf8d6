from __future__ import annotations

import pytest

from notify_service.domain.errors import SettingsError
from notify_service.domain.limit import LIMITS
from notify_service.settings import load_settings
from notify_service.wiring import wire_up


def faults_of(given: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(given)
    return str(caught.value).splitlines()[1:]


def test_a_full_environment_is_read(settings_given: dict[str, str]) -> None:
    settings = load_settings({**settings_given, "HOME": "/root", "AUTH_ISSUER": "x", "NOTIFY_OF_ANOTHER_DAY": "y"})

    assert settings.smtp_port == 8025
    assert settings.smtp_security == "none"
    assert settings.smtp_username is None
    assert settings.jwks_uri == "http://127.0.0.1:8001/.well-known/jwks.json"


def test_limits_are_those_of_the_readme_unless_they_are_set(settings_given: dict[str, str]) -> None:
    """T54."""
    assert load_settings(settings_given).limits == LIMITS
    given = {"VERIFICATIONS": "1", "PER_ADDRESS": "2", "PER_ORGANIZATION": "3", "OVERALL": "4"}

    chosen = load_settings(
        {**settings_given, **{f"NOTIFY_LIMIT_{name}": value for name, value in given.items()}}
    ).limits

    kinds = (chosen.verification, chosen.address, chosen.organization, chosen.overall)
    assert [kind.most for kind in kinds] == [1, 2, 3, 4]
    assert chosen.address.window == LIMITS.address.window


def test_the_key_set_may_be_elsewhere(settings_given: dict[str, str]) -> None:
    settings = load_settings({**settings_given, "NOTIFY_JWKS_URI": "http://10.0.0.1/jwks"})

    assert settings.jwks_uri == "http://10.0.0.1/jwks"


def test_links_lead_to_the_issuer_unless_told_otherwise(settings_given: dict[str, str]) -> None:
    assert load_settings(settings_given).portal_url == settings_given["NOTIFY_ISSUER"]

    told = load_settings({**settings_given, "NOTIFY_PORTAL_URL": "https://licenses.example/portal"})

    assert told.portal_url == "https://licenses.example/portal"


def test_every_missing_variable_is_named_at_once() -> None:
    """T47: no secret has a default."""
    assert all(": is missing. It wants " in line for line in faults_of({}))
    named = {line.strip().partition(":")[0] for line in faults_of({})}

    assert named == {
        "NOTIFY_DATABASE_URL",
        "NOTIFY_REDIS_URL",
        "NOTIFY_PUBLIC_URL",
        "NOTIFY_ISSUER",
        "NOTIFY_NOTIFICATION_KEY",
        "NOTIFY_SMTP_HOST",
        "NOTIFY_SMTP_PORT",
        "NOTIFY_FROM_ADDRESS",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "not a url"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("REDIS_URL", "http://localhost"),
        ("REDIS_URL", "redis://"),
        ("PUBLIC_URL", "notify.example"),
        ("PUBLIC_URL", "http://[::1"),
        ("ISSUER", "ftp://x"),
        ("JWKS_URI", "file:///etc/passwd"),
        ("PORTAL_URL", "portal.example"),
        ("NOTIFICATION_KEY", "too short"),
        ("SMTP_HOST", "mail server"),
        ("SMTP_PORT", "0"),
        ("SMTP_PORT", "65536"),
        ("OPERATIONS_PORT", "65536"),
        ("OPERATIONS_PORT", "x"),
        ("LIMIT_VERIFICATIONS", "0"),
        ("LIMIT_PER_ADDRESS", "-1"),
        ("LIMIT_PER_ORGANIZATION", "many"),
        ("LIMIT_OVERALL", "1.5"),
        ("SMTP_PORT", "smtp"),
        ("SMTP_SECURITY", "ssl"),
        ("SMTP_USERNAME", "käse"),
        ("SMTP_PASSWORD", "a\nb"),
        ("FROM_ADDRESS", "Tillpass <a@b.example>"),
        ("FROM_ADDRESS", "a@b.example\r\nBcc: c@d.example"),
        ("FROM_ADDRESS", "a@b.example,c@d.example"),
        ("FROM_ADDRESS", "plain"),
        ("FROM_ADDRESS", "@"),
        ("FROM_ADDRESS", "büro@b.example"),
        ("FROM_ADDRESS", "a" * 250 + "@b.example"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_wanted(settings_given: dict[str, str], name: str, value: str) -> None:
    whole = {**settings_given, "NOTIFY_SMTP_USERNAME": "till", "NOTIFY_SMTP_PASSWORD": "s3cret"}

    (fault,) = faults_of({**whole, f"NOTIFY_{name}": value})

    assert fault.startswith(f"  NOTIFY_{name}: wants ")


def test_faults_are_told_together(settings_given: dict[str, str]) -> None:
    wrong = {"NOTIFY_SMTP_PORT": "x", "NOTIFY_SMTP_HOST": "mail.example", "NOTIFY_SMTP_USERNAME": "till"}

    assert [line.strip().partition(":")[0] for line in faults_of({**settings_given, **wrong})] == [
        "NOTIFY_SMTP_PASSWORD",
        "NOTIFY_SMTP_PORT",
        "NOTIFY_SMTP_SECURITY",
    ]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_mail_may_go_in_clear_on_loopback(settings_given: dict[str, str], host: str) -> None:
    assert load_settings({**settings_given, "NOTIFY_SMTP_HOST": host}).smtp_security == "none"


@pytest.mark.parametrize("host", ["mail.example", "10.0.0.1", "localhost.example"])
def test_mail_may_not_go_in_clear_elsewhere(settings_given: dict[str, str], host: str) -> None:
    """F38."""
    (fault,) = faults_of({**settings_given, "NOTIFY_SMTP_HOST": host})

    assert fault == "  NOTIFY_SMTP_SECURITY: allows 'none' only for a mail server on loopback."


def test_starttls_is_what_nobody_has_to_ask_for(settings_given: dict[str, str]) -> None:
    del settings_given["NOTIFY_SMTP_SECURITY"]

    assert load_settings(settings_given).smtp_security == "starttls"


def test_a_password_needs_its_user_name(settings_given: dict[str, str]) -> None:
    (fault,) = faults_of({**settings_given, "NOTIFY_SMTP_PASSWORD": "s3cret"})

    assert fault == "  NOTIFY_SMTP_USERNAME: is missing, while NOTIFY_SMTP_PASSWORD is there."


def test_no_secret_is_in_the_representation_or_in_a_fault(settings_given: dict[str, str]) -> None:
    """T47, T55."""
    secret = {"NOTIFY_SMTP_USERNAME": "till", "NOTIFY_SMTP_PASSWORD": "s3cret", "NOTIFY_REDIS_URL": "redis://:pw5@h"}
    shown = repr(load_settings({**settings_given, **secret}))
    told = "\n".join(faults_of({**settings_given, **secret, "NOTIFY_NOTIFICATION_KEY": "k3y", "NOTIFY_SMTP_PORT": "x"}))

    for text in ("s3cret", "pw5", settings_given["NOTIFY_NOTIFICATION_KEY"], "k3y"):
        assert text not in shown
        assert text not in told


CALENDAR = {"NOTIFY_LICENSE_SERVICE_URL": "http://127.0.0.1:8002", "NOTIFY_CLIENT_SECRET": "s3cret"}


def test_without_license_service_there_is_no_calendar(settings_given: dict[str, str]) -> None:
    assert load_settings(settings_given).calendar is None


def test_the_calendar_asks_the_issuer_unless_told_otherwise(settings_given: dict[str, str]) -> None:
    calendar = load_settings({**settings_given, **CALENDAR}).calendar
    elsewhere = load_settings(
        {**settings_given, **CALENDAR, "NOTIFY_AUTH_SERVICE_URL": "http://10.0.0.1:8001"}
    ).calendar

    assert calendar is not None
    assert elsewhere is not None
    assert (calendar.auth_service_url, calendar.client_id) == ("http://127.0.0.1:8001", "notify-service")
    assert elsewhere.auth_service_url == "http://10.0.0.1:8001"
    assert "s3cret" not in repr(calendar)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"NOTIFY_CLIENT_SECRET": "x"}, "NOTIFY_LICENSE_SERVICE_URL"),
        ({"NOTIFY_CLIENT_KEY_FILE": "/x"}, "NOTIFY_LICENSE_SERVICE_URL"),
        ({"NOTIFY_LICENSE_SERVICE_URL": "http://127.0.0.1:8002"}, "NOTIFY_CLIENT_SECRET"),
        ({**CALENDAR, "NOTIFY_CLIENT_KEY_FILE": "/x"}, "NOTIFY_CLIENT_KEY_FILE"),
        ({**CALENDAR, "NOTIFY_LICENSE_SERVICE_URL": "licenses"}, "NOTIFY_LICENSE_SERVICE_URL"),
        ({**CALENDAR, "NOTIFY_AUTH_SERVICE_URL": "http://[::1"}, "NOTIFY_AUTH_SERVICE_URL"),
        ({**CALENDAR, "NOTIFY_CLIENT_ID": "a b"}, "NOTIFY_CLIENT_ID"),
        ({**CALENDAR, "NOTIFY_CLIENT_SECRET": "a b"}, "NOTIFY_CLIENT_SECRET"),
    ],
)
def test_what_the_calendar_lacks_is_named(settings_given: dict[str, str], given: dict[str, str], fault: str) -> None:
    """T47: without its value."""
    (told,) = faults_of({**settings_given, **given})

    assert told.startswith(f"  {fault}: ")
    assert "s3cret" not in told


def test_a_key_that_is_not_there_keeps_the_service_from_starting(settings_given: dict[str, str]) -> None:
    given = {"NOTIFY_LICENSE_SERVICE_URL": "http://127.0.0.1:8002", "NOTIFY_CLIENT_KEY_FILE": "/nowhere/client.pem"}

    with pytest.raises(SettingsError, match="NOTIFY_CLIENT_KEY_FILE: /nowhere/client"):
        wire_up(load_settings({**settings_given, **given}))
