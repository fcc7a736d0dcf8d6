"""The key of a client and the proofs it makes (RFC 9449 §4.2, RFC 7638)."""

from __future__ import annotations

from datetime import UTC, datetime

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from wire.dpop_key import DpopKey, access_token_hash, public_jwk, thumbprint
from wire.dpop_proof import read_proof
from wire.errors import ProofRefusedError

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
URL = "https://auth.example/oauth/token"


def _pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def test_proof_has_the_members_of_section_4_2() -> None:
    key = DpopKey.generate()

    proof = key.proof("POST", URL, NOW, access_token="a.b.c", nonce="n-1")

    header, claims = jwt.get_unverified_header(proof), jwt.decode(proof, options={"verify_signature": False})
    assert header.keys() == {"typ", "alg", "jwk"}
    assert (header["typ"], header["alg"], header["jwk"].keys()) == ("dpop+jwt", "ES256", {"kty", "crv", "x", "y"})
    assert claims == {
        "jti": claims["jti"],
        "htm": "POST",
        "htu": URL,
        "iat": int(NOW.timestamp()),
        "ath": access_token_hash("a.b.c"),
        "nonce": "n-1",
    }
    assert read_proof(proof, method="POST", url=URL, access_token="a.b.c").jkt == key.jkt


def test_each_proof_has_an_id_of_its_own() -> None:
    key = DpopKey.generate()

    proofs = [read_proof(key.proof("POST", URL, NOW), method="POST", url=URL) for _ in range(20)]

    assert len({proof.jti for proof in proofs}) == 20
    assert {proof.jkt for proof in proofs} == {key.jkt}


def test_address_is_sent_without_query_and_fragment() -> None:
    proof = DpopKey.generate().proof("GET", "https://api.example/v1/x?secret=1#part", NOW)

    assert jwt.decode(proof, options={"verify_signature": False})["htu"] == "https://api.example/v1/x"


def test_access_token_hash_is_that_of_the_example_in_section_7_1() -> None:
    token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"

    assert access_token_hash(token) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


def test_thumbprint_is_that_of_the_key_in_section_6_1() -> None:
    """The key of the proof in §4.1 has the jkt that §6.1 shows."""
    numbers = [
        int.from_bytes(jwt.utils.base64url_decode(text), "big")
        for text in ("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA")
    ]
    key = ec.EllipticCurvePublicNumbers(*numbers, ec.SECP256R1()).public_key()

    assert thumbprint(key) == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def test_coordinate_that_begins_with_zeros_keeps_its_32_bytes() -> None:
    """RFC 7518 §6.2.1.2: the full size of a coordinate, or the thumbprint would be another one."""
    key = next(
        key
        for key in (ec.derive_private_key(number, ec.SECP256R1()).public_key() for number in range(1, 5000))
        if key.public_numbers().x < 1 << 248
    )

    assert len(public_jwk(key)["x"]) == 43


def test_key_comes_back_from_its_file() -> None:
    key = DpopKey.generate()

    assert DpopKey.from_pem(key.pem()).jkt == key.jkt


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        b"\xff\x00",
        _pem(ec.generate_private_key(ec.SECP384R1())),
        _pem(ed25519.Ed25519PrivateKey.generate()),
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"word"),
        ),
    ],
    ids=["empty", "text", "bytes", "P-384", "Ed25519", "encrypted"],
)
def test_file_that_holds_no_p256_key_is_refused(content: bytes) -> None:
    with pytest.raises(ProofRefusedError):
        DpopKey.from_pem(content)


def test_nothing_shows_the_private_key() -> None:
    """C14."""
    key = DpopKey.generate()

    assert "PRIVATE" not in repr(key)
    assert '"d"' not in str(jwt.get_unverified_header(key.proof("POST", URL, NOW)))
