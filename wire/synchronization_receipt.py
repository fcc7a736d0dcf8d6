"""The receipt of a synchronization: license_service's signed word on what a site had to change (S2-9, S2-13).

A JWT (RFC 7519) of its own `typ`, signed with the key that signs access keys, so that the site verifies it with the
keys that it has pinned and nothing else: whoever kept it can show later which keys the site had, at which versions, and
who had asked. Nothing is opened by it. It names no `iss` and no `aud`: the pinned key is the one, `organization_id` the
other. It does not expire; what it says was so at `iat`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import jwt
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from wire.claims import LATEST_INSTANT
from wire.dpop_key import thumbprint
from wire.errors import TokenRefusedError
from wire.jwt_reader import JWT
from wire.token_types import SIGNING_ALGORITHM, SYNCHRONIZATION_RECEIPT_TYPE
from wire.token_verification import signing_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric import ec

    from wire.jwks import KeySource

LONGEST_RECEIPT: Final = 4 * 1024 * 1024
"""Room for the keys of the largest organization."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizationReceipt:
    """What one run did.

    `keys` are all license keys that the site was given, as versions by id. Of `added`, `changed` and `removed` each
    is an id and the ID # that the key had, None for what is no key of the organization. `revision` is what the site
    activates. `device_id` is None when the vendor's staff ran it.
    """

    synchronization_id: str
    organization_id: str
    device_id: str | None
    started_by: str
    trigger: str
    started_at: datetime
    finished_at: datetime
    revision: int
    keys: Mapping[str, int]
    added: tuple[tuple[str, str | None], ...]
    changed: tuple[tuple[str, str | None], ...]
    removed: tuple[tuple[str, str | None], ...]

    def payload(self) -> dict[str, Any]:
        """Give the JWT claims set; `synchronization_id` is its `jti`, `finished_at` its `iat`."""
        return {
            "jti": self.synchronization_id,
            "iat": int(self.finished_at.timestamp()),
            "started_at": int(self.started_at.timestamp()),
            "organization_id": self.organization_id,
            "device_id": self.device_id,
            "started_by": self.started_by,
            "trigger": self.trigger,
            "revision": self.revision,
            "keys": dict(self.keys),
            "added": [list(key) for key in self.added],
            "changed": [list(key) for key in self.changed],
            "removed": [list(key) for key in self.removed],
        }


def sign_synchronization_receipt(receipt: SynchronizationReceipt, key: ec.EllipticCurvePrivateKey) -> str:
    """Give the receipt as a JWT (compact JWS, ES256)."""
    headers = {"typ": SYNCHRONIZATION_RECEIPT_TYPE, "kid": thumbprint(key.public_key())}
    return jwt.encode(receipt.payload(), key, algorithm=SIGNING_ALGORITHM, headers=headers)


def read_synchronization_receipt(token: str, keys: KeySource) -> SynchronizationReceipt:
    """Verify signature, type and form. Raises TokenRefusedError, or KeysUnavailableError when no key could be had."""
    key = signing_key(keys, token, SYNCHRONIZATION_RECEIPT_TYPE, longest=LONGEST_RECEIPT)
    try:
        claims = JWT.decode(
            token, key, algorithms=[SIGNING_ALGORITHM], options={"verify_iat": False, "verify_aud": False}
        )
    except jwt.PyJWTError as fault:
        raise TokenRefusedError("The receipt's signature is wrong.") from fault
    try:
        receipt: SynchronizationReceipt = _ReceiptSchema().load(claims)
    except ValidationError as fault:
        raise TokenRefusedError(f"The receipt is malformed: {', '.join(sorted(fault.messages_dict))}.") from fault
    return receipt


_TEXT: Final = validate.Length(min=1, max=200)


def _instant() -> fields.Integer:
    return fields.Integer(required=True, strict=True, validate=validate.Range(0, LATEST_INSTANT))


def _named_keys() -> fields.List[Any]:
    pair = fields.Tuple((fields.String(required=True, validate=_TEXT), fields.String(allow_none=True, validate=_TEXT)))
    return fields.List(pair, required=True)


class _ReceiptSchema(Schema):
    class Meta:
        """A later license_service may say more."""

        unknown = EXCLUDE

    jti = fields.String(required=True, validate=_TEXT)
    iat = _instant()
    started_at = _instant()
    organization_id = fields.String(required=True, validate=_TEXT)
    device_id = fields.String(required=True, allow_none=True, validate=_TEXT)
    started_by = fields.String(required=True, validate=_TEXT)
    trigger = fields.String(required=True, validate=_TEXT)
    revision = fields.Integer(required=True, strict=True, validate=validate.Range(0))
    keys = fields.Dict(
        keys=fields.String(validate=_TEXT),
        values=fields.Integer(strict=True, validate=validate.Range(1)),
        required=True,
    )
    added = _named_keys()
    changed = _named_keys()
    removed = _named_keys()

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> SynchronizationReceipt:
        same: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return SynchronizationReceipt(
            synchronization_id=same.pop("jti"),
            finished_at=datetime.fromtimestamp(same.pop("iat"), UTC),
            started_at=datetime.fromtimestamp(same.pop("started_at"), UTC),
            **same,
        )
