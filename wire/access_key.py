"""The access key: one text that says what a license key gives, and is verified offline (S1-38, S2-22, T34).

    format    1 byte: 1
    signer    4 bytes: the first of the SHA-256 thumbprint of the public key (RFC 7638)
    claims    wire/access_key_claims.py
    signature 64 bytes: r and s of ECDSA with P-256 and SHA-256 (FIPS 186-5), with the nonce of RFC 6979

What is signed is CONTEXT and all that stands before the signature, so that nothing else which the key signs is taken
for an access key, nor an access key for that. The bytes become a text in wire/access_key_text.py. A site pins the
signer's JWK Set, and needs nothing else.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from wire.access_key_claims import AccessKeyClaims
from wire.access_key_text import read_text, write_text
from wire.dpop_key import thumbprint
from wire.errors import (
    AccessKeyExpiredError,
    AccessKeyForgedError,
    AccessKeyOfAnotherOrganizationError,
    AccessKeyRefusedError,
    AccessKeySignerUnknownError,
    AccessKeyUnreadableError,
)
from wire.jwks import read_jwks
from wire.license_status import LicenseStatus, license_status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

CONTEXT: Final = b"tillpass access key\0"
FORMAT: Final = b"\x01"
_SIGNER_LENGTH: Final = 4
_COORDINATE_LENGTH: Final = 32
_SIGNATURE_LENGTH: Final = 2 * _COORDINATE_LENGTH
_HASH: Final = hashes.SHA256()


def sign_access_key(claims: AccessKeyClaims, key: ec.EllipticCurvePrivateKey) -> str:
    """Give the text; the same claims and key always give the same. Raises ValueError for claims that have no bytes."""
    signed = FORMAT + _signer_of(key.public_key()) + claims.payload()
    r, s = decode_dss_signature(key.sign(CONTEXT + signed, ec.ECDSA(_HASH, deterministic_signing=True)))
    return write_text(signed + b"".join(number.to_bytes(_COORDINATE_LENGTH, "big") for number in (r, s)))


def read_access_key(text: str, signers: Sequence[ec.EllipticCurvePublicKey]) -> AccessKeyClaims:
    """Verify the text and give its claims, whosever they are and also when they have expired.

    Raises AccessKeyUnreadableError, AccessKeyMistypedError, AccessKeySignerUnknownError or AccessKeyForgedError.
    """
    content = read_text(text)
    signed, signature = content[:-_SIGNATURE_LENGTH], content[-_SIGNATURE_LENGTH:]
    if not signed.startswith(FORMAT):
        raise AccessKeyUnreadableError("This is no access key, or one of a kind that this version does not know.")
    after_signer = len(FORMAT) + _SIGNER_LENGTH
    signer = signed[len(FORMAT) : after_signer]
    candidates = [key for key in signers if _signer_of(key) == signer]
    if not candidates:
        raise AccessKeySignerUnknownError
    if not any(_is_signed_by(key, signed, signature) for key in candidates):
        raise AccessKeyForgedError
    return AccessKeyClaims.from_payload(signed[after_signer:])


def claimed_organization(text: str) -> str | None:
    """Give the organization that the text says it is of, which nobody has verified: to find a record by, no more."""
    try:
        content = read_text(text)
        after_signer = len(FORMAT) + _SIGNER_LENGTH
        return AccessKeyClaims.from_payload(content[after_signer:-_SIGNATURE_LENGTH]).organization_id
    except AccessKeyRefusedError:
        return None


def accept_access_key(
    text: str, signers: Sequence[ec.EllipticCurvePublicKey], *, organization_id: str, now: datetime
) -> AccessKeyClaims:
    """Verify the text as one that a site of this organization may register now, and give its claims.

    Raises as `read_access_key`, AccessKeyOfAnotherOrganizationError or AccessKeyExpiredError.
    """
    claims = read_access_key(text, signers)
    if claims.organization_id != organization_id:
        raise AccessKeyOfAnotherOrganizationError
    if license_status(claims.renewal_date, claims.renewal_window_days, now) is LicenseStatus.EXPIRED:
        raise AccessKeyExpiredError
    return claims


def read_signers(document: object) -> tuple[ec.EllipticCurvePublicKey, ...]:
    """Give the keys of a JWK Set, to be pinned. Raises AnswerRefusedError."""
    return tuple(cast("ec.EllipticCurvePublicKey", member.key) for member in read_jwks(document).values())


def _signer_of(key: ec.EllipticCurvePublicKey) -> bytes:
    digest = base64.urlsafe_b64decode(thumbprint(key) + "=")
    return digest[:_SIGNER_LENGTH]


def _is_signed_by(key: ec.EllipticCurvePublicKey, signed: bytes, signature: bytes) -> bool:
    r, s = (int.from_bytes(half, "big") for half in (signature[:_COORDINATE_LENGTH], signature[_COORDINATE_LENGTH:]))
    try:
        key.verify(encode_dss_signature(r, s), CONTEXT + signed, ec.ECDSA(_HASH))
    except InvalidSignature:
        return False
    return True
