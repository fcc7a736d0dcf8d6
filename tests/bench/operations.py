"""What is measured: for each operation the requests, and the answer that each of them must get."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import cycle, repeat
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from tests.bench.codes import note_pending, write_pending
from tests.bench.filled_service import CLIENT_ID, INTROSPECTOR_ID, Approver
from tests.bench.licensed_devices import LicensedDevices
from tests.bench.load import Expected, drive
from wire.grant_types import DEVICE_CODE, REFRESH_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from auth_service.wiring import Wired
    from tests.bench.codes import Codes
    from tests.bench.filled_service import FilledService
    from tests.bench.servers import Server

TOKEN: Final = "/oauth/token"
INTROSPECTED_TOKENS: Final = 20
_PENDING: Final = Expected(400, "authorization_pending")


@dataclass(frozen=True, slots=True)
class Operation:
    """One cell's work. `requests` is told how many may be sent, prepares them unmeasured, and gives them."""

    name: str
    expected: Expected
    requests: Callable[[int], Iterator[bytes]]
    keep: Callable[[bytes], None] | None = None


def floor_operations(server: Server) -> list[Operation]:
    """Give the operations of the floors; `server` runs floor_app."""
    form = {"grant_type": DEVICE_CODE, "device_code": "x" * 43, "client_id": CLIENT_ID}
    return [
        Operation("constant WSGI answer", Expected(200), _always(_get(server, "/wsgi"))),
        Operation("constant Flask answer", Expected(200), _always(_get(server, "/flask"))),
        Operation("WSGI, form, one Redis call", _PENDING, _always(_post(server, "/wsgi-floor", form))),
        Operation("floor: Flask, form, one Redis call", _PENDING, _always(_post(server, "/floor", form))),
    ]


class DeviceFlow:
    """The operations of one auth_service, each with what it needs in store."""

    def __init__(self, server: Server, service: FilledService, wired: Wired) -> None:
        self._server = server
        self._service = service
        self._wired = wired
        self._approver = Approver(service, wired)
        self.devices = LicensedDevices(service, wired)

    def operations(self) -> list[Operation]:
        issue = _post(self._server, "/oauth/device_authorization", {"client_id": CLIENT_ID})
        metadata = "/.well-known/oauth-authorization-server"
        return [
            Operation("issue", Expected(200), _always(issue)),
            Operation("pending poll", _PENDING, self._pending),
            Operation("pending poll that asks SQL", _PENDING, self._unnoted),
            self.redeem(),
            self.refresh(),
            Operation("introspection", Expected(200), self._introspect, _check_active),
            Operation("JWKS", Expected(200), _always(_get(self._server, "/.well-known/jwks.json"))),
            Operation("metadata", Expected(200), _always(_get(self._server, metadata))),
        ]

    def redeem(self) -> Operation:
        return Operation("redeem", Expected(200), self._redeem)

    def refresh(self) -> Operation:
        return Operation("refresh", Expected(200), self._refresh, self.devices.give_back)

    def polls_of(self, codes: Sequence[Codes]) -> Operation:
        """Poll the same live codes again and again, which is too fast for each of them."""

        def requests(_count: int) -> Iterator[bytes]:
            note_pending(self._wired.protocol.pace, codes)
            polls = [self._poll(each) for each in codes]
            # Everyone's first poll is in time, the others are not.
            drive(self._server.address, iter(polls), _PENDING, seconds=60)
            return cycle(polls)

        return Operation("pending poll among live codes", Expected(400, "slow_down"), requests)

    def _pending(self, count: int) -> Iterator[bytes]:
        codes = write_pending(self._wired, count)
        note_pending(self._wired.protocol.pace, codes)
        return iter([self._poll(each) for each in codes])

    def _unnoted(self, count: int) -> Iterator[bytes]:
        return iter([self._poll(each) for each in write_pending(self._wired, count)])

    def _redeem(self, count: int) -> Iterator[bytes]:
        codes = write_pending(self._wired, count)
        self._approver.approve(each.user_code for each in codes)
        return iter([self._poll(each) for each in codes])

    def _refresh(self, count: int) -> Iterator[bytes]:
        shared = {"grant_type": REFRESH_TOKEN, "client_id": CLIENT_ID}
        tokens = self.devices.take(count)
        return iter([_post(self._server, TOKEN, {**shared, "refresh_token": each}) for each in tokens])

    def _introspect(self, _count: int) -> Iterator[bytes]:
        answers: list[bytes] = []
        drive(self._server.address, self._redeem(INTROSPECTED_TOKENS), Expected(200), seconds=60, keep=answers.append)
        shared = {"client_id": INTROSPECTOR_ID, "client_secret": self._service.introspector_secret}
        tokens = [json.loads(each)["access_token"] for each in answers]
        return cycle([_post(self._server, "/oauth/introspect", {**shared, "token": each}) for each in tokens])

    def _poll(self, codes: Codes) -> bytes:
        form = {"grant_type": DEVICE_CODE, "device_code": codes.device_code, "client_id": CLIENT_ID}
        return _post(self._server, TOKEN, form)


def _check_active(body: bytes) -> None:
    if not json.loads(body)["active"]:
        raise RuntimeError("A live token was called inactive.")


def _always(request: bytes) -> Callable[[int], Iterator[bytes]]:
    return lambda _count: repeat(request)


def _get(server: Server, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {server.authority}\r\nAccept: application/json\r\n\r\n".encode()


def _post(server: Server, path: str, form: dict[str, str]) -> bytes:
    body = urlencode(form)
    return (
        f"POST {path} HTTP/1.1\r\nHost: {server.authority}\r\nAccept: application/json\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
