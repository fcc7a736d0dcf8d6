"""Settings: all faults at once, no secret repeated (T47)."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from auth_service.domain.errors import SettingsError
from auth_service.domain.trial import Trial
from auth_service.settings import load_settings

GOOD = {
    "AUTH_DATABASE_URL": "sqlite:////tmp/x",
    "AUTH_REDIS_URL": "redis://127.0.0.1:6379/0",
    "AUTH_ISSUER": "https://auth.example.com",
    "AUTH_SECRET_KEY": "k" * 32,
    "AUTH_KEY_FOLDER": "/tmp/keys",
    "AUTH_LICENSE_SERVICE_URL": "http://license:8002",
    "AUTH_NOTIFY_SERVICE_URL": "http://notify:8003",
    "AUTH_NOTIFICATION_KEY": Fernet.generate_key().decode(),
    "PATH": "/bin",
}


def test_good_settings_are_read() -> None:
    settings = load_settings(GOOD)

    assert settings.issuer == "https://auth.example.com"
    assert settings.is_https


def test_all_missing_variables_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings({})

    for name in GOOD.keys() - {"PATH"}:
        assert name in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH_SECRET_KEY", "short"),
        ("AUTH_ISSUER", "http://auth.example.com"),
        ("AUTH_ISSUER", "https://auth.example.com/"),
        ("AUTH_ISSUER", "tills.example"),
        ("AUTH_NOTIFICATION_KEY", "not-a-key"),
        ("AUTH_REDIS_URL", "http://x"),
        ("AUTH_LICENSE_SERVICE_URL", "https://x?y"),
        ("AUTH_DATABASE_URL", ""),
        ("AUTH_LIMIT_CODES_PER_ADDRESS", "-17"),
        ("AUTH_LIMIT_CODES_PER_CLIENT", "many"),
        ("AUTH_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("AUTH_KEY_ROTATION_DAYS", "-1"),
        ("AUTH_KEY_ROTATION_DAYS", "36500"),
        ("AUTH_KEY_ROTATION_DAYS", "monthly"),
        ("AUTH_TRUSTED_PROXIES", "10.0.0.0/8;192.0.2.1"),
        ("AUTH_REQUIRE_DPOP", "perhaps"),
        ("AUTH_DPOP_NONCE", "always"),
        ("AUTH_TRIAL_DAYS", "0-"),
        ("AUTH_TRIAL_COMPONENTS", "tills"),
        ("AUTH_TRIAL_COMPONENTS", "xms=none"),
        ("AUTH_TRIAL_COMPONENTS", "xms=5;kds=2"),
        ("AUTH_TRIAL_COMPONENTS", "xms=5,xms=2,"),
    ],
)
def test_a_wrong_value_is_named_but_never_repeated(name: str, value: str) -> None:
    """C14: a settings error ends up in logs."""
    with pytest.raises(SettingsError) as raised:
        load_settings({**GOOD, name: value})

    assert name in str(raised.value)
    assert not value or value not in str(raised.value)


def test_no_secret_shows_in_a_repr() -> None:
    """C14: a repr ends up in logs."""
    shown = repr(load_settings({**GOOD, "AUTH_REDIS_URL": "redis://:hush@127.0.0.1/0"}))

    for secret in (GOOD["AUTH_SECRET_KEY"], GOOD["AUTH_NOTIFICATION_KEY"], "hush"):
        assert secret not in shown


def test_keys_rotate_by_schedule_unless_that_is_switched_off() -> None:
    """T30."""
    assert load_settings(GOOD).key_rotation_days == 90
    assert load_settings({**GOOD, "AUTH_KEY_ROTATION_DAYS": "0"}).key_rotation_days == 0


def test_a_pkcs11_token_is_described_whole_or_not_at_all() -> None:
    """T29: all faults together, with those of other variables."""
    token = {
        "AUTH_PKCS11_MODULE": "/usr/lib/softhsm/libsofthsm2.so",
        "AUTH_PKCS11_TOKEN_LABEL": "tillpass",
        "AUTH_PKCS11_PIN_FILE": "/etc/tillpass/pin",
    }

    assert load_settings(GOOD).pkcs11 is None
    pkcs11 = load_settings({**GOOD, **token}).pkcs11
    assert pkcs11 is not None
    assert [str(pkcs11.module), pkcs11.token_label, str(pkcs11.pin_file)] == list(token.values())
    for name, value in token.items():
        with pytest.raises(SettingsError) as raised:
            load_settings({**GOOD, name: value, "AUTH_ISSUER": "x"})
        assert [other in str(raised.value) for other in token] == [other != name for other in token]
        assert "AUTH_ISSUER" in str(raised.value)


def test_plain_http_is_for_ones_own_machine_only() -> None:
    assert not load_settings({**GOOD, "AUTH_ISSUER": "http://127.0.0.1:8001"}).is_https


def test_no_proxy_is_trusted_unless_it_is_named() -> None:
    """T03."""
    asked = {"X-Forwarded-For": "198.51.100.1"}
    named = load_settings({**GOOD, "AUTH_TRUSTED_PROXIES": "127.0.0.0/8, ::1"})

    assert load_settings(GOOD).trusted_proxies.asker("127.0.0.1", asked) == "127.0.0.1"
    assert named.trusted_proxies.asker("127.0.0.1", asked) == "198.51.100.1"


def test_a_key_is_demanded_of_devices_only_where_the_settings_say_so() -> None:
    """T15."""
    strict = load_settings({**GOOD, "AUTH_REQUIRE_DPOP": "true", "AUTH_DPOP_NONCE": "required"})

    assert (load_settings(GOOD).require_dpop, load_settings(GOOD).dpop_nonce) == (False, "offered")
    assert (strict.require_dpop, strict.dpop_nonce) == (True, "required")


def test_how_many_codes_may_be_asked_for_is_set_by_number() -> None:
    """T17."""
    settings = load_settings({**GOOD, "AUTH_LIMIT_CODES_PER_ADDRESS": "7", "AUTH_LIMIT_CODES_PER_CLIENT": "70"})

    assert (settings.codes_per_address, settings.codes_per_client) == (7, 70)


def test_a_trial_is_what_the_settings_say() -> None:
    """S1-34: each part of it by itself, or as it is without."""
    chosen = load_settings({**GOOD, "AUTH_TRIAL_COMPONENTS": "xms=3, kds=2", "AUTH_TRIAL_DAYS": "14"}).trial

    assert load_settings(GOOD).trial == Trial("standard", (("xms", 5),), 30)
    assert chosen == Trial("standard", (("xms", 3), ("kds", 2)), 14)
