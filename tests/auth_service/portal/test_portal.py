"""The portal's pages: who gets in, what they may do, and what a page never does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auth_service.actions.create_device import NewDevice, create_device
from auth_service.actions.create_operator import NewOperator, create_operator
from auth_service.actions.create_organization import create_organization
from auth_service.domain.errors import NoLicenseError
from auth_service.domain.operator import Role
from database.engine import Database
from database.errors import DatabaseUnavailableError
from tests.doubles.auth_house import ISSUER, PASSWORD, Visitor

if TYPE_CHECKING:
    from tests.doubles.auth_house import House


def add_operator(house: House, email: str, role: Role, organization_id: str | None = None) -> str:
    new = NewOperator(email, "Someone", PASSWORD, organization_id or house.organization_id, role)
    return create_operator(house.wired.database, new, now=house.clock())


def other_organization(house: House) -> tuple[str, str]:
    organization_id = create_organization(house.wired.database, "Rival", now=house.clock())
    device_id = create_device(house.wired.database, NewDevice(organization_id, "Rival till"), now=house.clock())
    return organization_id, device_id


def test_the_story_of_the_seed_in_its_labels(house: House) -> None:
    """S3-3 … S3-10: sign in, choose the organization, Authorize Device, Device, UserCode, Authorize, confirm."""
    codes = house.ask_codes()
    visitor = Visitor(house.web())
    visitor.submit("/sign-in", email="owner@example.com", password=PASSWORD)
    assert "Bakery" in visitor.get("/organizations").text
    visitor.submit("/organizations", organization_id=house.organization_id)
    page = visitor.get("/activate").text
    for label in (">Device</label>", ">UserCode</label>", 'value="Authorize"', "Shop 1", "Authorize Device"):
        assert label in page

    confirm = visitor.submit("/activate", device_id=house.device_id, user_code=codes["user_code"])
    done = visitor.submit(
        "/activate/decision",
        token_from="/activate",
        device_id=house.device_id,
        user_code=codes["user_code"],
        decision="authorize",
    )

    assert confirm.status_code == 200
    assert done.status_code == 303
    listed = visitor.get("/devices").text
    assert "Shop 1 is authorized" in listed
    assert "Approved. Choose <strong>Complete Authorization</strong> on its Manage License page." in listed
    assert house.poll(codes["device_code"]).status_code == 200
    assert ">Authorized</span>" in visitor.get("/devices").text


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("owner@example.com", "wrong"),
        ("nobody@example.com", PASSWORD),
        ("owner@example.com", "x" * 5000),
        ("\x00", "x"),
    ],
)
def test_wrong_address_and_wrong_password_are_one_answer(house: House, email: str, password: str) -> None:
    """T36, T48."""
    answer = Visitor(house.web()).submit("/sign-in", email=email, password=password)

    assert answer.status_code == 422
    assert "The email address or the password is wrong." in answer.text


def test_the_address_is_taken_in_any_case(house: House) -> None:
    answer = Visitor(house.web()).submit("/sign-in", email=" Owner@Example.COM ", password=PASSWORD)

    assert answer.status_code == 303


def test_sign_in_failures_are_limited_for_an_account(house: House) -> None:
    """T35: ten wrong passwords, then 429, also for the right one."""
    visitor = Visitor(house.web())
    statuses = [visitor.submit("/sign-in", email="owner@example.com", password="wrong").status_code for _ in range(11)]

    assert statuses == [422] * 10 + [429]
    assert visitor.submit("/sign-in", email="owner@example.com", password=PASSWORD).status_code == 429


def test_successful_sign_ins_are_not_limited(house: House) -> None:
    assert {
        Visitor(house.web()).submit("/sign-in", email="owner@example.com", password=PASSWORD).status_code
        for _ in range(35)
    } == {303}


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/organizations", "/activate", "/activate/decision"])
def test_a_post_without_the_form_token_is_refused(house: House, path: str) -> None:
    """T37."""
    visitor = house.sign_in()

    answer = visitor.web.post(path, data={"decision": "authorize"}, base_url=ISSUER)

    assert answer.status_code == 400


def test_sign_out_ends_the_session_on_the_server(house: House) -> None:
    """T38: the same cookie opens nothing afterwards."""
    visitor = house.sign_in()
    stolen = visitor.web.get_cookie("tillpass", domain="127.0.0.1").value
    visitor.submit("/sign-out", token_from="/activate")

    thief = house.web()
    thief.set_cookie("tillpass", stolen, domain="127.0.0.1")
    answer = thief.get("/devices", base_url=ISSUER)

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in")


def test_signing_in_again_ends_the_session_before(house: House) -> None:
    """T38."""
    visitor = house.sign_in()
    earlier = visitor.web.get_cookie("tillpass", domain="127.0.0.1").value
    visitor.submit("/sign-in", email="owner@example.com", password=PASSWORD)

    other = house.web()
    other.set_cookie("tillpass", earlier, domain="127.0.0.1")

    assert other.get("/devices", base_url=ISSUER).headers["Location"].startswith("/sign-in")


def test_a_session_ends_after_twelve_hours(house: House) -> None:
    visitor = house.sign_in()
    house.clock.pass_seconds(12 * 3600)

    assert visitor.get("/devices").status_code == 303


@pytest.mark.parametrize(
    "offered",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/ok\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "\\\\x",
    ],
)
def test_after_sign_in_nothing_leads_outside(house: House, offered: str) -> None:
    """T41."""
    visitor = house.sign_in()
    token_page = visitor.get("/organizations")
    assert token_page.status_code == 200

    answer = visitor.web.post(
        "/organizations",
        query_string={"next": offered},
        data={"organization_id": house.organization_id, "csrf_token": _token(token_page.text)},
        base_url=ISSUER,
    )

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/devices"


def _token(page: str) -> str:
    return page.split('name="csrf_token"')[1].split('value="')[1].split('"', maxsplit=1)[0]


def test_the_way_from_a_scanned_code_survives_signing_in(house: House) -> None:
    """§3.3.1 of RFC 8628: the complete URI still fills the code in after sign-in."""
    visitor = Visitor(house.web())
    first = visitor.get("/activate?user_code=WDJB-MJHT")
    signed_in = visitor.submit(first.headers["Location"], email="owner@example.com", password=PASSWORD)
    chosen = visitor.submit(signed_in.headers["Location"], organization_id=house.organization_id)

    page = visitor.get(chosen.headers["Location"])

    assert 'value="WDJB-MJHT"' in page.text


def test_another_organizations_device_cannot_be_chosen(house: House) -> None:
    """T44: neither on the page nor by a forged form."""
    codes = house.ask_codes()
    _, foreign = other_organization(house)
    visitor = house.sign_in()

    page = visitor.submit("/activate", device_id=foreign, user_code=codes["user_code"])
    forged = visitor.submit(
        "/activate/decision",
        token_from="/activate",
        device_id=foreign,
        user_code=codes["user_code"],
        decision="authorize",
    )

    assert (page.status_code, forged.status_code) == (422, 422)
    assert "Rival till" not in page.text
    assert house.poll(codes["device_code"]).json["error"] == "authorization_pending"


def test_another_organization_cannot_be_chosen(house: House) -> None:
    """T44."""
    foreign, _ = other_organization(house)

    assert house.sign_in().submit("/organizations", organization_id=foreign).status_code == 422


def test_a_member_who_was_removed_is_led_back(house: House) -> None:
    """T44: the choice of an organization lasts as long as the membership."""
    visitor = house.sign_in()
    with house.wired.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM memberships")

    answer = visitor.get("/devices")

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/organizations")
    assert "You do not belong to an organization yet" in visitor.get("/organizations").text


def test_a_viewer_looks_but_does_not_decide(house: House) -> None:
    """T10."""
    add_operator(house, "viewer@example.com", Role.VIEWER)
    codes = house.ask_codes()
    visitor = house.sign_in("viewer@example.com")

    assert "lets you look, not authorize" in visitor.get("/activate").text
    assert "Shop 1" in visitor.get("/devices").text
    token = _token(visitor.get("/organizations").text)
    answer = visitor.web.post(
        "/activate/decision",
        data={
            "csrf_token": token,
            "device_id": house.device_id,
            "user_code": codes["user_code"],
            "decision": "authorize",
        },
        base_url=ISSUER,
    )
    assert answer.status_code == 422
    assert house.poll(codes["device_code"]).json["error"] == "authorization_pending"


def test_an_approver_decides(house: House) -> None:
    add_operator(house, "approver@example.com", Role.APPROVER)
    codes = house.ask_codes()

    assert house.decide(codes["user_code"], visitor=house.sign_in("approver@example.com")).status_code == 303


@pytest.mark.parametrize("decision", ["", "approve", "AUTHORIZE"])
def test_a_decision_that_is_neither_decides_nothing(house: House, decision: str) -> None:
    codes = house.ask_codes()

    house.decide(codes["user_code"], decision)

    assert house.poll(codes["device_code"]).json["error"] == "authorization_pending"


@pytest.mark.parametrize("code", ["<script>alert(1)</script>", "\x00", "é" * 64, "B" * 65, "\u202eBBBB", "'\"--"])
def test_a_hostile_user_code_is_an_unknown_one(house: House, code: str) -> None:
    """T42."""
    answer = house.sign_in().submit("/activate", device_id=house.device_id, user_code=code)

    assert answer.status_code == 422
    assert "<script>" not in answer.text


def test_a_code_asked_for_from_elsewhere_is_warned_about(house: House) -> None:
    """T12."""
    codes = house.post(
        "/oauth/device_authorization",
        {"client_id": "tillpass-pos"},
        environ_base={"REMOTE_ADDR": "203.0.113.9"},
    ).json

    page = house.sign_in().submit("/activate", device_id=house.device_id, user_code=codes["user_code"]).text

    assert "another network address" in page
    assert "203.0.113.9" in page


def test_every_page_carries_the_security_headers(house: House) -> None:
    """T33, T42, T43."""
    visitor = house.sign_in()
    for path in ("/sign-in", "/organizations", "/devices", "/activate", "/no-such-page"):
        headers = visitor.get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_pages_hold_nothing_inline(house: House) -> None:
    visitor = house.sign_in()
    codes = house.ask_codes()
    pages = [visitor.get(path).text for path in ("/sign-in", "/organizations", "/devices", "/activate")]
    pages.append(visitor.submit("/activate", device_id=house.device_id, user_code=codes["user_code"]).text)

    for page in pages:
        assert "<script" not in page
        assert "<style" not in page
        assert " style=" not in page


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:8001.evil.example", "[", "127.0.0.1.evil.example"])
def test_an_unknown_host_is_refused(house: House, host: str) -> None:
    """T40."""
    for path in ("/sign-in", "/oauth/token", "/.well-known/jwks.json"):
        assert house.web().get(path, base_url=ISSUER, headers={"Host": host}).status_code == 400


def test_the_cookie_is_kept_from_scripts_and_other_sites(house: House) -> None:
    """T39."""
    answer = Visitor(house.web()).submit("/sign-in", email="owner@example.com", password=PASSWORD)

    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("PUT", "/sign-in", 405), ("GET", "/sign-out", 405), ("GET", "/activate/decision", 405)],
)
def test_wrong_addresses_and_methods_get_a_page(house: House, method: str, path: str, status: int) -> None:
    answer = house.web().open(path, method=method, base_url=ISSUER)

    assert answer.status_code == status
    assert "Back to the start" in answer.text


def test_a_database_that_is_away_gives_503_everywhere(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """F28."""
    visitor = house.sign_in()

    def away(_: Database) -> None:
        raise DatabaseUnavailableError("away")

    monkeypatch.setattr(Database, "reading", away)
    monkeypatch.setattr(Database, "transaction", away)

    page = visitor.get("/devices")
    token = house.poll("x")
    codes = house.post("/oauth/device_authorization", {"client_id": "tillpass-pos"})

    assert (page.status_code, token.status_code, codes.status_code) == (503, 503, 503)
    assert page.headers["Retry-After"]
    assert token.json["error"] == "temporarily_unavailable"


def test_a_device_that_is_authorized_already_is_warned_about(house: House) -> None:
    """The machine that holds the license now would lose it: the operator must know before."""
    house.tokens()
    codes = house.ask_codes()
    visitor = house.sign_in()

    page = visitor.submit("/activate", device_id=house.device_id, user_code=codes["user_code"]).text
    assert "is authorized already" in page


def test_the_license_of_a_device_is_removed_at_the_portal(house: House) -> None:
    """S3-18, T28: a remove function at the authorization server; the very next refresh is refused and says why."""
    token = house.tokens()["refresh_token"]
    visitor = house.sign_in()
    path = f"/devices/{house.device_id}/remove"
    assert path in visitor.get("/devices").text
    assert "Shop 1" in visitor.get(path).text

    answer = visitor.submit(path)

    assert answer.status_code == 303
    assert "The license of Shop 1 is removed." in visitor.get("/devices").text
    refused = house.refresh(token)
    assert (refused.json["error"], refused.json["reason"]) == ("invalid_grant", "removed")
    assert visitor.get(path).status_code == 404


def test_only_who_may_decide_removes_and_only_in_the_own_organization(house: House) -> None:
    """T10, T44."""
    house.tokens()
    _, foreign = other_organization(house)
    add_operator(house, "viewer@example.com", Role.VIEWER)

    assert house.sign_in().get(f"/devices/{foreign}/remove").status_code == 404
    viewer = house.sign_in("viewer@example.com")
    assert viewer.get(f"/devices/{house.device_id}/remove").status_code == 404
    assert "Remove License" not in viewer.get("/devices").text


def test_only_wrong_codes_count_as_guesses(house: House) -> None:
    """T01: a full license or a choice left out is no guess, however often it happens."""
    codes = house.ask_codes()
    visitor = house.sign_in()
    house.licenses.error = NoLicenseError("no_seat_free", "Every seat is taken.")
    for _ in range(12):
        assert house.decide(codes["user_code"], visitor=visitor).status_code == 422
        assert visitor.submit("/activate", device_id="", user_code=codes["user_code"]).status_code == 422
    house.licenses.error = None

    assert house.decide(codes["user_code"], visitor=visitor).status_code == 303


def test_a_single_device_is_chosen_already(house: House) -> None:
    with house.wired.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE devices SET hub_device_id = NULL")
        connection.exec_driver_sql("DELETE FROM devices WHERE name = 'Hub'")

    assert f'selected value="{house.device_id}"' in house.sign_in().get("/activate").text
