"""A device that holds a key and sends a DPoP proof with each request to an auth_service in memory (RFC 9449)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.doubles.auth_house import ISSUER
from wire.dpop_key import DpopKey
from wire.grant_types import DEVICE_CODE, REFRESH_TOKEN

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House

DEVICE_AUTHORIZATION = "/oauth/device_authorization"
TOKEN = "/oauth/token"


@dataclass
class KeyedDevice:
    house: House
    key: DpopKey = field(default_factory=DpopKey.generate)
    clock_ahead: timedelta = timedelta()
    nonce: str | None = None

    def proof(self, path: str = TOKEN, **more: Any) -> str:
        now = self.house.clock() + self.clock_ahead
        return self.key.proof("POST", ISSUER + path, now, **{"nonce": self.nonce, **more})

    def post(self, path: str, form: dict[str, str], proof: str | None = None) -> TestResponse:
        headers = {"DPoP": self.proof(path) if proof is None else proof}
        return self.house.post(path, {"client_id": "tillpass-pos", **form}, headers=headers)

    def ask(self, **form: str) -> TestResponse:
        return self.post(DEVICE_AUTHORIZATION, form)

    def poll(self, device_code: str, proof: str | None = None, **form: str) -> TestResponse:
        return self.post(TOKEN, {"grant_type": DEVICE_CODE, "device_code": device_code, **form}, proof)

    def refresh(self, refresh_token: str, proof: str | None = None) -> TestResponse:
        return self.post(TOKEN, {"grant_type": REFRESH_TOKEN, "refresh_token": refresh_token}, proof)

    def approved_code(self, **form: str) -> str:
        codes = self.ask(**form).json
        assert self.house.decide(codes["user_code"]).status_code == 303
        code: str = codes["device_code"]
        return code

    def tokens(self) -> dict[str, Any]:
        answer = self.poll(self.approved_code())
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json
        return document
