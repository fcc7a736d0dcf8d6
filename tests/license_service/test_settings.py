from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from license_service.domain.errors import SettingsError
from license_service.settings import load_settings

GOOD = {
    "LICENSE_DATABASE_URL": "postgresql+psycopg://tillpass:hunter2@db/license",
    "LICENSE_PUBLIC_URL": "https://licenses.example:8443",
    "LICENSE_ISSUER": "https://auth.example",
    "LICENSE_KEY_FOLDER": "/var/lib/tillpass/license-keys",
}


def test_the_environment_is_read_and_what_is_not_ours_is_passed_over() -> None:
    settings = load_settings({**GOOD, "PATH": "/bin", "AUTH_ISSUER": "x"})

    assert settings.database_url == GOOD["LICENSE_DATABASE_URL"]
    assert settings.issuer == "https://auth.example"
    assert settings.public_host == "licenses.example"
    assert settings.key_folder == Path("/var/lib/tillpass/license-keys")


@pytest.mark.parametrize("issuer", ["https://auth.example", "https://auth.example/"])
def test_the_keys_are_where_the_issuer_publishes_them(issuer: str) -> None:
    settings = load_settings({**GOOD, "LICENSE_ISSUER": issuer})

    assert settings.jwks_uri == "https://auth.example/.well-known/jwks.json"


def test_the_keys_may_be_fetched_elsewhere() -> None:
    """T31: one fixed address, such as that of an inner network."""
    settings = load_settings({**GOOD, "LICENSE_JWKS_URI": "http://auth:8001/.well-known/jwks.json"})

    assert settings.jwks_uri == "http://auth:8001/.well-known/jwks.json"


@pytest.mark.parametrize("missing", sorted(GOOD))
@pytest.mark.parametrize("value", [None, "", "  "])
def test_each_missing_variable_is_named(missing: str, value: str | None) -> None:
    """T47."""
    environ = {**GOOD, missing: value} if value is not None else {k: v for k, v in GOOD.items() if k != missing}

    with pytest.raises(SettingsError, match=rf"{missing}: is missing\. It wants "):
        load_settings(environ)


def test_all_faults_are_reported_together() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"LICENSE_PUBLIC_URL": "licenses", "LICENSE_JWKS_URI": "file:///etc/passwd"})

    for name in (
        "LICENSE_DATABASE_URL",
        "LICENSE_PUBLIC_URL",
        "LICENSE_ISSUER",
        "LICENSE_KEY_FOLDER",
        "LICENSE_JWKS_URI",
    ):
        assert name in str(refused.value)


@pytest.mark.parametrize("url", ["nonsense", "mysql://db/license", "://", "postgresql+nosuch"])
def test_a_database_that_we_do_not_speak_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="LICENSE_DATABASE_URL"):
        load_settings({**GOOD, "LICENSE_DATABASE_URL": url})


@pytest.mark.parametrize("url", ["licenses.example", "ftp://x", "https://", "http://[", "http://a:b", "http://a:0"])
def test_a_public_url_is_a_web_address(url: str) -> None:
    with pytest.raises(SettingsError, match="LICENSE_PUBLIC_URL: wants an http or https URL"):
        load_settings({**GOOD, "LICENSE_PUBLIC_URL": url})


def test_the_database_password_is_not_in_the_repr() -> None:
    assert "hunter2" not in repr(load_settings(GOOD))


def test_without_a_secret_key_there_is_none_and_nothing_is_sent_to_this_machine() -> None:
    settings = load_settings(GOOD)

    assert (settings.secret_keys, settings.webhooks_to_loopback) == ((), False)


def test_several_secret_keys_stand_with_commas_and_are_shown_nowhere() -> None:
    """T57: so that a new key can be put before the old one."""
    keys = [Fernet.generate_key().decode() for _ in range(2)]

    settings = load_settings({**GOOD, "LICENSE_SECRET_KEY": ", ".join(keys), "LICENSE_WEBHOOKS_TO_LOOPBACK": "true"})

    assert settings.secret_keys == tuple(keys)
    assert settings.webhooks_to_loopback
    assert not any(key in repr(settings) for key in keys)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LICENSE_SECRET_KEY", "hunter2"),
        ("LICENSE_SECRET_KEY", ","),
        ("LICENSE_SECRET_KEY", "näh"),
        ("LICENSE_WEBHOOKS_TO_LOOPBACK", "perhaps"),
    ],
)
def test_what_is_no_key_or_no_answer_is_refused_without_being_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as refused:
        load_settings({**GOOD, name: value})

    assert value not in str(refused.value).replace(", ", "")
