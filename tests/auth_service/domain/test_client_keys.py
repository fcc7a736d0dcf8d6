"""The JWK Set of a client: its public half and nothing else (T32)."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from auth_service.domain.client_keys import MOST_KEYS, check_client_keys
from auth_service.domain.errors import BadInputError

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
PRIVATE = jwt.algorithms.ECAlgorithm.to_jwk(KEY, as_dict=True)
P384 = jwt.algorithms.ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key(), as_dict=True)
RSA_PUBLIC = jwt.algorithms.RSAAlgorithm.to_jwk(
    rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key(), as_dict=True
)
ED25519 = jwt.algorithms.OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate().public_key(), as_dict=True)


def key_set(*members: object) -> str:
    return json.dumps({"keys": list(members)})


def named(member: dict[str, Any], kid: object = "a") -> dict[str, Any]:
    return {**member, "kid": kid}


def test_only_what_verifies_is_kept() -> None:
    given = {**named(PUBLIC), "use": "sig", "x5c": ["AAAA"], "alg": "ES256", "comment": "ours"}

    kept = json.loads(check_client_keys(key_set(given)))

    assert kept == {"keys": [{"kty": "EC", "crv": "P-256", "x": PUBLIC["x"], "y": PUBLIC["y"], "kid": "a"}]}


def test_several_keys_may_stand_together() -> None:
    """A client changes its key while both are known."""
    kept = json.loads(check_client_keys(key_set(named(PUBLIC), named(PUBLIC, "b"))))

    assert [key["kid"] for key in kept["keys"]] == ["a", "b"]


REFUSED = {
    "a private key": (key_set(named(PRIVATE)), "private key"),
    "a private key beside a public one": (key_set(named(PUBLIC), named(PRIVATE, "b")), "private key"),
    "a shared secret": (key_set({"kty": "oct", "k": "AAAA", "kid": "a"}), "private key"),
    "RSA": (key_set(named(RSA_PUBLIC)), "P-256"),
    "Ed25519": (key_set(named(ED25519)), "P-256"),
    "P-384": (key_set(named(P384)), "P-256"),
    "one that is ours and one that is not": (key_set(named(PUBLIC), named(P384, "b")), "P-256"),
    "a point off the curve": (key_set(named({**PUBLIC, "y": PUBLIC["x"]})), "P-256"),
    "no kid": (key_set(PUBLIC), "kid"),
    "an empty kid": (key_set(named(PUBLIC, "")), "kid"),
    "a kid that is a number": (key_set(named(PUBLIC, 7)), "kid"),
    "a kid of two lines": (key_set(named(PUBLIC, "a\nb")), "kid"),
    "a kid without end": (key_set(named(PUBLIC, "a" * 129)), "kid"),
    "one kid twice": (key_set(named(PUBLIC), named(PUBLIC)), "twice"),
    "no key": (key_set(), "JWK Set"),
    "too many keys": (key_set(*(named(PUBLIC, str(number)) for number in range(MOST_KEYS + 1))), "JWK Set"),
    "a member that is none": (key_set("x"), "JWK Set"),
    "a key alone": (json.dumps(named(PUBLIC)), "JWK Set"),
    "a list": ("[]", "JWK Set"),
    "not JSON": ("-----BEGIN PUBLIC KEY-----", "JWK Set"),
    "nested without end": ("[" * 10_000, "JWK Set"),
    "too long": (key_set(named({**PUBLIC, "comment": "x" * 20_000})), "JWK Set"),
}


@pytest.mark.parametrize(("document", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_set_of_public_keys_is_refused(document: str, says: str) -> None:
    """T19, T32: nothing of it is repeated."""
    with pytest.raises(BadInputError, match=says) as refused:
        check_client_keys(document)

    assert PRIVATE["d"] not in str(refused.value)
