"""Every road that takes a user code, the sign-in and the device authorization endpoint under their limits."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from redis import Redis

from auth_service.actions.create_operator import NewOperator, create_operator
from auth_service.app import create_app
from auth_service.domain.limit import device_authorization_limit
from auth_service.domain.operator import Role
from auth_service.domain.trusted_proxies import read_trusted_proxies
from auth_service.storage.limiter import Limiter
from tests.doubles.auth_house import ISSUER, PASSWORD, Visitor, csrf_token
from tests.doubles.keyed_device import KeyedDevice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House

WRONG = "BBBB-BBBB"
ROADS = ["review", "authorize", "deny"]
CLIENT = {"client_id": "tillpass-pos"}


def changed(house: House, **parts: Any) -> House:
    """Give the house with another limiter, quota or other proxies."""
    wired = house.wired
    limiter = parts.get("limiter", wired.desk.limiter)
    quota = replace(parts.get("quota", wired.protocol.quota), limiter=limiter)
    proxies = parts.get("proxies", wired.desk.proxies)
    wired = replace(
        wired,
        protocol=replace(wired.protocol, quota=quota, proxies=proxies),
        desk=replace(wired.desk, limiter=limiter, codes=replace(wired.desk.codes, limiter=limiter), proxies=proxies),
    )
    return replace(house, wired=wired, app=create_app(wired))


def with_quota(house: House, **numbers: int) -> House:
    quota = replace(house.wired.protocol.quota, limit=device_authorization_limit(**numbers))
    return changed(house, quota=quota)


def enter(house: House, visitor: Visitor, road: str, user_code: str) -> TestResponse:
    if road != "review":
        return house.decide(user_code, "authorize" if road == "authorize" else "deny", visitor=visitor)
    return visitor.submit("/activate", device_id=house.device_id, user_code=user_code)


def colleague(house: House, name: str) -> Visitor:
    email = f"{name}@example.com"
    new = NewOperator(email, name, PASSWORD, house.organization_id, Role.APPROVER)
    create_operator(house.wired.database, new, now=house.clock())
    return house.sign_in(email)


@pytest.fixture(params=["valkey", "memory"])
def real_house(request: pytest.FixtureRequest, house: House) -> Iterator[House]:
    """The limiter on a real server; and with none at all."""
    if request.param == "memory":
        house.redis_server.connected = False
        yield house
        return
    with Redis.from_url(request.getfixturevalue("valkey")) as redis:
        redis.flushall()
        yield changed(house, limiter=Limiter(redis))


# User codes


@pytest.mark.parametrize("road", ROADS)
def test_each_road_stops_after_ten_wrong_codes_for_right_ones_too(house: House, road: str) -> None:
    """T01, T02, T16: in the same words for a right code and a wrong one."""
    codes, visitor = house.ask_codes(), house.sign_in()

    statuses = [enter(house, visitor, road, WRONG).status_code for _ in range(10)]
    right, wrong = enter(house, visitor, road, codes["user_code"]), enter(house, visitor, road, WRONG)

    assert statuses == [422] * 10
    assert (right.status_code, wrong.status_code) == (429, 429)
    assert right.text == wrong.text
    assert house.poll(codes["device_code"]).json["error"] == "authorization_pending"


@pytest.mark.parametrize(("first", "then"), [("review", "authorize"), ("authorize", "deny"), ("deny", "review")])
def test_all_roads_share_one_count(house: House, first: str, then: str) -> None:
    """T02: no road is a second chance."""
    visitor = house.sign_in()
    for _ in range(10):
        enter(house, visitor, first, WRONG)

    assert enter(house, visitor, then, WRONG).status_code == 429


def test_the_link_of_a_qr_code_looks_nothing_up(house: House) -> None:
    """T02, T13: the page that `verification_uri_complete` leads to is the same for a right code and a wrong one."""
    visitor, codes = house.sign_in(), house.ask_codes()

    pages = [visitor.get(f"/activate?user_code={code}").text for code in (codes["user_code"], WRONG)]
    shown = zip(pages, (codes["user_code"], WRONG), strict=True)
    # The form's token is signed with the second in which it was made.
    bare = [page.replace(code, "").replace(csrf_token(page), "") for page, code in shown]

    assert bare[0] == bare[1]


def test_one_function_alone_reads_user_codes() -> None:
    """T02: a road that is built later meets the limiter too, because there is no other way to a code."""
    package = Path(__file__).parents[2] / "auth_service"
    users = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and "find_by_user_code" in {name.name for name in node.names}
    }

    assert users == {"actions/review_user_code.py"}


@pytest.mark.parametrize("state", ["malformed", "too long", "expired", "decided"])
def test_every_kind_of_wrong_code_counts(house: House, state: str) -> None:
    """T01: malformed, expired and used codes are guesses too."""
    code = {"malformed": "?", "too long": "B" * 5000}.get(state) or house.ask_codes()["user_code"]
    if state == "decided":
        house.decide(code, "deny")
    if state == "expired":
        house.clock.pass_seconds(900)
    visitor = house.sign_in()

    statuses = [enter(house, visitor, "review", code).status_code for _ in range(11)]

    assert statuses == [422] * 10 + [429]


def in_parallel(web: FlaskClient, house: House, form: dict[str, str], path: str) -> list[int]:
    cookie = web.get_cookie("tillpass", domain="127.0.0.1")

    def post(_: int) -> int:
        own = house.web()
        own.set_cookie("tillpass", cookie.value if cookie else "", domain="127.0.0.1")
        return own.post(path, data=form, base_url=ISSUER).status_code

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(post, range(100)))


@pytest.mark.parametrize(("path", "more"), [("/activate", {}), ("/activate/decision", {"decision": "authorize"})])
def test_of_a_hundred_wrong_codes_at_once_ten_are_looked_up(real_house: House, path: str, more: dict[str, str]) -> None:
    """T03: exactly, on a real server and in memory."""
    visitor = real_house.sign_in()
    form = {"csrf_token": csrf_token(visitor.get("/activate").text), "device_id": real_house.device_id, **more}

    statuses = in_parallel(visitor.web, real_house, {**form, "user_code": WRONG}, path)

    assert sorted(statuses) == [422] * 10 + [429] * 90


def test_right_codes_are_never_limited(house: House) -> None:
    """T01: an operator who authorizes a whole chain is not held up."""
    visitor = house.sign_in()

    for _ in range(40):
        codes = house.ask_codes()
        assert enter(house, visitor, "review", codes["user_code"]).status_code == 200
        assert enter(house, visitor, "deny", codes["user_code"]).status_code == 303


def test_a_stranger_cannot_use_up_what_an_operator_has(house: House) -> None:
    """T35: an account's count rises in its own sessions only, whatever happens at the same address."""
    codes, owner = house.ask_codes(), house.sign_in()
    for name in ("one", "two", "three", "four"):
        visitor = colleague(house, name)
        for _ in range(11):
            enter(house, visitor, "review", WRONG)

    assert enter(house, owner, "review", WRONG).status_code == 422
    assert enter(house, owner, "authorize", codes["user_code"]).status_code == 303


def test_nobody_who_is_not_signed_in_tries_a_code(house: House) -> None:
    """T01."""
    stranger = Visitor(house.web())

    answer = stranger.submit("/activate", token_from="/sign-in", device_id=house.device_id, user_code=WRONG)

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in")


def test_people_are_told_how_long_to_wait(house: House) -> None:
    """T01: 429 as a page, with Retry-After."""
    visitor = house.sign_in()
    for _ in range(10):
        enter(house, visitor, "review", WRONG)

    answer = enter(house, visitor, "review", WRONG)

    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert "Too many attempts" in answer.text
    assert "Try again in" in answer.text
    assert answer.mimetype == "text/html"


# Sign-in


def sign_in(web: Visitor, email: str, password: str = "wrong", *, peer: str = "192.0.2.1") -> TestResponse:
    web.web.environ_base["REMOTE_ADDR"] = peer
    return web.submit("/sign-in", email=email, password=password)


def test_of_a_hundred_wrong_passwords_at_once_ten_are_tried(real_house: House) -> None:
    """T03, T35."""
    visitor = Visitor(real_house.web())
    form = {"csrf_token": csrf_token(visitor.get("/sign-in").text), "email": "owner@example.com", "password": "wrong"}

    statuses = in_parallel(visitor.web, real_house, form, "/sign-in")

    assert sorted(statuses) == [422] * 10 + [429] * 90


def test_known_and_unknown_addresses_are_limited_alike(house: House) -> None:
    """T36: the eleventh answer is the same page."""
    answers = []
    for email in ("owner@example.com", "nobody@example.com"):
        visitor = Visitor(house.web())
        answers.append([sign_in(visitor, email) for _ in range(11)][-1])

    assert [one.status_code for one in answers] == [429, 429]
    assert answers[0].text == answers[1].text


def test_a_stranger_elsewhere_locks_nobody_out(house: House) -> None:
    """T35: the owner signs in while others guess at the owner's address from theirs."""
    stranger = Visitor(house.web())
    assert [sign_in(stranger, "owner@example.com", peer="203.0.113.9").status_code for _ in range(11)][-1] == 429

    assert sign_in(Visitor(house.web()), "owner@example.com", PASSWORD).status_code == 303


def test_one_address_stops_after_thirty_whatever_names_it_tries(house: House) -> None:
    """T35: also when the email address is changed each time."""
    visitor = Visitor(house.web())

    statuses = [sign_in(visitor, f"someone{number}@example.com").status_code for number in range(31)]

    assert statuses == [422] * 30 + [429]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_a_spoofed_header_is_no_new_address(house: House, header: str) -> None:
    """T03: what the asker writes is not what is counted."""
    visitor = Visitor(house.web())
    token = csrf_token(visitor.get("/sign-in").text)

    statuses = [
        visitor.web.post(
            "/sign-in",
            data={"csrf_token": token, "email": f"someone{number}@example.com", "password": "x"},
            headers={header: f"for=198.51.100.{number}" if header == "Forwarded" else f"198.51.100.{number}"},
            base_url=ISSUER,
        ).status_code
        for number in range(31)
    ]

    assert statuses == [422] * 30 + [429]


# Device authorization


def ask(house: House, peer: str = "192.0.2.1", **headers: str) -> TestResponse:
    return house.post("/oauth/device_authorization", CLIENT, environ_base={"REMOTE_ADDR": peer}, headers=headers)


def test_an_address_asks_for_so_many_codes_in_a_minute(house: House) -> None:
    """T17: then 429 as OAuth says it, with Retry-After; other addresses go on."""
    house = with_quota(house, per_address=3, per_client=1000)

    answers = [ask(house) for _ in range(4)]

    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[3].headers["Retry-After"]) <= 60
    assert answers[3].json["error"] == "slow_down"
    assert answers[3].headers["Cache-Control"] == "no-store"
    assert ask(house, "192.0.2.2").status_code == 200
    house.clock.pass_seconds(60)
    assert ask(house).status_code == 200


def test_beyond_the_limit_no_proof_is_looked_at_or_remembered(house: House) -> None:
    """T17: else a stranger would fill the memory of used proofs, and have us verify as many as it sends."""
    house = with_quota(house, per_address=1, per_client=1000)
    device = KeyedDevice(house)
    assert device.ask().status_code == 200

    answers = [device.ask() for _ in range(3)]

    assert [one.status_code for one in answers] == [429] * 3
    assert len(house.redis.keys("dpop:*")) == 1


def test_a_client_has_so_many_codes_in_their_lifetime(house: House) -> None:
    """T17: the store is not filled, from however many addresses."""
    house = with_quota(house, per_address=1000, per_client=40)

    statuses = [ask(house, f"192.0.2.{number}").status_code for number in range(60)]

    assert statuses == [200] * 40 + [429] * 20
    house.clock.pass_seconds(900)
    assert ask(house).status_code == 200


def test_one_address_cannot_use_up_what_a_client_has(house: House) -> None:
    """T17: one client is a whole fleet; the second half is for addresses that have hardly asked."""
    house = with_quota(house, per_address=1000, per_client=40)
    greedy = [ask(house, "203.0.113.9").status_code for _ in range(60)]

    assert greedy.count(200) == 20
    assert [ask(house, "192.0.2.1").status_code for _ in range(6)] == [200] * 5 + [429]


def test_the_addresses_of_one_ipv6_network_are_one(house: House) -> None:
    """T03, T17."""
    house = with_quota(house, per_address=3, per_client=1000)

    statuses = [ask(house, f"2001:db8:1:2::{number}").status_code for number in range(1, 5)]

    assert statuses == [200, 200, 200, 429]
    assert ask(house, "2001:db8:1:3::1").status_code == 200


def test_a_spoofed_header_gives_no_more_codes(house: House) -> None:
    """T03, T17."""
    house = with_quota(house, per_address=3, per_client=1000)

    statuses = [ask(house, **{"X-Forwarded-For": f"198.51.100.{number}"}).status_code for number in range(4)]

    assert statuses == [200, 200, 200, 429]


def test_through_a_named_proxy_the_shops_behind_it_are_counted(house: House) -> None:
    """T03, T17: by the hop before the proxy; what a shop writes left of it counts for nothing."""
    house = changed(with_quota(house, per_address=1, per_client=1000), proxies=read_trusted_proxies("10.0.0.0/8"))

    first, spoofed, other = (
        ask(house, "10.0.0.1", **{"X-Forwarded-For": hops}).status_code
        for hops in ("203.0.113.1", "198.51.100.7, 203.0.113.1", "203.0.113.2")
    )

    assert (first, spoofed, other) == (200, 429, 200)


def test_of_a_hundred_requests_at_once_exactly_the_number_passes(real_house: House) -> None:
    """T03, T17."""
    house = with_quota(real_house, per_address=7, per_client=1000)

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: ask(house).status_code, range(100)))

    assert sorted(statuses) == [200] * 7 + [429] * 93


def test_a_refused_request_leaves_no_record(house: House) -> None:
    """T17: the limit stands before the database."""
    house = with_quota(house, per_address=3, per_client=1000)
    for _ in range(9):
        ask(house)

    with house.wired.database.reading() as connection:
        (stored,) = connection.exec_driver_sql("SELECT count(*) FROM device_authorizations").one()
    assert stored == 3


def test_polls_are_not_counted_by_address(house: House) -> None:
    """T14: a poll is paced by its own code; shops behind one address do not slow each other."""
    house = with_quota(house, per_address=3, per_client=3)
    codes = house.ask_codes()["device_code"]

    for _ in range(20):
        house.clock.pass_seconds(5)
        assert house.poll(codes).json["error"] == "authorization_pending"
