"""JSON Web Token best current practice (RFC 8725 §3), one test or more per recommendation that concerns us.

Each rule is tried once more, with many variations, by the catalogue of hostile tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth_service.actions.create_signing_key import create_signing_key
from auth_service.tokens.signing_keys import SigningKeys
from auth_service.wiring import key_vault
from tests.doubles.auth_house import ISSUER
from wire.dpop_key import DpopKey
from wire.errors import AnswerRefusedError
from wire.jwks import read_jwks
from wire.scopes import LICENSE_AUDIENCE
from wire.status_list import STATUS_LIST_PATH
from wire.token_types import SIGNING_ALGORITHM

if TYPE_CHECKING:
    from collections.abc import Callable

    from auth_service.settings import Settings
    from tests.doubles.auth_house import House
    from tests.doubles.token_forge import Forge

    Takes = Callable[[str], bool]


def _public_pem(forge: Forge) -> bytes:
    return forge.issuer.private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _under_hs256(forge: Forge) -> str:
    signed = forge.signing_input(forge.header(alg="HS256"), forge.access_claims())
    return forge.compact(signed, hmac.digest(_public_pem(forge), signed, hashlib.sha256))


def _under_rs256(forge: Forge) -> str:
    signed = forge.signing_input(forge.header(alg="RS256"), forge.access_claims())
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return forge.compact(signed, key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))


def _under_none(forge: Forge) -> str:
    return forge.compact(forge.signing_input(forge.header(alg="none"), forge.access_claims()), b"")


def _under_es384(forge: Forge) -> str:
    return forge.token(forge.header(alg="ES384"), forge.access_claims(), ec.generate_private_key(ec.SECP384R1()))


@pytest.mark.parametrize("make", [_under_hs256, _under_rs256, _under_none, _under_es384])
def test_section_3_1_the_header_does_not_choose_the_algorithm(
    forge: Forge, takes_access_token: Takes, make: Callable[[Forge], str]
) -> None:
    """§3.1: one algorithm for one key, known before the token is looked at (T19)."""
    assert not takes_access_token(make(forge))


def test_section_3_1_a_published_key_is_for_one_algorithm(forge: Forge) -> None:
    """§3.1: whatever a key set says that a P-256 key is for, it verifies ES256 and nothing else (T19)."""
    member = {**forge.issuer.public_member(), "alg": "HS256"}

    assert read_jwks({"keys": [member]})[forge.issuer.kid].algorithm_name == SIGNING_ALGORITHM


def test_section_3_2_everything_that_we_sign_is_es256(house: House) -> None:
    """§3.2: an algorithm that is current, the same for each kind of token (T19)."""
    answer = house.tokens()
    service = house.wired.protocol.issuer.service_token("scripts", "licenses.read", house.clock())
    status_list = house.web().get(f"{STATUS_LIST_PATH}/0", base_url=ISSUER).text

    signed = [answer["access_token"], answer["license_token"], service, status_list]
    assert {jwt.get_unverified_header(token)["alg"] for token in signed} == {SIGNING_ALGORITHM} == {"ES256"}


def test_section_3_3_a_failed_signature_means_no_claim_is_believed(forge: Forge, takes_license_token: Takes) -> None:
    """§3.3: the whole token is refused."""
    good = forge.license_token().split(".")
    other = forge.license_token(features=["xms", "kds"]).split(".")

    assert takes_license_token(".".join(good))
    assert not takes_license_token(".".join([good[0], other[1], good[2]]))


@pytest.mark.parametrize(
    "changes", [{"y": "AAAA"}, {"x": "", "y": ""}, {"x": "A" * 43, "y": "A" * 43}, {"crv": "P-384"}]
)
def test_section_3_4_a_public_key_that_is_no_point_of_the_curve_is_no_key(
    forge: Forge, changes: dict[str, str]
) -> None:
    """§3.4: inputs of cryptography are validated, those of a key set too."""
    with pytest.raises(AnswerRefusedError):
        read_jwks({"keys": [{**forge.issuer.public_member(), **changes}]})


def test_section_3_4_a_key_whose_private_half_is_public_is_no_key(forge: Forge) -> None:
    """§3.4: anybody can sign with it (T32)."""
    whole = jwt.algorithms.ECAlgorithm.to_jwk(forge.issuer.private_key, as_dict=True)

    with pytest.raises(AnswerRefusedError):
        read_jwks({"keys": [{**forge.issuer.public_member(), **whole}]})


def test_section_3_5_every_signing_key_is_drawn_anew_from_256_bits(settings: Settings, house: House) -> None:
    """§3.5: no key comes from a password; the one secret that is written by hand has 32 characters at least."""
    vault = key_vault(settings)
    create_signing_key(vault, now=house.clock())

    published = read_jwks(json.loads(SigningKeys(vault).published.body))

    assert len({key.key.public_numbers().x for key in published.values()}) == len(published) == 2
    assert {key.key.curve.name for key in published.values()} == {"secp256r1"}


def test_section_3_6_a_packed_token_is_refused(forge: Forge, takes_access_token: Takes) -> None:
    """§3.6: nothing is compressed, and nothing compressed is unpacked."""
    assert not takes_access_token(forge.token(forge.header(zip="DEF"), b"\xabV*.MR\x02"))


@pytest.mark.parametrize("payload", [b'{"sub":"\xff"}', '{"sub":"x"}'.encode("utf-16"), '{"sub":"x"}'.encode("utf-32")])
def test_section_3_7_only_utf_8_is_read(forge: Forge, takes_access_token: Takes, payload: bytes) -> None:
    """§3.7."""
    assert not takes_access_token(forge.token(forge.header(), payload))


@pytest.mark.parametrize("iss", [..., "", "https://evil.example", "https://auth.example.evil.example", ["x"]])
def test_section_3_8_the_issuer_is_the_one_whose_keys_these_are(
    forge: Forge, takes_access_token: Takes, iss: object
) -> None:
    """§3.8: keys and issuer belong together (T22)."""
    assert not takes_access_token(forge.access_token(iss=iss))


def test_section_3_8_the_key_is_the_issuers(forge: Forge, takes_access_token: Takes) -> None:
    """§3.8: a stranger's key under the issuer's name and `kid` verifies nothing (T19)."""
    stranger = ec.generate_private_key(ec.SECP256R1())

    assert not takes_access_token(forge.token(forge.header(), forge.access_claims(), stranger))


def test_section_3_9_the_audience_is_ours(forge: Forge, takes_access_token: Takes, takes_license_token: Takes) -> None:
    """§3.9: one issuer, many audiences; each side takes its own only (T22)."""
    assert not takes_access_token(forge.access_token(aud=["notify_service"]))
    assert not takes_license_token(forge.license_token(aud=[LICENSE_AUDIENCE]))


@pytest.mark.parametrize(
    "kid", ["../../../../dev/null", "' UNION SELECT 'secret' -- ", "2026-01\0", "\ud800", "k" * 4000]
)
def test_section_3_10_a_kid_is_looked_up_and_nothing_else(forge: Forge, takes_access_token: Takes, kid: str) -> None:
    """§3.10: never a path, never a part of a query (T20)."""
    assert not takes_access_token(forge.token(forge.header(kid=kid), forge.access_claims()))


@pytest.mark.parametrize("member", ["jku", "x5u", "jwk", "x5c", "x5t", "x5t#S256"])
def test_section_3_10_keys_and_addresses_in_the_header_are_refused(
    forge: Forge, takes_access_token: Takes, member: str
) -> None:
    """§3.10: nobody goes where a token points to (T20, T31)."""
    value = forge.issuer.public_member() if member == "jwk" else "https://evil.example/keys"

    assert not takes_access_token(forge.token(forge.header(**{member: value}), forge.access_claims()))


@pytest.mark.parametrize("typ", [..., None, "JWT", "jwt", "license+jwt", "dpop+jwt", "statuslist+jwt", ""])
def test_section_3_11_the_type_must_be_said(forge: Forge, takes_access_token: Takes, typ: object) -> None:
    """§3.11 (T21)."""
    assert not takes_access_token(forge.token(forge.header(typ=typ), forge.access_claims()))


def test_section_3_12_no_kind_of_token_passes_for_another(
    forge: Forge, takes_access_token: Takes, takes_license_token: Takes
) -> None:
    """§3.12: same issuer, same key, claims good for both, and still each verifier takes its own type only (T21)."""
    both = {**forge.license_claims(), **forge.access_claims(aud=["pos_client", LICENSE_AUDIENCE])}
    kinds = [
        "at+jwt",
        "license+jwt",
        "dpop+jwt",
        "statuslist+jwt",
        "token-introspection+jwt",
        "update-manifest+jwt",
        "JWT",
    ]

    taken = {
        kind: (takes_access_token(token), takes_license_token(token))
        for kind in kinds
        for token in [forge.token(forge.header(kind), both)]
    }

    assert {kind: found for kind, found in taken.items() if any(found)} == {
        "at+jwt": (True, False),
        "license+jwt": (False, True),
    }


def test_section_3_12_a_proof_of_a_key_is_no_token(house: House, takes_access_token: Takes) -> None:
    """§3.12: what a device signs itself opens nothing (T21)."""
    proof = DpopKey.generate().proof("POST", f"{ISSUER}/oauth/token", house.clock())

    assert not takes_access_token(proof)
