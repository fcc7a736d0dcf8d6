"""Proof key for code exchange (RFC 7636) on the device flow, S256 alone; T15."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auth_service.domain.device_authorization import s256
from tests.doubles.auth_house import ISSUER
from wire.grant_types import DEVICE_CODE

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House

# Appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def _approved(house: House, **form: str) -> str:
    codes = house.ask_codes(**form)
    assert house.decide(codes["user_code"]).status_code == 303
    code: str = codes["device_code"]
    return code


def _challenged(house: House) -> str:
    return _approved(house, code_challenge=CHALLENGE, code_challenge_method="S256")


def _redeem(house: House, code: str, **form: str) -> TestResponse:
    known = {"grant_type": DEVICE_CODE, "device_code": code, "client_id": "tillpass-pos"}
    return house.post("/oauth/token", {**known, **form})


def _is_invalid_grant(answer: TestResponse) -> bool:
    return (answer.status_code, answer.json and answer.json["error"]) == (400, "invalid_grant")


def test_appendix_b_the_example_has_its_challenge() -> None:
    assert s256(VERIFIER) == CHALLENGE


def test_section_4_3_the_challenge_is_kept_with_the_code(house: House) -> None:
    """§4.4: the server associates the challenge with the code, here the device code."""
    assert _redeem(house, _challenged(house), code_verifier=VERIFIER).status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        {"code_challenge": CHALLENGE},
        {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "s256"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "S512"},
        {"code_challenge_method": "S256"},
        {"code_challenge": "short", "code_challenge_method": "S256"},
        {"code_challenge": "=" * 43, "code_challenge_method": "S256"},
        {"code_challenge": "A" * 4000, "code_challenge_method": "S256"},
    ],
    ids=str,
)
def test_section_4_4_1_what_is_not_s256_is_invalid_request(form: dict[str, str], house: House) -> None:
    """§4.4.1: invalid_request; §7.2: plain SHOULD NOT be used."""
    answer = house.post("/oauth/device_authorization", {"client_id": "tillpass-pos", **form})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("verifier", [None, "", "wrong", VERIFIER[:-1], VERIFIER + "A", CHALLENGE, "é" * 43, "\ud800"])
def test_section_4_6_a_code_with_a_challenge_needs_its_verifier(verifier: str | None, house: House) -> None:
    """§4.6: if the values are not equal, invalid_grant; the code is not used up."""
    code = _challenged(house)
    form = {} if verifier is None else {"code_verifier": verifier.encode("utf-8", "replace").decode()}

    assert _is_invalid_grant(_redeem(house, code, **form))
    assert _redeem(house, code, code_verifier=VERIFIER).status_code == 200


def test_section_4_6_a_verifier_without_a_challenge_is_refused(house: House) -> None:
    """RFC 9700 §4.8.2: so nobody strips the challenge on its way unseen."""
    code = _approved(house)

    assert _is_invalid_grant(_redeem(house, code, code_verifier=VERIFIER))
    assert _redeem(house, code).status_code == 200


def test_section_4_6_the_lost_answer_is_given_again_only_with_the_verifier(house: House) -> None:
    """Who has the code alone cannot fetch the tokens that its device has just got (T15, T25)."""
    code = _challenged(house)
    tokens = _redeem(house, code, code_verifier=VERIFIER).json

    again = _redeem(house, code, code_verifier=VERIFIER)

    assert again.json["refresh_token"] == tokens["refresh_token"]
    assert _is_invalid_grant(_redeem(house, code))


def test_section_6_2_the_metadata_names_the_method(house: House) -> None:
    """RFC 8414 §2: code_challenge_methods_supported."""
    document = house.web().get("/.well-known/oauth-authorization-server", base_url=ISSUER).json

    assert document["code_challenge_methods_supported"] == ["S256"]
