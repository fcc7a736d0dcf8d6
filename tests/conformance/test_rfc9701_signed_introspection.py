"""RFC 9701, the introspection answer as a signed JWT: §4, §5 and §8.1 (T21, T22, T33)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest

from tests.doubles.auth_house import ISSUER
from tests.doubles.resource_server import ResourceServer
from wire.errors import TokenRefusedError
from wire.scopes import LICENSE_AUDIENCE, NOTIFY_AUDIENCE
from wire.token_verification import LicenseTokenVerifier, TokenVerifier

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House

MEDIA_TYPE = "application/token-introspection+jwt"


def ask(server: ResourceServer, token: str, accept: str = MEDIA_TYPE) -> TestResponse:
    return server.ask(token, {"Accept": accept})


def read(house: House, answer: TestResponse, client_id: str = "resource-server") -> dict[str, Any]:
    """Verify the answer as a resource server does."""
    header = jwt.get_unverified_header(answer.text)
    key = house.wired.keys.key(header["kid"])
    assert key is not None
    claims: dict[str, Any] = jwt.decode(answer.text, key, algorithms=["ES256"], issuer=ISSUER, audience=client_id)
    return claims


def test_section_4_it_is_asked_for_by_the_accept_header(house: House) -> None:
    """§4: "an Accept HTTP header field in the request that is set to application/token-introspection+jwt"."""
    answer = ask(ResourceServer.of(house, LICENSE_AUDIENCE), house.tokens()["access_token"])

    assert (answer.status_code, answer.content_type) == (200, MEDIA_TYPE)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("text/html", "application/json"),
        (f"{MEDIA_TYPE};q=0.5, application/json", "application/json"),
        (f"application/json;q=0.5, {MEDIA_TYPE}", MEDIA_TYPE),
    ],
)
def test_section_4_otherwise_the_answer_is_plain_json(house: House, accept: str, content_type: str) -> None:
    """§4: who does not ask for it gets what RFC 7662 says."""
    assert ask(ResourceServer.of(house, LICENSE_AUDIENCE), "x", accept).content_type == content_type


def test_section_5_the_jwt_says_who_speaks_to_whom_and_when(house: House) -> None:
    """§5: iss, aud and iat are MUST, token_introspection holds the answer of RFC 7662 (T22)."""
    server = ResourceServer.of(house, LICENSE_AUDIENCE)
    token = house.tokens()["access_token"]

    claims = read(house, ask(server, token))

    assert claims == {
        "iss": ISSUER,
        "aud": "resource-server",
        "iat": int(house.clock().timestamp()),
        "token_introspection": server.introspect(token),
    }
    assert claims["token_introspection"]["active"] is True


def test_section_5_an_inactive_token_has_no_other_member(house: House) -> None:
    """§5: if it is not active, or not for this resource server, "other members MUST NOT be included" (T16)."""
    server = ResourceServer.of(house, NOTIFY_AUDIENCE)

    for token in ("x", house.tokens()["access_token"]):
        assert read(house, ask(server, token))["token_introspection"] == {"active": False}


def test_section_5_the_type_is_told_and_no_other_kind(house: House) -> None:
    """§5: "the "typ" header field ... MUST be set to "token-introspection+jwt"" (T21)."""
    answer = ask(ResourceServer.of(house, LICENSE_AUDIENCE), house.tokens()["access_token"])

    assert jwt.get_unverified_header(answer.text)["typ"] == "token-introspection+jwt"


def test_section_8_1_it_opens_nothing_as_an_access_or_license_token(house: House) -> None:
    """§8.1: cross-JWT confusion; neither sub nor exp stand at the top, and our verifiers refuse the type (T21)."""
    answer = ask(ResourceServer.of(house, LICENSE_AUDIENCE, client_id=LICENSE_AUDIENCE), house.tokens()["access_token"])

    assert not {"sub", "exp"} & jwt.decode(answer.text, options={"verify_signature": False}).keys()
    with pytest.raises(TokenRefusedError):
        TokenVerifier(house.wired.keys, ISSUER, LICENSE_AUDIENCE).access_token(answer.text)
    with pytest.raises(TokenRefusedError):
        LicenseTokenVerifier(house.wired.keys, ISSUER).license_token(answer.text)


def test_section_5_an_error_is_plain_json(house: House) -> None:
    """§5 changes only what is answered to who may ask (RFC 7662 §2.3)."""
    answer = ask(ResourceServer(house, "nobody", "x"), "x")

    assert (answer.status_code, answer.content_type) == (401, "application/json")


def test_section_8_2_it_is_kept_by_nobody(house: House) -> None:
    """T33."""
    assert ask(ResourceServer.of(house, LICENSE_AUDIENCE), "x").headers["Cache-Control"] == "no-store"
