"""RFC 7009, token revocation: §2, §2.1, §2.2 and §2.2.1 (T16, T23, T28, T50)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from auth_service.actions.register_client import NewClient, register_client
from database.errors import DatabaseUnavailableError
from tests.doubles.resource_server import ResourceServer
from wire.grant_types import CLIENT_CREDENTIALS, DEVICE_CODE, REFRESH_TOKEN
from wire.scopes import AUTH_AUDIENCE, LICENSE, LICENSE_AUDIENCE

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House

REVOKE = "/oauth/revoke"


def revoke(house: House, token: str, client_id: str = "tillpass-pos", **form: Any) -> TestResponse:
    return house.post(REVOKE, {"token": token, "client_id": client_id, **form})


def other_client(house: House) -> str:
    new = NewClient("other-pos", "Other", (DEVICE_CODE, REFRESH_TOKEN), (LICENSE,), is_public=True)
    register_client(house.wired.database, new, now=house.clock())
    return "other-pos"


def by_scripts(house: House) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"scripts:{house.client_secret}".encode()).decode()}


def service_token(house: House) -> str:
    answer = house.post("/oauth/token", {"grant_type": CLIENT_CREDENTIALS}, headers=by_scripts(house))
    token: str = answer.json["access_token"]
    return token


def test_section_2_a_refresh_token_is_revoked(house: House) -> None:
    """§2: "Implementations MUST support the revocation of refresh tokens" (T28); the reason is told."""
    tokens = house.tokens()

    assert revoke(house, tokens["refresh_token"]).status_code == 200

    answer = house.refresh(tokens["refresh_token"])
    assert (answer.status_code, answer.json["error"], answer.json["reason"]) == (400, "invalid_grant", "revoked")


def test_section_2_the_device_may_be_authorized_again(house: House) -> None:
    """A device that gave its license back is licensed again by the next approval."""
    revoke(house, house.tokens()["refresh_token"])

    assert house.refresh(house.tokens()["refresh_token"]).status_code == 200


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "colour", ""])
def test_section_2_1_a_wrong_hint_does_not_hide_the_token(house: House, hint: str) -> None:
    """§2.1: the server "MUST extend its search across all of its supported token types"."""
    tokens = house.tokens()

    assert revoke(house, tokens["refresh_token"], token_type_hint=hint).status_code == 200
    assert house.refresh(tokens["refresh_token"]).json["reason"] == "revoked"


def test_section_2_1_the_access_tokens_of_the_grant_end_with_it(house: House) -> None:
    """§2.1: the server "SHOULD also invalidate all access tokens based on the same authorization grant"."""
    tokens = house.tokens()
    server = ResourceServer.of(house, LICENSE_AUDIENCE)
    assert server.introspect(tokens["access_token"])["active"]

    revoke(house, tokens["refresh_token"])

    assert server.introspect(tokens["access_token"]) == {"active": False}


def test_section_2_1_an_access_token_is_revoked_by_itself(house: House) -> None:
    """§2: "SHOULD support the revocation of access tokens"; the grant lives on."""
    tokens = house.tokens()
    server = ResourceServer.of(house, LICENSE_AUDIENCE)

    assert revoke(house, tokens["access_token"], token_type_hint="access_token").status_code == 200

    assert server.introspect(tokens["access_token"]) == {"active": False}
    refreshed = house.refresh(tokens["refresh_token"]).json
    assert server.introspect(refreshed["access_token"])["active"]


def test_section_2_1_a_service_s_access_token_is_revoked(house: House) -> None:
    """§2: tokens of client_credentials as well."""
    token = service_token(house)
    server = ResourceServer.of(house, LICENSE_AUDIENCE)
    assert server.introspect(token)["active"]

    assert house.post(REVOKE, {"token": token}, headers=by_scripts(house)).status_code == 200

    assert server.introspect(token) == {"active": False}


def test_section_2_1_a_revoked_token_is_remembered_until_it_has_expired(house: House) -> None:
    """What is revoked leaves the table when nobody could use it any more."""
    first = house.tokens()["access_token"]
    revoke(house, first)
    house.clock.pass_seconds(601)

    revoke(house, house.tokens()["access_token"])

    with house.wired.database.reading() as connection:
        assert len(connection.exec_driver_sql("SELECT jti FROM revoked_access_tokens").all()) == 1


def test_section_2_1_a_confidential_client_must_authenticate(house: House) -> None:
    """§2.1: "The authorization server first validates the client credentials" (T09)."""
    answer = revoke(house, service_token(house), "scripts")

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_section_2_1_an_unknown_client_is_refused(house: House) -> None:
    """§2.1 with RFC 6749 §5.2."""
    assert revoke(house, "x", "nobody").json["error"] == "invalid_client"


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_section_2_1_another_client_s_token_is_refused_and_lives(house: House, kind: str) -> None:
    """§2.1: issued to the requesting client, or "the request is refused and the client is informed" (T08)."""
    tokens = house.tokens()
    server = ResourceServer.of(house, LICENSE_AUDIENCE)

    answer = revoke(house, tokens[kind], other_client(house))

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
    assert server.introspect(tokens["access_token"])["active"]
    assert house.refresh(tokens["refresh_token"]).status_code == 200


def test_section_2_1_an_older_token_of_the_family_ends_it(house: House) -> None:
    """A client whose last answer was lost holds no newer one (T25)."""
    first = house.tokens()["refresh_token"]
    second = house.refresh(first).json["refresh_token"]

    assert revoke(house, first).status_code == 200

    assert house.refresh(second).json["reason"] == "revoked"


def test_section_2_1_a_made_up_token_of_the_family_ends_nothing(house: House) -> None:
    """T23: who knows a grant's id and no more must not be able to end it."""
    token = house.tokens()["refresh_token"]
    signs = list(token)
    signs[60] = "A" if signs[60] != "A" else "B"

    assert revoke(house, "".join(signs)).status_code == 200
    assert house.refresh(token).status_code == 200


@pytest.mark.parametrize("token", ["x", "a.b.c", "A" * 91, "ä", "x" * 20_000, "e30.e30.e30"], ids=lambda text: text[:8])
def test_section_2_2_an_unknown_token_is_200(house: House, token: str) -> None:
    """§2.2: "invalid tokens do not cause an error response"."""
    answer = revoke(house, token)

    assert (answer.status_code, answer.data) == (200, b"")


def test_section_2_2_a_second_revocation_is_200(house: House) -> None:
    """§2.2: the client cannot handle an error in a reasonable way; the reason stays the first."""
    tokens = house.tokens()

    for _ in range(2):
        assert revoke(house, tokens["refresh_token"]).status_code == 200
        assert revoke(house, tokens["access_token"]).status_code == 200


def test_section_2_2_a_revocation_after_the_end_changes_nothing(house: House) -> None:
    """What ended for another reason keeps it."""
    first = house.tokens()["refresh_token"]
    house.tokens()

    assert revoke(house, first).status_code == 200
    assert house.refresh(first).json["reason"] == "replaced"


def test_section_2_1_the_token_parameter_is_required(house: House) -> None:
    """§2.1: token is REQUIRED; §2.2.1: errors as in RFC 6749 §5.2."""
    answer = house.post(REVOKE, {"client_id": "tillpass-pos"})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_section_2_1_only_post_with_a_form_is_taken(house: House) -> None:
    """§2.1: HTTP POST, application/x-www-form-urlencoded; nothing in the address (T50)."""
    assert house.web().get(REVOKE, base_url="http://127.0.0.1:8001").status_code == 405
    assert house.post(f"{REVOKE}?token=x", {"client_id": "tillpass-pos"}).json["error"] == "invalid_request"


def test_section_2_2_1_a_license_token_is_an_unsupported_type(house: House) -> None:
    """§2.2.1: unsupported_token_type, "the client tried to revoke" what cannot be revoked by itself."""
    tokens = house.tokens()

    answer = revoke(house, tokens["license_token"])

    assert (answer.status_code, answer.json["error"]) == (400, "unsupported_token_type")
    assert house.refresh(tokens["refresh_token"]).status_code == 200


def test_section_2_2_1_away_is_503_and_nothing_is_revoked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """§2.2.1: 503, "the client must assume the token still exists", with Retry-After (F28)."""
    tokens = house.tokens()
    with monkeypatch.context() as broken:
        broken.setattr("auth_service.actions.revoke_token.find_grant", _away)
        answer = revoke(house, tokens["refresh_token"])

    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"]
    assert house.refresh(tokens["refresh_token"]).status_code == 200


def _away(*_: object) -> None:
    raise DatabaseUnavailableError("The database does not answer.")


def test_section_2_a_revoked_refresh_token_is_not_active(house: House) -> None:
    """RFC 7662 with §2.1: a revoked refresh token is not active."""
    token = house.tokens()["refresh_token"]
    server = ResourceServer.of(house, AUTH_AUDIENCE)
    assert server.introspect(token)["active"]

    revoke(house, token)

    assert server.introspect(token) == {"active": False}
