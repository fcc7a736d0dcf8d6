"""The words of the standards, letter by letter: both ends compare them as they stand."""

from __future__ import annotations

import pytest

from wire import grant_types, oauth_errors, polling_interval, token_types


@pytest.mark.parametrize(
    ("word", "standard"),
    [
        (grant_types.DEVICE_CODE, "urn:ietf:params:oauth:grant-type:device_code"),
        (grant_types.REFRESH_TOKEN, "refresh_token"),
        (grant_types.CLIENT_CREDENTIALS, "client_credentials"),
    ],
)
def test_grant_types_are_those_of_the_standards(word: str, standard: str) -> None:
    """RFC 8628 §3.4, RFC 6749 §6, §4.4.2."""
    assert word == standard


@pytest.mark.parametrize("name", [name for name in vars(oauth_errors) if name.isupper()])
def test_error_codes_are_those_of_the_standards(name: str) -> None:
    """RFC 6749 §4.1.2.1, §5.2; RFC 8628 §3.5: each is written as its name."""
    assert getattr(oauth_errors, name) == name.lower()


def test_polling_is_as_slow_as_the_standard_wants() -> None:
    """RFC 8628 §3.2: "If no value is provided, clients MUST use 5 as the default"; §3.5: slow_down adds 5 seconds."""
    assert (polling_interval.DEFAULT_INTERVAL_SECONDS, polling_interval.SLOW_DOWN_SECONDS) == (5, 5)


def test_access_tokens_are_typed_as_the_standard_wants() -> None:
    """RFC 9068 §2.1; our license token has a type of its own (RFC 8725 §3.11)."""
    assert token_types.ACCESS_TOKEN_TYPE == "at+jwt"
    assert token_types.LICENSE_TOKEN_TYPE not in {token_types.ACCESS_TOKEN_TYPE, "jwt"}
