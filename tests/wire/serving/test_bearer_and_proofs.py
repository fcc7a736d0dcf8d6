"""The guard and tokens that are bound to a key (RFC 9449 §7; T15)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from wire.dpop_key import DpopKey

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

URL = "https://small.example/guarded"
KEY = DpopKey.generate()


def _bound(forge: Any, key: DpopKey = KEY, **claims: Any) -> str:
    token: str = forge.access_token(cnf={"jkt": key.jkt}, **claims)
    return token


def _proof(token: str, *, key: DpopKey = KEY, method: str = "GET", url: str = URL, seconds_ago: int = 0) -> str:
    return key.proof(method, url, datetime.now(UTC) - timedelta(seconds=seconds_ago), access_token=token)


def _get(client: FlaskClient, token: str, proof: str | None, scheme: str = "DPoP") -> TestResponse:
    headers = {"Authorization": f"{scheme} {token}"}
    if proof is not None:
        headers["DPoP"] = proof
    return client.get("/guarded", headers=headers)


def _is_refused(answer: TestResponse, code: str) -> bool:
    challenge = answer.headers["WWW-Authenticate"]
    return (
        answer.status_code == 401
        and answer.json is not None
        and answer.json["code"] == code
        and challenge == f'DPoP algs="ES256", error="{code}", error_description="{answer.json["detail"]}"'
    )


@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP"])
def test_bound_token_with_its_proof_opens_the_route(scheme: str, client: FlaskClient, forge: Any) -> None:
    token = _bound(forge)

    answer = _get(client, token, _proof(token), scheme)

    assert answer.status_code == 200
    assert answer.json["cnf"] == {"jkt": KEY.jkt}


def test_method_that_is_proved_is_that_of_the_request(client: FlaskClient, forge: Any) -> None:
    token = _bound(forge)
    headers = {"Authorization": f"DPoP {token}", "DPoP": _proof(token, method="POST")}

    assert client.post("/guarded", headers=headers).status_code == 200


def test_query_is_no_part_of_what_is_proved(client: FlaskClient, forge: Any) -> None:
    token = _bound(forge)
    headers = {"Authorization": f"DPoP {token}", "DPoP": _proof(token)}

    assert client.get("/guarded?page=2", headers=headers).status_code == 200


def test_bound_token_sent_as_bearer_is_refused(client: FlaskClient, forge: Any) -> None:
    """§7.2: also with a good proof beside it."""
    token = _bound(forge)

    assert _is_refused(_get(client, token, None, "Bearer"), "invalid_token")
    assert _is_refused(_get(client, token, _proof(token), "Bearer"), "invalid_token")


def test_unbound_token_sent_as_dpop_is_refused(client: FlaskClient, forge: Any) -> None:
    token = forge.access_token()

    assert _is_refused(_get(client, token, _proof(token)), "invalid_token")


def test_unbound_token_stays_a_bearer_token(client: FlaskClient, forge: Any) -> None:
    token = forge.access_token()

    assert _get(client, token, _proof(token), "Bearer").status_code == 200


def test_copied_token_without_the_key_opens_nothing(client: FlaskClient, forge: Any) -> None:
    """T15: whoever has the token alone, or the token and a key of his own."""
    token = _bound(forge)

    assert _is_refused(_get(client, token, None), "invalid_dpop_proof")
    assert _is_refused(_get(client, token, _proof(token, key=DpopKey.generate())), "invalid_dpop_proof")


def test_proof_for_something_else_is_refused(client: FlaskClient, forge: Any) -> None:
    """§7.1, §4.3: another method, address, service or token, or none."""
    token = _bound(forge)
    for proof in (
        _proof(token, method="POST"),
        _proof(token, url="https://small.example/words/x"),
        _proof(token, url="https://other.example/guarded"),
        _proof(_bound(forge, jti="another")),
        KEY.proof("GET", URL, datetime.now(UTC)),
        f"{_proof(token)},{_proof(token)}",
        "nonsense",
    ):
        assert _is_refused(_get(client, token, proof), "invalid_dpop_proof")


def test_replayed_proof_is_refused(client: FlaskClient, forge: Any) -> None:
    """§11.1."""
    token = _bound(forge)
    proof = _proof(token)

    assert _get(client, token, proof).status_code == 200
    assert _is_refused(_get(client, token, proof), "invalid_dpop_proof")


def test_client_with_a_wrong_clock_is_given_a_nonce(client: FlaskClient, forge: Any) -> None:
    """§9."""
    token = _bound(forge)
    answer = _get(client, token, _proof(token, seconds_ago=86_400))
    assert _is_refused(answer, "use_dpop_nonce")
    long_ago = datetime.now(UTC) - timedelta(days=1)

    again = KEY.proof("GET", URL, long_ago, access_token=token, nonce=answer.headers["DPoP-Nonce"])

    assert _get(client, token, again).status_code == 200


@pytest.mark.parametrize("claims", [{"exp": 1}, {"aud": "notify_service"}, {"cnf": {"x5t#S256": "abc"}}])
def test_bad_token_is_refused_before_its_proof_is_looked_at(
    claims: dict[str, Any], client: FlaskClient, forge: Any
) -> None:
    token = forge.access_token(**{"cnf": {"jkt": KEY.jkt}, **claims})

    assert _is_refused(_get(client, token, _proof(token)), "invalid_token")


def test_lacking_scope_is_told_in_the_scheme_that_was_used(client: FlaskClient, forge: Any) -> None:
    token = _bound(forge, scope="other")

    answer = _get(client, token, _proof(token))

    assert answer.status_code == 403
    assert answer.headers["WWW-Authenticate"] == 'DPoP algs="ES256", error="insufficient_scope", scope="license"'
