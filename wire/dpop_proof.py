"""Read one DPoP proof, and say what it proves (RFC 9449 §4.3).

Rules: one JWT of type `dpop+jwt`, signed with ES256 by the public P-256 key in its own header, which must not hold a
private member; `jti`, `htm`, `htu` and `iat` are there; `htm` and `htu` are those of the request; `ath` is that of the
access token that came along. Whether it is fresh and unused is for wire/dpop.py.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from wire.dpop_key import access_token_hash, thumbprint
from wire.errors import ProofRefusedError
from wire.jwt_reader import JWS, JWT
from wire.token_types import DPOP_PROOF_TYPE, SIGNING_ALGORITHM

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_PROOF: Final = 4096
LONGEST_JTI: Final = 256
LONGEST_NONCE: Final = 256
LATEST_INSTANT: Final = 253_402_300_799
"""The last second of the year 9999."""

_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_COORDINATE: Final = re.compile(r"\A[A-Za-z0-9_-]{43}\Z")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_ENCODED: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_NOT_OURS: Final = ("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss", "verify_sub", "verify_jti")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")


@dataclass(frozen=True, slots=True)
class DpopProof:
    """What a proof says: the thumbprint of the key that made it, its own id, when, and for which nonce."""

    jkt: str
    jti: str
    iat: float
    nonce: str | None


def read_proof(proof: str, *, method: str, url: str, access_token: str | None = None) -> DpopProof:
    """Verify a proof for one request to `url`, which is our own public address of it.

    Raises ProofRefusedError, whose sentence names the rule that was broken and repeats nothing of the proof.
    """
    key = _key(_header(proof))
    claims = _claims(proof, key)
    if claims.get("htm") != method:
        raise ProofRefusedError("The DPoP proof is for another method: htm must be that of the request.")
    if not _is_address(claims.get("htu"), url):
        raise ProofRefusedError("The DPoP proof is for another address: htu must be that of the request.")
    if access_token is not None:
        _check_access_token_hash(claims.get("ath"), access_token)
    return DpopProof(
        jkt=thumbprint(key),
        jti=_text(claims, "jti", LONGEST_JTI),
        iat=_instant(claims),
        nonce=None if claims.get("nonce") is None else _text(claims, "nonce", LONGEST_NONCE),
    )


def normal_address(address: str) -> str | None:
    """Give an http or https address in its normal form, without query and fragment (RFC 3986 §6.2.2-6.2.3), or None."""
    try:
        parts = parse_url(address)
    except LocationParseError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.host or parts.auth is not None:
        return None
    port = parts.port or _DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{parts.host}:{port}{_ENCODED.sub(_decoded_if_unreserved, parts.path or '/')}"


def _decoded_if_unreserved(found: re.Match[str]) -> str:
    sign = chr(int(found.group(1), 16))
    return sign if _UNRESERVED.match(sign) else found.group().upper()


def _is_address(htu: object, url: str) -> bool:
    if not isinstance(htu, str):
        return False
    # Nearly always they are the same text.
    return htu == url or (normal_address(htu) is not None and normal_address(htu) == normal_address(url))


def _header(proof: str) -> Mapping[str, Any]:
    if len(proof) > LONGEST_PROOF:
        raise ProofRefusedError("The DPoP proof is too long.")
    if "," in proof:
        # How a server joins header fields of one name (RFC 9110 §5.3); a compact JWS has no comma.
        raise ProofRefusedError("Send one DPoP header field, with one proof.")
    if not proof.isascii():
        raise ProofRefusedError("The DPoP proof is not a JWT.")
    try:
        header = JWS.get_unverified_header(proof)
    except jwt.PyJWTError as fault:
        raise ProofRefusedError("The DPoP proof is not a JWT.") from fault
    if header.get("typ") != DPOP_PROOF_TYPE:
        raise ProofRefusedError(f"The DPoP proof is not of type {DPOP_PROOF_TYPE}.")
    if header.get("alg") != SIGNING_ALGORITHM:
        raise ProofRefusedError(f"The DPoP proof is not signed with {SIGNING_ALGORITHM}.")
    return header


def _key(header: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    jwk = header.get("jwk")
    if not isinstance(jwk, dict):
        raise ProofRefusedError("The header of the DPoP proof has no jwk.")
    if _PRIVATE_MEMBERS & jwk.keys():
        raise ProofRefusedError("The jwk of the DPoP proof holds a private key. Take that key for lost.")
    coordinates = [jwk.get("x"), jwk.get("y")]
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256" or not all(map(_is_coordinate, coordinates)):
        raise ProofRefusedError("The jwk of the DPoP proof is not a public P-256 key.")
    x, y = (int.from_bytes(jwt.utils.base64url_decode(str(text)), "big") for text in coordinates)
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError as fault:
        raise ProofRefusedError("The jwk of the DPoP proof is not a public P-256 key.") from fault


def _is_coordinate(value: object) -> bool:
    return isinstance(value, str) and _COORDINATE.match(value) is not None


def _claims(proof: str, key: ec.EllipticCurvePublicKey) -> Mapping[str, Any]:
    # Time is judged by wire/dpop.py; no other claim of JWT has a meaning here.
    options: Any = {"verify_signature": True, **dict.fromkeys(_NOT_OURS, False)}
    try:
        return JWT.decode(proof, key, algorithms=[SIGNING_ALGORITHM], options=options)
    except jwt.InvalidSignatureError as fault:
        raise ProofRefusedError("The signature of the DPoP proof is wrong.") from fault
    except jwt.PyJWTError as fault:
        raise ProofRefusedError("The DPoP proof is not a JWT.") from fault


def _check_access_token_hash(ath: object, access_token: str) -> None:
    wanted = access_token_hash(access_token)
    if not isinstance(ath, str) or not ath.isascii() or not hmac.compare_digest(ath, wanted):
        raise ProofRefusedError("The DPoP proof is for another access token: ath must be its hash.")


def _text(claims: Mapping[str, Any], name: str, longest: int) -> str:
    value = claims.get(name)
    # A lone surrogate cannot be encoded, and is not printable.
    if not isinstance(value, str) or not 1 <= len(value) <= longest or not value.isprintable():
        raise ProofRefusedError(f"The DPoP proof has no {name} of 1 to {longest} characters.")
    return value


def _instant(claims: Mapping[str, Any]) -> float:
    value = claims.get("iat")
    # JSON as Python reads it knows NaN, and whole numbers that no float holds.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST_INSTANT:
        raise ProofRefusedError("The DPoP proof has no iat, the time at which it was made.")
    return value
