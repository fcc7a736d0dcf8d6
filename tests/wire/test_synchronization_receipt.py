"""The receipt of a synchronization: what is believed, and what is refused (S2-9, S2-13, T19, T20)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.conformance.hostile_tokens import HOSTILE_TOKENS, Draft
from wire.dpop_key import public_jwk, thumbprint
from wire.errors import KeysUnavailableError, TokenRefusedError
from wire.synchronization_receipt import (
    LONGEST_RECEIPT,
    SynchronizationReceipt,
    read_synchronization_receipt,
    sign_synchronization_receipt,
)

if TYPE_CHECKING:
    from tests.conformance.hostile_tokens import HostileToken

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
RECEIPT = SynchronizationReceipt(
    synchronization_id="7e57c0de-2b1a-4c3d-9e8f-0a1b2c3d4e5f",
    organization_id="0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11",
    device_id="5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10",
    started_by="Ada",
    trigger="manual",
    started_at=NOW,
    finished_at=NOW + timedelta(seconds=1),
    revision=4,
    keys={"a": 1, "b": 3},
    added=(("a", "Shop 1"),),
    changed=(("b", "Shop 2"),),
    removed=(("c", "Shop 3"), ("d", None)),
)


def token(forge: Any, payload: dict[str, Any], **header: Any) -> str:
    made: str = forge.token(forge.header("synchronization-receipt+jwt", **header), payload)
    return made


def test_what_was_signed_is_read(forge: Any) -> None:
    assert read_synchronization_receipt(token(forge, RECEIPT.payload()), forge.issuer) == RECEIPT


class Pinned:
    """The one key that a site holds."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def key(self, kid: str) -> Any:
        return self._key if kid == self._key.key_id else None


def test_what_is_signed_here_is_read_with_the_pinned_key() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    jwk = {**public_jwk(private.public_key()), "kid": thumbprint(private.public_key())}

    signed = sign_synchronization_receipt(replace(RECEIPT, device_id=None), private)

    assert read_synchronization_receipt(signed, Pinned(jwt.PyJWK(jwk, "ES256"))) == replace(RECEIPT, device_id=None)


def test_members_of_a_later_service_are_passed_over(forge: Any) -> None:
    assert read_synchronization_receipt(token(forge, {**RECEIPT.payload(), "more": 1}), forge.issuer) == RECEIPT


WRONG: dict[str, dict[str, Any]] = {
    "jti": {"jti": ""},
    "iat": {"iat": "now"},
    "started_at": {"started_at": 2**60},
    "organization_id": {"organization_id": None},
    "device_id": {"device_id": 7},
    "started_by": {"started_by": "a" * 201},
    "trigger": {"trigger": ["manual"]},
    "revision": {"revision": -1},
    "keys": {"keys": {"a": 0}},
    "added": {"added": [["a"]]},
    "changed": {"changed": "a"},
    "removed": {"removed": [["a", 1]]},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_malformed_receipt_is_refused_and_its_fault_is_named(forge: Any, name: str) -> None:
    with pytest.raises(TokenRefusedError, match=name):
        read_synchronization_receipt(token(forge, {**RECEIPT.payload(), **WRONG[name]}), forge.issuer)


@pytest.mark.parametrize("name", RECEIPT.payload())
def test_nothing_may_be_missing(forge: Any, name: str) -> None:
    payload = RECEIPT.payload()
    del payload[name]

    with pytest.raises(TokenRefusedError):
        read_synchronization_receipt(token(forge, payload), forge.issuer)


# The claims of the catalogue are those of tokens; the receipt's own are above.
HOSTILE = [hostile for hostile in HOSTILE_TOKENS if hostile.part != "claims"]


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_a_receipt_with_the_fault_of_a_hostile_token_is_refused(forge: Any, hostile: HostileToken) -> None:
    """T19, T20, T21."""
    draft = Draft(forge, forge.header("synchronization-receipt+jwt"), RECEIPT.payload())
    assert read_synchronization_receipt(draft.signed(), forge.issuer) == RECEIPT

    with pytest.raises(TokenRefusedError):
        read_synchronization_receipt(hostile.make(draft), forge.issuer)


def test_other_tokens_of_the_same_key_are_no_receipt(forge: Any) -> None:
    """T21."""
    for other in (forge.license_token(), forge.access_token()):
        with pytest.raises(TokenRefusedError, match="not of type"):
            read_synchronization_receipt(other, forge.issuer)


def test_a_receipt_of_the_largest_organization_is_read_and_an_endless_one_is_not(forge: Any) -> None:
    many = {f"9f2f3c64-0d8b-4b0e-a5f3-{number:012}": 1 for number in range(10_000)}
    large = replace(RECEIPT, keys=many, added=tuple((key, "x" * 64) for key in many))
    signed = token(forge, large.payload())

    assert read_synchronization_receipt(signed, forge.issuer) == large
    with pytest.raises(TokenRefusedError, match="too long"):
        read_synchronization_receipt(signed + "A" * LONGEST_RECEIPT, forge.issuer)


def test_without_keys_nothing_is_said(forge: Any) -> None:
    signed = token(forge, RECEIPT.payload())
    forge.issuer.away = True
    try:
        with pytest.raises(KeysUnavailableError):
            read_synchronization_receipt(signed, forge.issuer)
    finally:
        forge.issuer.away = False
