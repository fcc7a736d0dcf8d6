"""What a DPoP proof must be, each rule with what breaks it (RFC 9449 §4.3; T15, T19, T20)."""

from __future__ import annotations

import base64
import json
import time
from contextlib import suppress
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from wire.dpop_key import access_token_hash, public_jwk, thumbprint
from wire.dpop_proof import LONGEST_PROOF, DpopProof, normal_address, read_proof
from wire.errors import ProofRefusedError

URL = "https://auth.example/oauth/token"
KEY = ec.generate_private_key(ec.SECP256R1())
JWK = public_jwk(KEY.public_key())
SECRET = base64.urlsafe_b64encode(KEY.private_numbers().private_value.to_bytes(32, "big")).rstrip(b"=").decode()


def _header(**changes: Any) -> dict[str, Any]:
    return _changed({"typ": "dpop+jwt", "alg": "ES256", "jwk": JWK}, changes)


def _claims(**changes: Any) -> dict[str, Any]:
    return _changed({"jti": "proof-1", "htm": "POST", "htu": URL, "iat": int(time.time())}, changes)


def _changed(good: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def _read(proof: str, **more: Any) -> DpopProof:
    return read_proof(proof, **{"method": "POST", "url": URL, **more})


def _refusal(proof: str, **more: Any) -> str:
    with pytest.raises(ProofRefusedError) as refused:
        _read(proof, **more)
    assert refused.value.code == "invalid_dpop_proof"
    return str(refused.value)


def test_good_proof_is_read(forge: Any) -> None:
    claims = _claims(nonce="n-1", beside="passed over")

    proof = _read(forge.token(_header(), claims, KEY))

    assert proof == DpopProof(thumbprint(KEY.public_key()), "proof-1", claims["iat"], "n-1")


def test_time_with_a_fraction_is_a_time(forge: Any) -> None:
    """RFC 7519 §2: a NumericDate may be no whole number."""
    assert _read(forge.token(_header(), _claims(iat=1_700_000_000.25), KEY)).iat == 1_700_000_000.25


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ({"typ": "jwt"}, "The DPoP proof is not of type dpop+jwt."),
        ({"typ": "at+jwt"}, "The DPoP proof is not of type dpop+jwt."),
        ({"typ": ...}, "The DPoP proof is not of type dpop+jwt."),
        ({"typ": ["dpop+jwt"]}, "The DPoP proof is not of type dpop+jwt."),
        ({"alg": "none"}, "The DPoP proof is not signed with ES256."),
        ({"alg": "HS256"}, "The DPoP proof is not signed with ES256."),
        ({"alg": "ES384"}, "The DPoP proof is not signed with ES256."),
        ({"alg": ...}, "The DPoP proof is not signed with ES256."),
        ({"crit": ["exp"], "exp": 1}, "The DPoP proof is not a JWT."),
        ({"crit": []}, "The DPoP proof is not a JWT."),
        ({"b64": False}, "The DPoP proof is not a JWT."),
        ({"jwk": ...}, "The header of the DPoP proof has no jwk."),
        ({"jwk": "text"}, "The header of the DPoP proof has no jwk."),
        ({"jwk": [JWK]}, "The header of the DPoP proof has no jwk."),
        ({"jwk": ..., "jku": "https://evil.example/keys"}, "The header of the DPoP proof has no jwk."),
        ({"jwk": ..., "kid": "2026-01"}, "The header of the DPoP proof has no jwk."),
    ],
)
def test_header_that_breaks_a_rule_is_refused(header: dict[str, Any], sentence: str, forge: Any) -> None:
    assert _refusal(forge.token(_header(**header), _claims(), KEY)) == sentence


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_key_with_a_private_member_is_refused(member: str, forge: Any) -> None:
    """§4.3 step 7: the jwk must not contain a private key."""
    sentence = _refusal(forge.token(_header(jwk={**JWK, member: SECRET}), _claims(), KEY))

    assert sentence == "The jwk of the DPoP proof holds a private key. Take that key for lost."
    assert SECRET not in sentence


OTHER_P384 = ec.generate_private_key(ec.SECP384R1())


@pytest.mark.parametrize(
    "jwk",
    [
        {**JWK, "kty": "RSA"},
        {**JWK, "kty": ...},
        {**JWK, "crv": "P-384"},
        {**JWK, "crv": "secp256k1"},
        {**JWK, "x": ...},
        {**JWK, "x": 7},
        {**JWK, "x": ""},
        {**JWK, "x": JWK["x"] + "="},
        {**JWK, "x": JWK["x"] + "\n"},
        {**JWK, "x": "AA" + JWK["x"]},
        {**JWK, "x": "+" + JWK["x"][1:]},
        {**JWK, "y": "A" * 43},
        {**JWK, "x": "_" * 43},
        {"kty": "oct", "alg": "HS256"},
        {},
    ],
)
def test_key_that_is_not_a_public_p256_key_is_refused(jwk: dict[str, Any], forge: Any) -> None:
    """Also a point that is not on the curve."""
    proof = forge.token(_header(jwk=_changed(jwk, {})), _claims(), KEY)

    assert _refusal(proof) == "The jwk of the DPoP proof is not a public P-256 key."


def test_proof_signed_by_another_key_is_refused(forge: Any) -> None:
    other = ec.generate_private_key(ec.SECP256R1())

    assert _refusal(forge.token(_header(), _claims(), other)) == "The signature of the DPoP proof is wrong."


def test_changed_claim_breaks_the_signature(forge: Any) -> None:
    head, _, signature = forge.token(_header(), _claims(), KEY).split(".")
    payload = base64.urlsafe_b64encode(json.dumps(_claims(jti="proof-2")).encode()).rstrip(b"=").decode()

    assert _refusal(f"{head}.{payload}.{signature}") == "The signature of the DPoP proof is wrong."


def test_unsigned_proof_is_refused(forge: Any) -> None:
    """T19: `none`, in the header or in fact."""
    signed = forge.signing_input(_header(), _claims())

    assert _refusal(forge.compact(signed, b"")) == "The signature of the DPoP proof is wrong."
    assert "ES256" in _refusal(jwt.encode(_claims(), None, "none", headers={"typ": "dpop+jwt", "jwk": JWK}))


def test_proof_under_a_shared_secret_or_rsa_is_refused() -> None:
    """T19: a public key taken for a secret; an algorithm that the metadata does not name."""
    headers = {"typ": "dpop+jwt", "jwk": JWK}
    rsa_key = rsa.generate_private_key(65537, 2048)

    assert "ES256" in _refusal(jwt.encode(_claims(), JWK["x"], "HS256", headers=headers))
    assert "ES256" in _refusal(jwt.encode(_claims(), rsa_key, "RS256", headers=headers))


@pytest.mark.parametrize("htm", ["GET", "post", "", ..., None, 1, ["POST"]])
def test_proof_for_another_method_is_refused(htm: Any, forge: Any) -> None:
    assert "htm" in _refusal(forge.token(_header(), _claims(htm=htm), KEY))


@pytest.mark.parametrize(
    "htu",
    [
        "https://auth.example/oauth/device_authorization",
        "https://auth.example/oauth/token/",
        "https://auth.example/oauth/Token",
        "https://evil.example/oauth/token",
        "https://auth.example.evil/oauth/token",
        "https://auth.example@evil.example/oauth/token",
        "https://evil@auth.example/oauth/token",
        "http://auth.example/oauth/token",
        "https://auth.example:8443/oauth/token",
        "https://auth.example/oauth%2Ftoken",
        "//auth.example/oauth/token",
        "/oauth/token",
        "ftp://auth.example/oauth/token",
        "https://auth.example:99999/oauth/token",
        "https://[::1/oauth/token",
        "https://auth.example/oauth/tokeñ",
        "https://auth.example/oauth/token\ud800",
        "",
        "nonsense",
        ...,
        None,
        7,
        [URL],
    ],
    ids=ascii,
)
def test_proof_for_another_address_is_refused(htu: Any, forge: Any) -> None:
    assert "htu" in _refusal(forge.token(_header(), _claims(htu=htu), KEY))


@pytest.mark.parametrize(
    "htu",
    [
        URL,
        "HTTPS://AUTH.example/oauth/token",
        "https://auth.example:443/oauth/token",
        "https://auth.example/oauth/%74oken",
        "https://auth.example/a/../oauth/./token",
        URL + "?page=1",
        URL + "#part",
    ],
)
def test_same_address_written_otherwise_is_the_same(htu: str, forge: Any) -> None:
    """§4.3: compared without query and fragment, after normalization (RFC 3986 §6.2.2, §6.2.3)."""
    assert _read(forge.token(_header(), _claims(htu=htu), KEY)).jti == "proof-1"


@pytest.mark.parametrize(
    ("one", "other"),
    [("http://h", "http://h/"), ("http://h:80/%7Ea", "http://H/~a"), ("http://h/%c3%a9", "http://h/%C3%A9")],
)
def test_addresses_that_mean_the_same_have_one_normal_form(one: str, other: str) -> None:
    assert normal_address(one) == normal_address(other) is not None


def test_reserved_sign_stays_encoded() -> None:
    assert normal_address("http://h/a%2fb") != normal_address("http://h/a/b")


@pytest.mark.parametrize("ath", [..., None, "", "wrong", access_token_hash("other"), 7, "ü"])
def test_proof_for_another_access_token_is_refused(ath: Any, forge: Any) -> None:
    proof = forge.token(_header(), _claims(ath=ath), KEY)

    assert "ath" in _refusal(proof, access_token="a.b.c")


def test_proof_for_this_access_token_is_good(forge: Any) -> None:
    proof = forge.token(_header(), _claims(ath=access_token_hash("a.b.c")), KEY)

    assert _read(proof, access_token="a.b.c").jti == "proof-1"


@pytest.mark.parametrize("jti", [..., None, "", 7, "x" * 257, "\ud800", "a\nb", ["x"]], ids=ascii)
def test_proof_without_a_usable_id_is_refused(jti: Any, forge: Any) -> None:
    assert "jti" in _refusal(forge.token(_header(), _claims(jti=jti), KEY))


@pytest.mark.parametrize("nonce", ["", 7, "x" * 257, "\ud800", {}], ids=ascii)
def test_nonce_that_is_no_text_is_refused(nonce: Any, forge: Any) -> None:
    assert "nonce" in _refusal(forge.token(_header(), _claims(nonce=nonce), KEY))


@pytest.mark.parametrize(
    "iat", [..., None, "1700000000", True, -1, 10**400, float("nan"), float("inf"), float("-inf"), []], ids=str
)
def test_proof_without_a_time_is_refused(iat: Any, forge: Any) -> None:
    assert "iat" in _refusal(forge.token(_header(), _claims(iat=iat), KEY))


def test_two_proofs_are_refused(forge: Any) -> None:
    """§4.3 step 1: a server joins two header fields of one name with a comma."""
    proof = forge.token(_header(), _claims(), KEY)

    assert _refusal(f"{proof}, {proof}"[:LONGEST_PROOF]) == "Send one DPoP header field, with one proof."
    assert _refusal(f"{proof},") == "Send one DPoP header field, with one proof."


def test_oversized_proof_is_refused_before_it_is_read(forge: Any) -> None:
    proof = forge.token(_header(), _claims(beside="x" * LONGEST_PROOF), KEY)

    assert _refusal(proof) == "The DPoP proof is too long."


@pytest.mark.parametrize(
    "proof",
    ["", "a", "a.b.c", "....", "é.b.c", "\ud800", "null.null.null", "e30.e30.", "W10.W10.", "[" * 4000],
    ids=lambda text: ascii(text)[:12],
)
def test_what_is_no_jwt_is_refused(proof: str) -> None:
    assert _refusal(proof).startswith("The DPoP proof is not ")


@pytest.mark.parametrize("payload", [b"[]", b"7", b"null", b"not json", b"\xff", b"[" * 2500, b'{"iat":' + b"1" * 1500])
def test_payload_that_is_no_set_of_claims_is_refused(payload: bytes, forge: Any) -> None:
    assert _refusal(forge.token(_header(), payload, KEY)) in {
        "The DPoP proof is not a JWT.",
        "The DPoP proof is too long.",
    }


def test_header_that_is_nested_beyond_reading_is_refused(forge: Any) -> None:
    header = b'{"typ":"dpop+jwt","alg":"ES256","beside":' + b"[" * 2400

    assert _refusal(forge.token(header, _claims(), KEY)) == "The DPoP proof is not a JWT."


@given(st.text(max_size=200))
def test_any_text_is_refused_and_never_breaks_the_reader(text: str) -> None:
    _refusal(text)


@given(
    st.dictionaries(
        st.sampled_from(["jti", "htm", "htu", "iat", "nonce", "ath"]),
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20) | st.lists(st.integers()),
    )
)
def test_any_claims_are_read_or_refused(forge: Any, claims: dict[str, Any]) -> None:
    with suppress(ProofRefusedError):
        assert _read(forge.token(_header(), _claims(**claims), KEY)).jkt == thumbprint(KEY.public_key())
