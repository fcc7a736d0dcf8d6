"""What each scope opens (RFC 6749 §3.3, RFC 9068 §3)."""

from __future__ import annotations

import pytest

from wire import scopes


@pytest.mark.parametrize(
    ("scope", "audiences"),
    [
        ("license", ["license_service"]),
        ("entitlements", ["license_service"]),
        ("licenses.read licenses.write", ["license_service"]),
        ("notifications.read", ["notify_service"]),
        ("notifications.write", ["notify_service"]),
        ("notifications.read license", ["license_service", "notify_service"]),
        ("license license", ["license_service"]),
        ("", []),
        ("License unknown", []),
    ],
)
def test_scope_opens_the_audiences_of_its_names(scope: str, audiences: list[str]) -> None:
    assert scopes.audiences_of(scope) == audiences


def test_no_scope_opens_what_license_tokens_are_for() -> None:
    """T21: an access token can never pass for a license token at a POS server."""
    assert scopes.POS_AUDIENCE not in scopes.AUDIENCE_OF_SCOPE.values()


def test_every_scope_has_its_audience() -> None:
    audiences = {scopes.AUTH_AUDIENCE, scopes.LICENSE_AUDIENCE, scopes.NOTIFY_AUDIENCE, scopes.POS_AUDIENCE}
    named = {value for name, value in vars(scopes).items() if name.isupper() and isinstance(value, str)} - audiences

    assert named == set(scopes.AUDIENCE_OF_SCOPE)
