"""Hostile and good tokens at the verifier (T19, T20, T21, T22; S3-29)."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wire.errors import KeysUnavailableError, TokenRefusedError
from wire.token_verification import LEEWAY_SECONDS, LONGEST_TOKEN, TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire.token_verification import LicenseTokenVerifier

NOT_OURS = "The token is not signed with ES256."
WRONG_TYPE = "The token is not of type at+jwt."
BROUGHT_ALONG = "The token's header has a member that is not accepted."
UNKNOWN_KEY = "The token is signed with a key that its issuer does not publish."
WRONG_SIGNATURE = "The token's signature is wrong."
NO_JWT = "The token is not a JWT."
TOO_LONG = "The token is too long."
LACKS = "The token lacks a claim that is required."
EXPIRED = "The token has expired."
NOT_YET = "The token is not valid yet."
OTHER_ISSUER = "The token is from another issuer."
OTHER_AUDIENCE = "The token is for another audience."
MALFORMED = "The token is malformed."

_rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_p384_key = ec.generate_private_key(ec.SECP384R1())
_strangers_key = ec.generate_private_key(ec.SECP256R1())


# --- what an attacker does to the signature ----------------------------------------------------------------------


def _alg_none(forge: Any, name: str = "none") -> str:
    return forge.compact(forge.signing_input(forge.header(alg=name), forge.access_claims()), b"")


def _alg_none_with_a_good_signature(forge: Any) -> str:
    return forge.token(forge.header(alg="none"), forge.access_claims())


def _hs256_with_the_public_key_as_secret(forge: Any) -> str:
    pem = forge.issuer.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = forge.signing_input(forge.header(alg="HS256"), forge.access_claims())
    return forge.compact(signed, hmac.digest(pem, signed, hashlib.sha256))


def _signed_by_an_rsa_key(forge: Any, alg: str) -> str:
    signed = forge.signing_input(forge.header(alg=alg), forge.access_claims())
    return forge.compact(signed, _rsa_key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))


def _der_signature(forge: Any) -> str:
    signed = forge.signing_input(forge.header(), forge.access_claims())
    return forge.compact(signed, forge.issuer.private_key.sign(signed, ec.ECDSA(hashes.SHA256())))


def _signature_of_zeros(forge: Any) -> str:
    return forge.compact(forge.signing_input(forge.header(), forge.access_claims()), bytes(64))


def _empty_signature(forge: Any) -> str:
    return forge.compact(forge.signing_input(forge.header(), forge.access_claims()), b"")


def _payload_of_another(forge: Any) -> str:
    good = forge.access_token().split(".")
    richer = forge.access_token(scope="license entitlements", sub="auth_service").split(".")
    return ".".join([good[0], richer[1], good[2]])


def _header_of_another(forge: Any) -> str:
    good = forge.access_token().split(".")
    license_token = forge.license_token().split(".")
    return ".".join([good[0], license_token[1], license_token[2]])


SIGNATURE_ATTACKS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "alg none and no signature": (NOT_OURS, _alg_none),
    "alg nOnE": (NOT_OURS, lambda forge: _alg_none(forge, "nOnE")),
    "alg none above a good signature": (NOT_OURS, _alg_none_with_a_good_signature),
    "alg missing": (NOT_OURS, lambda forge: forge.token(forge.header(alg=...), forge.access_claims())),
    "alg null": (NOT_OURS, lambda forge: forge.token(forge.header(alg=None), forge.access_claims())),
    "alg a list": (NOT_OURS, lambda forge: forge.token(forge.header(alg=["ES256"]), forge.access_claims())),
    "alg in lower case": (NOT_OURS, lambda forge: forge.token(forge.header(alg="es256"), forge.access_claims())),
    "HS256 with the public key as secret": (NOT_OURS, _hs256_with_the_public_key_as_secret),
    "RS256 by an RSA key": (NOT_OURS, lambda forge: _signed_by_an_rsa_key(forge, "RS256")),
    "ES384 by a P-384 key": (
        NOT_OURS,
        lambda forge: forge.token(forge.header(alg="ES384"), forge.access_claims(), _p384_key),
    ),
    "ES256 above an RSA signature": (WRONG_SIGNATURE, lambda forge: _signed_by_an_rsa_key(forge, "ES256")),
    "ES256 above a P-384 signature": (
        WRONG_SIGNATURE,
        lambda forge: forge.token(forge.header(), forge.access_claims(), _p384_key),
    ),
    "a stranger's key under our kid": (
        WRONG_SIGNATURE,
        lambda forge: forge.token(forge.header(), forge.access_claims(), _strangers_key),
    ),
    "signature in DER": (WRONG_SIGNATURE, _der_signature),
    "signature of zeros": (WRONG_SIGNATURE, _signature_of_zeros),
    "signature empty": (WRONG_SIGNATURE, _empty_signature),
    "payload of a richer token": (WRONG_SIGNATURE, _payload_of_another),
    "header of an access token on a license token": (WRONG_SIGNATURE, _header_of_another),
}

# --- what an attacker writes into the header ---------------------------------------------------------------------


def _with_header(**changes: Any) -> Callable[[Any], str]:
    return lambda forge: forge.token(forge.header(**changes), forge.access_claims())


def _self_signed_with_its_jwk(forge: Any) -> str:
    numbers = _strangers_key.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": f"{numbers.x:x}", "y": f"{numbers.y:x}"}
    return forge.token(forge.header(jwk=jwk), forge.access_claims(), _strangers_key)


def _typ_said_twice(forge: Any) -> str:
    header = b'{"alg":"ES256","kid":"2026-01","typ":"at+jwt","typ":"license+jwt"}'
    return forge.token(header, forge.access_claims())


HEADER_ATTACKS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "license token as access token": (WRONG_TYPE, lambda forge: forge.license_token()),
    "license token for our audience": (WRONG_TYPE, _with_header(typ="license+jwt")),
    "no typ": (WRONG_TYPE, _with_header(typ=...)),
    "typ null": (WRONG_TYPE, _with_header(typ=None)),
    "typ JWT": (WRONG_TYPE, _with_header(typ="JWT")),
    "typ of an ID token": (WRONG_TYPE, _with_header(typ="id+jwt")),
    "typ a number": (WRONG_TYPE, _with_header(typ=1)),
    "typ a list": (WRONG_TYPE, _with_header(typ=["at+jwt"])),
    "typ with a space": (WRONG_TYPE, _with_header(typ="at+jwt ")),
    "typ with the prefix twice": (WRONG_TYPE, _with_header(typ="application/application/at+jwt")),
    "typ said twice": (WRONG_TYPE, _typ_said_twice),
    "jwk of the attacker": (BROUGHT_ALONG, _self_signed_with_its_jwk),
    "jku": (BROUGHT_ALONG, _with_header(jku="https://evil.example/jwks.json")),
    "x5u": (BROUGHT_ALONG, _with_header(x5u="https://evil.example/chain.pem")),
    "x5c": (BROUGHT_ALONG, _with_header(x5c=["MIIB"])),
    "x5t": (BROUGHT_ALONG, _with_header(x5t="dGh1bWI")),
    "x5t#S256": (BROUGHT_ALONG, _with_header(**{"x5t#S256": "dGh1bWI"})),
    "crit with an extension that PyJWT knows": (BROUGHT_ALONG, _with_header(crit=["b64"], b64=True)),
    "crit with an unknown extension": (NO_JWT, _with_header(crit=["exp"], exp=1)),
    "crit empty": (NO_JWT, _with_header(crit=[])),
    "crit a text": (NO_JWT, _with_header(crit="b64")),
    "b64 false": (NO_JWT, _with_header(b64=False)),
    "kid unknown": (UNKNOWN_KEY, _with_header(kid="2025-12")),
    "kid missing": (UNKNOWN_KEY, _with_header(kid=...)),
    "kid empty": (UNKNOWN_KEY, _with_header(kid="")),
    "kid a path": (UNKNOWN_KEY, _with_header(kid="../../../../dev/null")),
    "kid SQL": (UNKNOWN_KEY, _with_header(kid="' UNION SELECT 'secret' -- ")),
    "kid with a NUL": (UNKNOWN_KEY, _with_header(kid="2026-01\x00")),
    "kid a lone surrogate": (UNKNOWN_KEY, _with_header(kid="\ud800")),
    "kid a number": (NO_JWT, _with_header(kid=1)),
    "kid null": (NO_JWT, _with_header(kid=None)),
    "kid a list": (NO_JWT, _with_header(kid=["2026-01"])),
    "header not JSON": (NO_JWT, lambda forge: forge.token(b"alg=ES256", forge.access_claims())),
    "header a list": (NO_JWT, lambda forge: forge.token(b'["ES256"]', forge.access_claims())),
    "header a text": (NO_JWT, lambda forge: forge.token(b'"ES256"', forge.access_claims())),
    "header not UTF-8": (NO_JWT, lambda forge: forge.token(b'{"alg":"\xff"}', forge.access_claims())),
    "header a bomb of lists": (NO_JWT, lambda forge: forge.token(b"[" * 5000, forge.access_claims())),
    "header a bomb of objects": (NO_JWT, lambda forge: forge.token(b'{"a":' * 1000, forge.access_claims())),
    "header a number of 5000 digits": (NO_JWT, lambda forge: forge.token(b"9" * 5000, forge.access_claims())),
}

# --- what a token of ours may not say ----------------------------------------------------------------------------

_REQUIRED = ("iss", "sub", "aud", "exp", "iat", "jti")
NOW = 1_780_000_000


def _saying(**changes: Any) -> Callable[[Any], str]:
    return lambda forge: forge.access_token(**changes)


def _with_payload(payload: bytes) -> Callable[[Any], str]:
    return lambda forge: forge.token(forge.header(), payload)


def _sub_said_again_as_number(forge: Any) -> str:
    payload = json.dumps(forge.access_claims())[:-1] + ', "sub": 1}'
    return forge.token(forge.header(), payload.encode())


def _aud_said_again(forge: Any) -> str:
    payload = json.dumps(forge.access_claims())[:-1] + ', "aud": "notify_service"}'
    return forge.token(forge.header(), payload.encode())


CLAIM_ATTACKS: dict[str, tuple[str, Callable[[Any], str]]] = {
    **{f"{name} missing": (LACKS, _saying(**{name: ...})) for name in _REQUIRED},
    **{f"{name} null": (LACKS, _saying(**{name: None})) for name in _REQUIRED},
    "expired by the leeway": (EXPIRED, _saying(exp=NOW - LEEWAY_SECONDS)),
    "expired long ago": (EXPIRED, _saying(exp=0)),
    "exp negative": (EXPIRED, _saying(exp=-(10**30))),
    "exp a text": ("The claim 'exp' must be a whole number.", _saying(exp="9999999999")),
    "exp a word": (MALFORMED, _saying(exp="never")),
    "exp infinite": (MALFORMED, _saying(exp=float("inf"))),
    "exp not a number": (MALFORMED, _saying(exp=float("nan"))),
    "exp a fraction": ("The claim 'exp' must be a whole number.", _saying(exp=9999999999.5)),
    "exp true": (EXPIRED, _saying(exp=True)),
    "exp an object": (MALFORMED, _saying(exp={})),
    "exp beyond every calendar": ("The claim 'exp' must be an instant before the year 10000.", _saying(exp=10**18)),
    "nbf a number in quotes": ("The claim 'nbf' must be a whole number.", _saying(nbf="1780000000")),
    "nbf in the future": (NOT_YET, _saying(nbf=NOW + LEEWAY_SECONDS + 1)),
    "nbf infinite": (MALFORMED, _saying(nbf=float("inf"))),
    "iat in the future": (NOT_YET, _saying(iat=NOW + LEEWAY_SECONDS + 1)),
    "iat a word": (MALFORMED, _saying(iat="yesterday")),
    "iat true": ("The claim 'iat' must be a whole number.", _saying(iat=True)),
    "iss of another": (OTHER_ISSUER, _saying(iss="https://evil.example")),
    "iss with our issuer as prefix": (OTHER_ISSUER, _saying(iss="https://auth.example.evil.example")),
    "iss a prefix of ours": (OTHER_ISSUER, _saying(iss="https://auth.exampl")),
    "iss with a trailing slash": (OTHER_ISSUER, _saying(iss="https://auth.example/")),
    "iss in upper case": (OTHER_ISSUER, _saying(iss="HTTPS://AUTH.EXAMPLE")),
    "iss a list": (OTHER_ISSUER, _saying(iss=["https://auth.example"])),
    "iss empty": (OTHER_ISSUER, _saying(iss="")),
    "aud of another": (OTHER_AUDIENCE, _saying(aud="notify_service")),
    "aud a list without ours": (OTHER_AUDIENCE, _saying(aud=["notify_service", "pos_client"])),
    "aud ours with more": (OTHER_AUDIENCE, _saying(aud="license_service.evil.example")),
    "aud an empty list": (LACKS, _saying(aud=[])),
    "aud a number": (OTHER_AUDIENCE, _saying(aud=1)),
    "aud a list of lists": (OTHER_AUDIENCE, _saying(aud=[["license_service"]])),
    "aud an object": (OTHER_AUDIENCE, _saying(aud={"license_service": True})),
    "sub a number": (MALFORMED, _saying(sub=1)),
    "sub a list": (MALFORMED, _saying(sub=["device-1"])),
    "sub empty": ("The claim 'sub' must be a text.", _saying(sub="")),
    "jti a number": (MALFORMED, _saying(jti=1)),
    "jti empty": ("The claim 'jti' must be a text.", _saying(jti="")),
    "scope missing": ("The claim 'scope' must be a text.", _saying(scope=...)),
    "scope a list": ("The claim 'scope' must be a text.", _saying(scope=["license"])),
    "client_id missing": ("The claim 'client_id' must be a text.", _saying(client_id=...)),
    "organization_id a number": ("The claim 'organization_id' must be a text.", _saying(organization_id=1)),
    "sub said again as a number": (MALFORMED, _sub_said_again_as_number),
    "aud said again": (OTHER_AUDIENCE, _aud_said_again),
    "payload not JSON": (MALFORMED, _with_payload(b"sub=device-1")),
    "payload empty": (MALFORMED, _with_payload(b"")),
    "payload a list": (MALFORMED, _with_payload(b"[]")),
    "payload null": (MALFORMED, _with_payload(b"null")),
    "payload not UTF-8": (MALFORMED, _with_payload(b'{"sub":"\xff\xfe"}')),
    "payload a bomb": (MALFORMED, _with_payload(b"[" * 5000)),
    "payload with a number of 5000 digits": (MALFORMED, _with_payload(b'{"exp":' + b"9" * 5000 + b"}")),
}

# --- texts that are no token at all ------------------------------------------------------------------------------


def _not_a_token(text: str) -> Callable[[Any], str]:
    return lambda _forge: text


def _too_long(forge: Any) -> str:
    good = forge.access_token()
    return good + "A" * (LONGEST_TOKEN + 1 - len(good))


SHAPE_ATTACKS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "nothing": (NO_JWT, _not_a_token("")),
    "one part": (NO_JWT, _not_a_token("e30")),
    "only dots": (NO_JWT, _not_a_token("..")),
    "many dots": (NO_JWT, _not_a_token("." * 4000)),
    "five parts as in JWE": (NO_JWT, lambda forge: forge.access_token() + ".e30.e30"),
    "JSON serialization": (NO_JWT, _not_a_token('{"payload":"e30","signatures":[]}')),
    "cut before the signature": (NO_JWT, lambda forge: forge.access_token().rpartition(".")[0]),
    "cut in the signature": (WRONG_SIGNATURE, lambda forge: forge.access_token()[:-2]),
    "cut in the header": (NO_JWT, lambda forge: forge.access_token()[10:]),
    "padded": (NO_JWT, lambda forge: forge.access_token() + "=="),
    "a space inside": (NO_JWT, lambda forge: forge.access_token().replace(".", ". ", 1)),
    "a line feed at the end": (NO_JWT, lambda forge: forge.access_token() + "\n"),
    "a NUL at the end": (NO_JWT, lambda forge: forge.access_token() + "\x00"),
    "the other base64 alphabet": (NO_JWT, lambda forge: "+" + forge.access_token()[1:]),
    "beyond ASCII": (NO_JWT, lambda forge: "é" + forge.access_token()),
    "letters that look like ours": (NO_JWT, lambda forge: forge.access_token().replace("e", "е", 1)),
    "bytes read as Latin-1": (NO_JWT, _not_a_token(bytes(range(256)).decode("latin-1"))),
    "a lone surrogate": (NO_JWT, lambda forge: forge.access_token() + "\ud800"),
    "longer than any of ours": (TOO_LONG, _too_long),
    "a million letters": (TOO_LONG, _not_a_token("A" * 1_000_000)),
}

ATTACKS = {**SIGNATURE_ATTACKS, **HEADER_ATTACKS, **CLAIM_ATTACKS, **SHAPE_ATTACKS}


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_access_token_is_refused(attack: str, forge: Any, verifier: TokenVerifier) -> None:
    """T19, T20, T21, T22: each is refused, and by the rule that is there against it."""
    sentence, make = ATTACKS[attack]

    with time_machine.travel(NOW, tick=False), pytest.raises(TokenRefusedError) as refusal:
        verifier.access_token(make(forge))

    assert str(refusal.value) == sentence


@pytest.mark.parametrize("sentence", sorted({sentence for sentence, _ in ATTACKS.values()}))
def test_a_refusal_fits_into_a_quoted_header_value(sentence: str) -> None:
    """RFC 6750 §3: the sentence becomes an error_description."""
    assert sentence.isascii()
    assert sentence.isprintable()
    assert not {'"', "\\"} & set(sentence)


@pytest.mark.parametrize("attack", {**SIGNATURE_ATTACKS, **SHAPE_ATTACKS})
def test_hostile_license_token_is_refused(attack: str, forge: Any, license_verifier: LicenseTokenVerifier) -> None:
    """T62: a peer refuses them as well, also where it would read an outlived token."""
    _, make = ATTACKS[attack]

    for check_time in (True, False):
        with pytest.raises(TokenRefusedError):
            license_verifier.license_token(make(forge), check_time=check_time)


LICENSE_TOKEN_ATTACKS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "access token as license token": (
        "The token is not of type license+jwt.",
        lambda forge: forge.access_token(aud="pos_client"),
    ),
    "no typ": (
        "The token is not of type license+jwt.",
        lambda forge: forge.token(forge.header(typ=...), forge.license_claims()),
    ),
    "for a service": (OTHER_AUDIENCE, lambda forge: forge.license_token(aud="license_service")),
    "of another issuer": (OTHER_ISSUER, lambda forge: forge.license_token(iss="https://evil.example")),
    "exp missing": (LACKS, lambda forge: forge.license_token(exp=...)),
    "nbf missing": ("The claim 'nbf' must be a whole number.", lambda forge: forge.license_token(nbf=...)),
    "organization missing": (
        "The claim 'organization_id' must be a text.",
        lambda forge: forge.license_token(organization_id=...),
    ),
    "features a text": (
        "The claim 'features' must be a list of texts.",
        lambda forge: forge.license_token(features="xms"),
    ),
    "features of numbers": (
        "The claim 'features' must be a list of texts.",
        lambda forge: forge.license_token(features=["xms", 1]),
    ),
    "renewal_date not a day": (
        "The claim 'renewal_date' must be a date such as 2027-01-31.",
        lambda forge: forge.license_token(renewal_date="2027-02-30"),
    ),
    "renewal_date a number": (
        "The claim 'renewal_date' must be a text.",
        lambda forge: forge.license_token(renewal_date=20270131),
    ),
    "renewal_window_days a fraction": (
        "The claim 'renewal_window_days' must be a whole number.",
        lambda forge: forge.license_token(renewal_window_days=0.5),
    ),
    "hub a list": (
        "The claim 'hub_server_url' must be a text.",
        lambda forge: forge.license_token(hub_server_url=["https://hub.example"]),
    ),
}


@pytest.mark.parametrize("attack", LICENSE_TOKEN_ATTACKS)
def test_wrong_license_token_is_refused(attack: str, forge: Any, license_verifier: LicenseTokenVerifier) -> None:
    """T21, T62: neither another kind of token nor one that lacks what a license says."""
    sentence, make = LICENSE_TOKEN_ATTACKS[attack]

    with pytest.raises(TokenRefusedError) as refusal:
        license_verifier.license_token(make(forge))

    assert str(refusal.value) == sentence


# --- good tokens -------------------------------------------------------------------------------------------------


def test_a_good_access_token_gives_its_claims(forge: Any, verifier: TokenVerifier) -> None:
    payload = forge.access_claims(organization_id="organization-1")

    claims = verifier.access_token(forge.token(forge.header(), payload))

    assert claims.payload() == payload


def test_a_good_license_token_gives_its_claims(forge: Any, license_verifier: LicenseTokenVerifier) -> None:
    """S3-29: issuer, audience, expiry, server id and features, checked with nothing but the public key."""
    payload = forge.license_claims(
        renewal_date="2027-01-31", hub_server_name="Head office", hub_server_url="https://hub.example"
    )

    claims = license_verifier.license_token(forge.token(forge.header("license+jwt"), payload))

    assert claims.payload() == payload


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
def test_typ_is_a_media_type(typ: str, forge: Any, verifier: TokenVerifier) -> None:
    """RFC 7515 §4.1.9; RFC 9068 §4: "at+jwt" or "application/at+jwt", without regard to case."""
    claims = verifier.access_token(forge.token(forge.header(typ=typ), forge.access_claims()))

    assert claims.sub == "device-1"


@pytest.mark.parametrize("aud", ["license_service", ["license_service"], ["notify_service", "license_service"]])
def test_our_audience_may_stand_alone_or_among_others(aud: object, forge: Any, verifier: TokenVerifier) -> None:
    """RFC 7519 §4.1.3."""
    assert "license_service" in verifier.access_token(forge.access_token(aud=aud)).aud


@pytest.mark.parametrize(
    "changes",
    [{"exp": NOW - LEEWAY_SECONDS + 1}, {"iat": NOW + LEEWAY_SECONDS}, {"nbf": NOW + LEEWAY_SECONDS}],
    ids=["exp", "iat", "nbf"],
)
def test_clocks_may_differ_by_the_leeway(changes: dict[str, Any], forge: Any, verifier: TokenVerifier) -> None:
    """F41: up to a minute either way is tolerated."""
    with time_machine.travel(NOW, tick=False):
        claims = verifier.access_token(forge.access_token(**changes))

    assert claims.jti == "jti-1"


def test_an_outlived_license_token_is_read_when_asked_for(forge: Any, license_verifier: LicenseTokenVerifier) -> None:
    """S3-25: the page shows what the license was, past its Token Expiry too."""
    outlived = forge.license_token(exp=1, nbf=0, iat=0)

    with pytest.raises(TokenRefusedError):
        license_verifier.license_token(outlived)

    assert license_verifier.license_token(outlived, check_time=False).exp == 1


def test_a_token_of_the_future_is_read_where_the_clock_has_no_say(
    forge: Any, license_verifier: LicenseTokenVerifier
) -> None:
    """T60: this machine's clock may be far behind."""
    future = {name: int(time.time()) + 400 * 86400 for name in ("iat", "nbf", "exp")}
    early = forge.license_token(**future)

    with pytest.raises(TokenRefusedError):
        license_verifier.license_token(early)

    assert license_verifier.license_token(early, check_time=False).nbf == future["nbf"]


def test_the_longest_token_is_still_looked_at(forge: Any, verifier: TokenVerifier) -> None:
    with pytest.raises(TokenRefusedError) as refusal:
        verifier.access_token("A" * LONGEST_TOKEN)

    assert str(refusal.value) == NO_JWT


def test_keys_that_cannot_be_had_are_not_a_refusal(forge: Any, issuer: Any) -> None:
    away = TokenVerifier(keys=type(issuer)(away=True), issuer="https://auth.example", audience="license_service")

    with pytest.raises(KeysUnavailableError):
        away.access_token(forge.access_token())
