"""What people and programs do in a journey, over HTTP: an operator, a POS server at the protocol, a reader of mail."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import requests

from deploy.local_stack.visitor import Visitor
from wire.dpop_key import DpopKey
from wire.grant_types import DEVICE_CODE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE_SECONDS = 30
REMINDED = "owner@corner-shops.example"
"""Gets reminders, which come from the calendar and no outbox."""
T = TypeVar("T")


@dataclass(frozen=True)
class People:
    """The stack's addresses and who uses them."""

    document: dict[str, Any]
    folder: Path

    @property
    def auth_url(self) -> str:
        return str(self.document["auth_url"])

    def ask_codes(self) -> dict[str, Any]:
        answer = requests.post(
            f"{self.auth_url}/oauth/device_authorization", data={"client_id": "tillpass-pos"}, timeout=10
        )
        assert answer.status_code == 200, answer.text
        codes: dict[str, Any] = answer.json()
        return codes

    def poll(self, device_code: str) -> requests.Response:
        form = {"grant_type": DEVICE_CODE, "device_code": device_code, "client_id": "tillpass-pos"}
        return requests.post(f"{self.auth_url}/oauth/token", data=form, timeout=10)

    def refresh(self, refresh_token: str) -> requests.Response:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": "tillpass-pos"}
        return requests.post(f"{self.auth_url}/oauth/token", data=form, timeout=10)

    def service_token(self, scope: str) -> str:
        client = self.document["clients"]["scripts"]
        answer = requests.post(
            f"{self.auth_url}/oauth/token",
            data={"grant_type": "client_credentials", "scope": scope},
            auth=(client["client_id"], client["client_secret"]),
            timeout=10,
        )
        return str(answer.json()["access_token"])

    def operator(self) -> Visitor:
        """Sign an operator in and choose the organization."""
        visitor = Visitor()
        visitor.open(f"{self.auth_url}/sign-in")
        operator = self.document["operator"]
        visitor.press("Sign in", email=operator["email"], password=operator["password"])
        visitor.press("Continue", organization_id=self.document["organization"]["id"])
        return visitor

    def authorize(self, user_code: str, device: str = "pos_server", *, visitor: Visitor | None = None) -> Visitor:
        """Approve a user code for one of the demo devices."""
        visitor = visitor or self.operator()
        visitor.open(f"{self.auth_url}/activate")
        visitor.press("Authorize", device_id=self.document["devices"][device]["id"], user_code=user_code)
        visitor.press("Authorize")
        return visitor

    def keys_of_live_grants(self) -> set[str | None]:
        """Give the thumbprints of the keys that the devices' live grants are bound to."""
        with closing(sqlite3.connect(f"file:{self.folder}/auth_service.sqlite3?mode=ro", uri=True)) as database:
            return {jkt for (jkt,) in database.execute("SELECT dpop_jkt FROM grants WHERE ended_at IS NULL")}

    def pos_key(self) -> str:
        """Give the thumbprint of the key in the demo POS server's state folder."""
        return DpopKey.from_pem((self.folder / "pos" / "device-key.pem").read_bytes()).jkt

    def expect_every_mail_once(self) -> None:
        """Wait until each email that was ever to be sent has come; fail when one came twice."""
        with closing(sqlite3.connect(f"file:{self.folder}/auth_service.sqlite3?mode=ro", uri=True)) as database:
            (wanted,) = database.execute("SELECT count(*) FROM outbox").fetchone()

        def come() -> int:
            return sum(mail["to"] != REMINDED for mail in self.mails())

        wait_for(f"mail number {wanted}", lambda: come() >= wanted or None)
        assert come() == wanted

    def mails(self) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.document['mails_url'].rstrip('/')}/mails.json", timeout=10)
        mails: list[dict[str, Any]] = answer.json()["mails"]
        return mails


def wait_for(what: str, look: Callable[[], T | None]) -> T:
    """Look again and again until there is something, for PATIENCE_SECONDS at the most."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if (seen := look()) is not None:
            return seen
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come within {PATIENCE_SECONDS} s")
