"""auth_service as it runs: real worker processes and a real Valkey, on either database; license_service is a double.

An operator's approval is the action itself, called in the test's process on the same database.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from auth_service.actions.authorize_device import Decision, authorize_device
from auth_service.actions.create_device import NewDevice, create_device
from auth_service.actions.create_operator import NewOperator, create_operator
from auth_service.actions.create_organization import create_organization
from auth_service.actions.create_signing_key import create_signing_key
from auth_service.actions.register_client import NewClient, register_client
from auth_service.actions.review_user_code import Entry, review_user_code
from auth_service.domain.operator import Membership, Operator, Role
from auth_service.settings import load_settings
from auth_service.wiring import key_vault, wire_up
from deploy.local_stack.process_table import environments, process_table
from deploy.local_stack.settings import LOOPBACK, StackSettings, free_ports
from deploy.local_stack.stack_secrets import secrets_of
from deploy.local_stack.supervisor import Supervisor
from tests.doubles.auth_house import Licenses
from wire.grant_types import DEVICE_CODE, REFRESH_TOKEN
from wire.scopes import LICENSE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auth_service.wiring import Wired

CLIENT_ID = "tillpass-pos"
IDLE_SECONDS = 5
Answer = tuple[int, dict[str, Any]]


@dataclass
class AuthProcesses:
    """A running auth_service with one organization, two of whose owners may approve, and one device."""

    port: int
    wired: Wired
    parts: Supervisor
    member: Membership
    operators: tuple[Operator, Operator]
    device_id: str
    _local: threading.local = field(default_factory=threading.local)
    _opened: list[HTTPConnection] = field(default_factory=list)

    def approved_code(self) -> str:
        """Give a device code that an operator has approved."""
        codes = self.ask_codes()
        self.approve(codes["user_code"])
        code: str = codes["device_code"]
        return code

    def ask_codes(self) -> dict[str, Any]:
        status, codes = self.post("/oauth/device_authorization", {"client_id": CLIENT_ID})
        assert status == 200, codes
        return codes

    def approve(self, user_code: str) -> None:
        decision = self.review(user_code)
        authorize_device(self.wired.database, Licenses(now), decision, mail=self.wired.desk.mail, now=now())
        self.wired.desk.pace.decided(decision.review.authorization.device_code_digest)

    def review(self, user_code: str, operator: int = 0) -> Decision:
        entry = Entry(user_code, self.device_id, self.member, self.operators[operator].id, LOOPBACK)
        review = review_user_code(self.wired.desk.codes, entry, now=now())
        return Decision(review=review, operator=self.operators[operator], member=self.member)

    def poll(self, device_code: str) -> Answer:
        return self.post("/oauth/token", poll_form(device_code))

    def refresh(self, refresh_token: str) -> Answer:
        return self.post("/oauth/token", refresh_form(refresh_token))

    def post(self, path: str, form: dict[str, str]) -> Answer:
        """Send a form on this thread's kept connection."""
        connection = self._connection()
        connection.request("POST", path, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def post_and_lose_the_answer(self, path: str, form: dict[str, str]) -> None:
        """Send a form, wait until an answer is there, and break the connection without reading it."""
        body = urlencode(form).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}:{self.port}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((LOOPBACK, self.port), timeout=30) as line:
            line.sendall(head.encode() + body)
            line.recv(1, socket.MSG_PEEK)

    def hang_up(self) -> None:
        """Close every kept connection."""
        for connection in self._opened:
            connection.close()

    def _connection(self) -> HTTPConnection:
        """Give this thread's connection; a new one when the server may have closed it for its idleness."""
        now_at = time.monotonic()
        if now_at - getattr(self._local, "used_at", float("-inf")) > IDLE_SECONDS:
            self._local.connection = HTTPConnection(LOOPBACK, self.port, timeout=30)
            self._opened.append(self._local.connection)
        self._local.used_at = now_at
        connection: HTTPConnection = self._local.connection
        return connection


def poll_form(device_code: str) -> dict[str, str]:
    return {"grant_type": DEVICE_CODE, "device_code": device_code, "client_id": CLIENT_ID}


def refresh_form(refresh_token: str) -> dict[str, str]:
    return {"grant_type": REFRESH_TOKEN, "refresh_token": refresh_token, "client_id": CLIENT_ID}


@contextmanager
def running_auth_processes(folder: Path, database_url: str, *, workers: int) -> Iterator[AuthProcesses]:
    """Run auth_service on a migrated, empty database."""
    stack = StackSettings(folder, free_ports(), auth_workers=workers)
    secrets = secrets_of(folder / "secrets.json")
    environment = {
        **environments(stack, secrets)["auth"],
        "AUTH_DATABASE_URL": database_url,
        # All tests ask from one address.
        "AUTH_LIMIT_CODES_PER_ADDRESS": "1000000",
        "AUTH_LIMIT_CODES_PER_CLIENT": "1000000",
    }
    settings = load_settings(environment)
    create_signing_key(key_vault(settings), now=now())
    wanted = [part for part in process_table(stack, secrets) if part.name in {"valkey", "auth_service"}]
    parts = Supervisor(
        [replace(part, environment=environment) for part in wanted],
        logs=folder / "log",
        environment=os.environ,
        say=lambda _line: None,
    )
    wired = wire_up(settings)
    with closing(wired.database):
        member, operators, device_id = _fill(wired)
        try:
            parts.start_all()
            auth = AuthProcesses(stack.ports.auth, wired, parts, member, operators, device_id)
            yield auth
            auth.hang_up()
        finally:
            parts.stop_all()


def _fill(wired: Wired) -> tuple[Membership, tuple[Operator, Operator], str]:
    at, database = now(), wired.database
    organization_id = create_organization(database, "Bakery", now=at)
    people = [
        NewOperator(f"owner{number}@example.com", f"Owner {number}", "correct horse", organization_id, Role.OWNER)
        for number in range(2)
    ]
    first, second = (Operator(create_operator(database, one, now=at), one.email, one.name) for one in people)
    device_id = create_device(database, NewDevice(organization_id, "Shop 1"), now=at)
    client = NewClient(CLIENT_ID, "POS server", (DEVICE_CODE, REFRESH_TOKEN), (LICENSE,), is_public=True)
    register_client(database, client, now=at)
    return Membership(organization_id, "Bakery", Role.OWNER), (first, second), device_id


def now() -> datetime:
    return datetime.now(UTC)
