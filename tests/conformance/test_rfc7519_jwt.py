"""JSON Web Token (RFC 7519): validation (§7.2) step by step at our verifier, and what it needs of §4 to §6."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from wire.token_verification import LEEWAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.doubles.auth_house import House
    from tests.doubles.token_forge import Forge

    Takes = Callable[[str], bool]


def test_section_4_of_a_claim_said_twice_the_last_one_counts(forge: Forge, takes_access_token: Takes) -> None:
    """§4: a doubled name is refused or read as its last; here the last `aud` is not ours."""
    payload = json.dumps(forge.access_claims())[:-1] + ', "aud": "notify_service"}'

    assert not takes_access_token(forge.token(forge.header(), payload.encode()))


def test_section_4_claims_that_are_not_understood_are_ignored(forge: Forge, takes_access_token: Takes) -> None:
    """§4."""
    assert takes_access_token(forge.access_token(colour="blue", **{"https://example.com/shape": {"round": True}}))


@pytest.mark.parametrize("change", [str.upper, lambda iss: iss + "/", lambda iss: iss[:-1]])
def test_section_4_1_1_the_issuer_is_compared_by_character(
    forge: Forge, takes_access_token: Takes, change: Callable[[str], str]
) -> None:
    """§4.1.1 with §7.3: case counts, and nothing is normalised."""
    assert not takes_access_token(forge.access_token(iss=change(forge.issuer.url)))


@pytest.mark.parametrize("sub", [..., None, "", 1, ["device-1"]])
def test_section_4_1_2_the_subject_is_a_text(forge: Forge, takes_access_token: Takes, sub: object) -> None:
    """§4.1.2."""
    assert not takes_access_token(forge.access_token(sub=sub))


@pytest.mark.parametrize("aud", ["license_service", ["license_service"], ["other", "license_service"]])
def test_section_4_1_3_the_audience_may_stand_alone_or_among_others(
    forge: Forge, takes_access_token: Takes, aud: object
) -> None:
    """§4.1.3: one text, or a list of texts."""
    assert takes_access_token(forge.access_token(aud=aud))


@pytest.mark.parametrize("aud", [..., [], "", "other", ["other"], "LICENSE_SERVICE", ["license_service.evil.example"]])
def test_section_4_1_3_who_is_not_in_the_audience_refuses(forge: Forge, takes_access_token: Takes, aud: object) -> None:
    """§4.1.3: a recipient that does not find itself must refuse."""
    assert not takes_access_token(forge.access_token(aud=aud))


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -LEEWAY_SECONDS), ("nbf", LEEWAY_SECONDS + 5)])
def test_section_4_1_4_and_5_outside_its_time_it_is_refused(
    forge: Forge, takes_access_token: Takes, claim: str, seconds: int
) -> None:
    """§4.1.4, §4.1.5: on or after `exp`, and before `nbf`."""
    now = forge.access_claims()["iat"]

    assert not takes_access_token(forge.access_token(**{claim: now + seconds}))


def test_section_4_1_4_the_leeway_is_a_minute(forge: Forge, takes_access_token: Takes) -> None:
    """§4.1.4: a few minutes at most, for clocks that differ."""
    now = forge.access_claims()["iat"]

    assert LEEWAY_SECONDS == 60
    assert takes_access_token(forge.access_token(exp=now - LEEWAY_SECONDS + 10))


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", ["1780000000", [1], {}, True, float("nan"), float("inf")])
def test_section_4_1_4_to_6_an_instant_is_a_number(
    forge: Forge, takes_access_token: Takes, claim: str, value: object
) -> None:
    """§2, §4.1.4 to §4.1.6: a NumericDate."""
    assert not takes_access_token(forge.access_token(**{claim: value}))


def test_section_4_1_7_no_two_tokens_have_one_jti(house: House) -> None:
    """§4.1.7: all that we sign, of whatever kind, at the same moment."""
    first = house.tokens()
    second = house.refresh(first["refresh_token"]).json
    tokens = [answer[kind] for answer in (first, second) for kind in ("access_token", "license_token")]

    ids = {jwt.decode(token, options={"verify_signature": False})["jti"] for token in tokens}

    assert len(ids) == 4


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_section_5_1_the_type_is_a_media_type(forge: Forge, takes_access_token: Takes, typ: str) -> None:
    """§5.1 with RFC 7515 §4.1.9: without regard to case, with or without its prefix."""
    assert takes_access_token(forge.token(forge.header(typ=typ), forge.access_claims()))


def test_section_6_an_unsecured_jwt_is_refused(forge: Forge, takes_access_token: Takes) -> None:
    """§6, §7.2: the algorithm none is none of ours (T19)."""
    signed = forge.signing_input(forge.header(alg="none"), forge.access_claims())

    assert not takes_access_token(forge.compact(signed, b""))


def test_section_7_1_what_we_sign_is_a_compact_jws_of_an_object(house: House) -> None:
    """§7.1: three parts, a header that says how to verify it, a claims set that is one JSON object."""
    answer = house.tokens()

    for kind, typ in (("access_token", "at+jwt"), ("license_token", "license+jwt")):
        header = jwt.get_unverified_header(answer[kind])
        assert (set(header), header["alg"], header["typ"]) == ({"alg", "kid", "typ"}, "ES256", typ)
        assert answer[kind].count(".") == 2
        assert isinstance(jwt.decode(answer[kind], options={"verify_signature": False}), dict)


@pytest.mark.parametrize("text", ["", "x", "eyJhbGciOiJFUzI1NiJ9", "....", "a.b.c"])
def test_section_7_2_step_1_without_its_periods_it_is_no_jwt(takes_access_token: Takes, text: str) -> None:
    """§7.2, steps 1 and 2."""
    assert not takes_access_token(text)


@pytest.mark.parametrize("spoil", [" ", "\n", "=", "+", "%2E"])
def test_section_7_2_step_3_the_parts_are_bare_base64url(forge: Forge, takes_access_token: Takes, spoil: str) -> None:
    """§7.2, steps 3 and 9: no line breaks, white space, padding or other signs."""
    header, _, rest = forge.access_token().partition(".")

    assert not takes_access_token(f"{header}{spoil}.{rest}")


@pytest.mark.parametrize("header", [b"alg=ES256", b'["ES256"]', b'"ES256"', b'{"alg":"\xff"}', b"[" * 5000])
def test_section_7_2_step_4_the_header_is_an_object_in_utf_8(
    forge: Forge, takes_access_token: Takes, header: bytes
) -> None:
    """§7.2, step 4."""
    assert not takes_access_token(forge.token(header, forge.access_claims()))


@pytest.mark.parametrize("changes", [{"crit": ["till"], "till": 1}, {"crit": []}, {"b64": False}, {"alg": "ES384"}])
def test_section_7_2_step_5_a_header_that_is_not_understood_is_refused(
    forge: Forge, takes_access_token: Takes, changes: dict[str, Any]
) -> None:
    """§7.2, step 5 (T20)."""
    assert not takes_access_token(forge.token(forge.header(**changes), forge.access_claims()))


def test_section_7_2_step_6_an_encrypted_jwt_is_none_of_ours(forge: Forge, takes_access_token: Takes) -> None:
    """§7.2, step 6: five parts make a JWE; we take a JWS only."""
    header, payload, signature = forge.access_token().split(".")

    assert not takes_access_token(f"{header}..{payload}.{signature}.e30")
    assert not takes_access_token(forge.token(forge.header(enc="A256GCM"), forge.access_claims()) + ".e30.e30")


def test_section_7_2_step_7_the_signature_is_verified_first(forge: Forge, takes_access_token: Takes) -> None:
    """§7.2, step 7: not a bit of header or claims may differ from what was signed."""
    signed = forge.signing_input(forge.header(), forge.access_claims())
    richer = forge.signing_input(forge.header(), forge.access_claims(scope="entitlements"))

    assert takes_access_token(forge.compact(signed, forge.signature(signed)))
    assert not takes_access_token(forge.compact(richer, forge.signature(signed)))


@pytest.mark.parametrize("cty", ["JWT", "jwt", "application/jwt", ""])
def test_section_7_2_step_8_a_nested_jwt_is_refused(forge: Forge, takes_access_token: Takes, cty: str) -> None:
    """§7.2, step 8, §5.2: `cty` says that the content is another token, and that is never so with ours (T20)."""
    nested = forge.access_token().encode()

    assert not takes_access_token(forge.token(forge.header(cty=cty), nested))
    assert not takes_access_token(forge.token(forge.header(cty=cty), forge.access_claims()))


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b'"sub"', b"{} {}", b'{"a":"\xff"}', b"[" * 5000])
def test_section_7_2_step_10_the_claims_are_an_object_in_utf_8(
    forge: Forge, takes_access_token: Takes, payload: bytes
) -> None:
    """§7.2, step 10."""
    assert not takes_access_token(forge.token(forge.header(), payload))
