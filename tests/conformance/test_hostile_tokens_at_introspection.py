"""Introspection finds no hostile token active, whatever it is made from (RFC 7662 §2.2; figure C10)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import jwt
import pytest

from auth_service.actions.register_client import NewClient, register_client
from tests.conformance.gate import Gate
from tests.conformance.hostile_tokens import Draft
from tests.doubles.token_forge import Forge, Issuer
from wire.scopes import LICENSE_AUDIENCE, POS_AUDIENCE

if TYPE_CHECKING:
    from tests.doubles.auth_house import House


@pytest.mark.parametrize("kind", ["access_token", "license_token"])
def test_no_hostile_token_is_active(kind: str, house: House) -> None:
    """T19, T20, T21, T22, T28."""
    audiences = (LICENSE_AUDIENCE, POS_AUDIENCE)
    client = NewClient("gateway", "Gateway", (), (), is_public=False, introspects=audiences)
    secret = register_client(house.wired.database, client, now=house.clock())
    basic = {"Authorization": "Basic " + base64.b64encode(f"gateway:{secret}".encode()).decode()}
    current = house.wired.protocol.issuer.keys.current
    forge = Forge(
        Issuer(url=house.wired.protocol.issuer.issuer, keys={current.kid: current.private_key, **Issuer().keys})
    )

    def is_active(token: str) -> bool:
        answer = house.post("/oauth/introspect", {"token": token}, headers=basic)
        # 400 and 413: a NUL in a form, and a form larger than any of ours.
        assert answer.status_code in {200, 400, 413}, answer.text
        return bool(answer.json.get("active"))

    good = jwt.decode_complete(house.tokens()[kind], options={"verify_signature": False})
    gate = Gate(Draft(forge, good["header"], good["payload"]), is_active)

    assert is_active(gate.good.signed())
    assert gate.accepted() == []
