"""Sign the server's time for a device's check-in (wire/server_time.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt

from wire.dpop_key import thumbprint
from wire.token_types import SERVER_TIME_TYPE, SIGNING_ALGORITHM

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from wire.server_time import ServerTime


def sign_server_time(time: ServerTime, key: EllipticCurvePrivateKey) -> str:
    """Give the JWT; its `kid` is the thumbprint under which the key is published."""
    headers = {"typ": SERVER_TIME_TYPE, "kid": thumbprint(key.public_key())}
    return jwt.encode(time.payload(), key, algorithm=SIGNING_ALGORITHM, headers=headers)
