"""Protected resource metadata (RFC 9728), where a service's URL has a path and a challenge several schemes."""

from __future__ import annotations

import pytest
from flask import Flask, Response

from wire.scopes import LICENSE_AUDIENCE
from wire.serving.protected_resource import ProtectedResource, install_protected_resource


def resource(identifier: str) -> ProtectedResource:
    return ProtectedResource(identifier=identifier, issuer="https://a.example", audience=LICENSE_AUDIENCE, name="A")


@pytest.mark.parametrize(
    ("identifier", "url"),
    [
        ("https://a.example", "https://a.example/.well-known/oauth-protected-resource"),
        ("https://a.example/", "https://a.example/.well-known/oauth-protected-resource"),
        ("https://a.example:8443/v1", "https://a.example:8443/.well-known/oauth-protected-resource/v1"),
    ],
)
def test_well_known_path_stands_between_host_and_path(identifier: str, url: str) -> None:
    """§3.1."""
    assert resource(identifier).metadata_url == url
    assert resource(identifier).metadata()["resource"] == identifier


def test_every_challenge_is_led_from() -> None:
    """§5.1: the parameter goes with any scheme, also where a scheme has no other parameter."""
    app = Flask("small")
    install_protected_resource(app, resource("https://a.example"))

    @app.get("/")
    def locked() -> Response:
        response = Response(status=401)
        response.headers.add("WWW-Authenticate", "Bearer")
        response.headers.add("WWW-Authenticate", 'DPoP algs="ES256"')
        return response

    named = 'resource_metadata="https://a.example/.well-known/oauth-protected-resource"'
    challenges = app.test_client().get("/").headers.getlist("WWW-Authenticate")

    assert challenges == [f"Bearer {named}", f'DPoP algs="ES256", {named}']


def test_answer_without_a_challenge_gets_none() -> None:
    app = Flask("small")
    install_protected_resource(app, resource("https://a.example"))

    assert "WWW-Authenticate" not in app.test_client().get("/nowhere").headers
