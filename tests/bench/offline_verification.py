"""A license token verified on a POS server with the keys that it holds, in this process."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from auth_service.actions.create_signing_key import create_signing_key
from auth_service.domain.device import Device, DeviceKind
from auth_service.domain.grant import Grant
from auth_service.tokens.key_vault import KeyVault
from auth_service.tokens.signing_keys import SigningKeys
from auth_service.tokens.token_issuer import TokenIssuer
from auth_service.wiring import utc_now
from pos_client.license_verifier import read_license_token
from wire.entitlement import Entitlement

_ISSUER: Final = "http://127.0.0.1:8001"


def microseconds_of_verification(*, batches: int = 9, size: int = 200) -> float:
    """Give the median of several batches, processor time."""
    with TemporaryDirectory() as folder:
        vault = KeyVault(Path(folder) / "keys")
        create_signing_key(vault, now=utc_now())
        keys = SigningKeys(vault)
        token = TokenIssuer(keys, _ISSUER).device_answer(_grant(), "refresh token", utc_now())["license_token"]
        held = keys.jwks()
    took = []
    for _ in range(batches):
        began = time.process_time()
        for _ in range(size):
            read_license_token(token, issuer=_ISSUER, keys=held)
        took.append((time.process_time() - began) / size * 1e6)
    return median(took)


def _grant() -> Grant:
    device = Device("a" * 36, "o" * 36, "Shop 1", DeviceKind.SERVER, None, "Hub", "https://hub.example.com")
    entitlement = Entitlement(device.id, device.organization_id, "l" * 36, ("xms",), 30, utc_now(), date(2030, 1, 1))
    return Grant("g" * 36, "tillpass-pos", "license", device, "Bench Bakery", entitlement, status_index=1)
