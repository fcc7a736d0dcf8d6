"""A resource server as the introspection endpoint knows it: a confidential client with an audience."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auth_service.actions.register_client import NewClient, register_client

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House


@dataclass
class ResourceServer:
    """Asks about the tokens that it is shown."""

    house: House
    client_id: str
    secret: str

    @classmethod
    def of(cls, house: House, *audiences: str, client_id: str = "resource-server") -> ResourceServer:
        new = NewClient(client_id, "A resource server", (), (), is_public=False, introspects=audiences)
        return cls(house, client_id, str(register_client(house.wired.database, new, now=house.clock())))

    @property
    def authorization(self) -> str:
        return "Basic " + base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()

    def ask(self, token: str, headers: dict[str, str] | None = None, **form: Any) -> TestResponse:
        sent = {"Authorization": self.authorization, **(headers or {})}
        return self.house.post("/oauth/introspect", {"token": token, **form}, headers=sent)

    def introspect(self, token: str, **form: Any) -> dict[str, Any]:
        answer = self.ask(token, **form)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json
        return document
