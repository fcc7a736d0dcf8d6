"""Asking license_service: what its answers come to, through a real HTTP server."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from auth_service.domain.connecting_group import KeyVerdict
from auth_service.domain.errors import LicenseServiceAwayError, LicenseSuspendedError, NoLicenseError
from auth_service.outbound.license_api import LicenseApi
from auth_service.outbound.notify_api import NotifyApi
from wire.errors import AnswerRefusedError, UnreachableError
from wire.http_client import HttpClient
from wire.token_verification import TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doubles.auth_house import House

ENTITLEMENT = {
    "device_id": "d",
    "organization_id": "o",
    "license_id": "l",
    "features": ["xms"],
    "renewal_window_days": 30,
    "stated_at": "2026-11-21T12:00:00+00:00",
    "renewal_date": "2027-11-21",
}


class OtherService:
    """A service that answers as told and remembers what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body: Any = ENTITLEMENT
        self.asked: list[tuple[str, str, str, bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                token = self.headers.get("Authorization", "")
                outer.asked.append((self.command, self.path, token, self.rfile.read(length)))
                body = outer.body if isinstance(outer.body, bytes) else json.dumps(outer.body).encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = do_POST = _answer  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service() -> Iterator[OtherService]:
    service = OtherService()
    thread = threading.Thread(target=service.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield service
    service.server.shutdown()
    thread.join()
    service.server.server_close()


@pytest.fixture
def license_api(house: House, service: OtherService) -> LicenseApi:
    return LicenseApi(HttpClient(), service.url, house.wired.protocol.issuer, now=lambda: datetime.now(UTC))


@pytest.fixture
def notify(house: House, service: OtherService) -> NotifyApi:
    return NotifyApi(HttpClient(), service.url, house.wired.protocol.issuer, now=lambda: datetime.now(UTC))


def test_claiming_a_seat_sends_a_token_that_license_service_can_check(
    house: House, service: OtherService, license_api: LicenseApi
) -> None:
    entitlement = license_api.claim_seat("d", "o")

    assert entitlement.features == ("xms",)
    ((method, path, token, body),) = service.asked
    assert (method, path, json.loads(body)) == ("PUT", "/v1/devices/d/seat", {"organization_id": "o"})
    verifier = TokenVerifier(house.wired.keys, "http://127.0.0.1:8001", "license_service")
    assert verifier.access_token(token.removeprefix("Bearer ")).scope == "entitlements"


@pytest.mark.parametrize(
    "code",
    [
        "no_license",
        "license_expired",
        "license_suspended",
        "component_not_licensed",
        "no_seat_free",
        "no_seat",
        "device_refused",
    ],
)
def test_a_refusal_that_is_known_keeps_its_code(service: OtherService, license_api: LicenseApi, code: str) -> None:
    service.status, service.body = 409, {"code": code}

    with pytest.raises(NoLicenseError) as raised:
        license_api.read_entitlement("d", "o")

    assert raised.value.code == code
    assert isinstance(raised.value, LicenseSuspendedError) is (code == "license_suspended")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>"),
        (200, {**ENTITLEMENT, "features": "xms"}),
        (200, []),
        (401, {"code": "invalid_token"}),
        (404, {"code": "not_found"}),
        (500, b""),
        (503, {"code": "temporarily_unavailable"}),
        (302, {}),
    ],
)
def test_every_other_answer_means_away(service: OtherService, license_api: LicenseApi, status: int, body: Any) -> None:
    """A broken answer decides nothing: neither that there is a license nor that there is none."""
    service.status, service.body = status, body

    with pytest.raises(LicenseServiceAwayError):
        license_api.claim_seat("d", "o")


def test_a_license_key_that_was_entered_is_judged_for_one_organization(
    house: House, service: OtherService, license_api: LicenseApi
) -> None:
    """S1-38, S1-41: `active` is what the record says now."""
    service.body = {"key_id": "k", "organization_id": "o", "active": False}

    verdict = license_api.validate_access_key("04CS0", "o")

    assert verdict == KeyVerdict(None, is_active=False)
    ((method, path, token, body),) = service.asked
    assert (method, path) == ("POST", "/v1/access-key-validations")
    assert json.loads(body) == {"organization_id": "o", "registration": "activated", "access_key": "04CS0"}
    verifier = TokenVerifier(house.wired.keys, "http://127.0.0.1:8001", "license_service")
    assert verifier.access_token(token.removeprefix("Bearer ")).scope == "entitlements"


def test_a_refused_license_key_keeps_its_code(service: OtherService, license_api: LicenseApi) -> None:
    """S1-41: for the audit trail."""
    service.status, service.body = 409, {"code": "access_key_forged"}

    assert license_api.validate_access_key("04CS0", "o") == KeyVerdict("access_key_forged")


@pytest.mark.parametrize(
    ("status", "body"), [(200, {}), (200, []), (409, {"code": "request_under_way"}), (422, {}), (500, b"")]
)
def test_every_other_answer_about_a_license_key_means_away(
    service: OtherService, license_api: LicenseApi, status: int, body: Any
) -> None:
    service.status, service.body = status, body

    with pytest.raises(LicenseServiceAwayError):
        license_api.validate_access_key("04CS0", "o")


def test_nobody_listening_means_away(house: House) -> None:
    license_api = LicenseApi(HttpClient(), "http://127.0.0.1:1", house.wired.protocol.issuer, now=house.clock)

    with pytest.raises(LicenseServiceAwayError):
        license_api.claim_seat("d", "o")


def test_notify_service_is_asked_for_many_ids_at_once(service: OtherService, notify: NotifyApi) -> None:
    first, second = uuid4(), uuid4()
    service.body = {"items": [{"id": str(second), "state": "sent"}]}

    assert notify.known([first, second]) == {second}
    assert service.asked[0][1] == f"/v1/notifications?id={first}&id={second}"


@pytest.mark.parametrize(
    ("fault", "refused"), [("recipient_refused", True), ("temporary_refusal", False), (None, False)]
)
def test_notify_service_tells_of_an_address_that_was_refused(
    service: OtherService, notify: NotifyApi, fault: str | None, *, refused: bool
) -> None:
    """F36."""
    asked = uuid4()
    service.body = {"items": [{"id": str(asked), "state": "failed", "fault": fault}]}

    assert notify.refuses_address(asked) is refused
    assert not notify.refuses_address(uuid4())


@pytest.mark.parametrize(("status", "body"), [(200, {}), (200, {"items": [{"id": 1}]}), (401, {}), (200, [])])
def test_an_answer_of_notify_service_that_is_no_list_is_refused(
    service: OtherService, notify: NotifyApi, status: int, body: Any
) -> None:
    service.status, service.body = status, body

    with pytest.raises(AnswerRefusedError):
        notify.known([uuid4()])


def test_notify_service_away_is_told(house: House) -> None:
    notify = NotifyApi(HttpClient(), "http://127.0.0.1:1", house.wired.protocol.issuer, now=house.clock)

    with pytest.raises(UnreachableError):
        notify.known([uuid4()])
