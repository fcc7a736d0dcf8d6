"""The registration of a Group by its JSON API (S1-24 … S1-35)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from auth_service.outbound.notify_api import NotifyApi
from tests.doubles.auth_house import ISSUER
from tests.doubles.registrant import (
    CLOUD_PASSWORD,
    EMAIL,
    GROUP_NAME,
    GROUP_PASSWORD,
    Registrant,
    hash_cheaply,
    letters,
)

if TYPE_CHECKING:
    from uuid import UUID

    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House

KNOWN = "owner@example.com"
FORM = {"group_name": GROUP_NAME, "group_password": GROUP_PASSWORD, "email": EMAIL}


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_cheaply(monkeypatch)


class Program:
    """A site's program that registers its Group, and what it was answered."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.mailbox = Registrant(house)
        self.token = ""
        self.path = ""

    def post(self, path: str, document: Any = None, **headers: str) -> TestResponse:
        return self.house.web().post(path, json=document, base_url=ISSUER, headers=headers)

    def register(self, **changes: Any) -> TestResponse:
        answer = self.post("/v1/registrations", {**FORM, **changes})
        if answer.status_code == 201:
            self.token, self.path = answer.json["watch_token"], answer.headers["Location"]
        return answer

    def step(self, name: str, document: Any = None) -> TestResponse:
        return self.post(f"{self.path}/{name}", document, Authorization=f"Bearer {self.token}")

    def read(self, **headers: str) -> TestResponse:
        return self.house.web().get(
            self.path, base_url=ISSUER, headers={"Authorization": f"Bearer {self.token}", **headers}
        )

    def code(self, template: str) -> str:
        code: str = self.mailbox.letter(template).context["code"]
        return code


@pytest.fixture
def program(house: House) -> Program:
    return Program(house)


def problem(answer: TestResponse) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    return answer.status_code, answer.json["code"]


def test_a_program_goes_the_whole_way_by_codes(program: Program) -> None:
    """S1-31 … S1-35: and may look at any time how far it has come."""
    started = program.register(sales_manager=None, locale="es")
    first = program.read().json
    proven = program.step("address-proof", {"code": program.code("verify_address"), "cloud_password": CLOUD_PASSWORD})
    activated = program.step("activation", {"code": program.code("activate_group")})

    assert set(started.json) == {"registration_id", "watch_token"}
    assert started.headers["Location"] == f"/v1/registrations/{started.json['registration_id']}"
    assert (first["state"], first["group_name"], first["email"]) == ("address_unproven", GROUP_NAME, EMAIL)
    assert proven.json["state"] == "address_proven"
    assert (activated.json["state"], len(activated.json["organization_id"])) == ("activated", 36)
    assert {one.locale for one in letters(program.house)} == {"es"}
    assert {answer.headers["Cache-Control"] for answer in (started, proven, activated)} == {"no-store"}


def test_a_link_is_enough_without_watching(program: Program) -> None:
    """S1-32: who has the mailbox need not be at the site."""
    program.register()
    program.token = ""

    secret = program.mailbox.link("verify_address").secret
    proven = program.post(f"{program.path}/address-proof", {"link_secret": secret, "cloud_password": CLOUD_PASSWORD})

    assert (proven.status_code, proven.json["state"]) == (200, "address_proven")


def test_an_email_is_sent_again(program: Program) -> None:
    """S1-35."""
    program.register()
    before = program.code("verify_address")
    program.house.clock.pass_seconds(1)

    assert program.step("resend").json["state"] == "address_unproven"
    assert program.code("verify_address") != before
    assert problem(program.step("address-proof", {"code": before})) == (409, "proof_refused")


def test_a_known_address_is_answered_as_any_other(program: Program) -> None:
    """T36: to the byte, but for the ids and secrets that are drawn anew for everybody."""

    def shown(answer: TestResponse) -> str:
        same = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w-]{43}", "DRAWN", answer.text)
        return f"{answer.status_code} {same.replace(email, 'EMAIL')}"

    told = {}
    for email in (EMAIL, KNOWN):
        answers = [program.register(email=email), program.read(), program.step("resend"), program.read()]
        answers += [program.step(step, {"code": "BBBB-BBBB"}) for step in ("address-proof", "activation")]
        told[email] = [shown(answer) for answer in answers]

    assert told[EMAIL] == told[KNOWN]
    assert [one.template for one in letters(program.house) if one.recipient == KNOWN] == ["already_registered"] * 2


def test_every_wrong_field_is_named(program: Program) -> None:
    """S1-26 … S1-28, T45: RFC 9457, with the rule beside each."""
    answer = program.register(group_name=" ", group_password="bread", email="a@b@c")

    assert problem(answer) == (422, "invalid_fields")
    assert set(answer.json["errors"]) == {"group_name", "group_password", "email"}
    assert "one number and one symbol" in answer.json["errors"]["group_password"][0]


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({**FORM, "organization_id": "x"}, "organization_id"),
        ({**FORM, "state": "complete"}, "state"),
        ({"email": EMAIL}, "group_name"),
        ({**FORM, "email": ["a@b.example", "c@d.example"]}, "email"),
        ({**FORM, "group_password": "\ud800bread1!"}, "group_password"),
    ],
)
def test_what_may_not_be_set_is_refused_and_never_stored(program: Program, document: Any, named: str) -> None:
    """T45, T49: mass assignment gets a 422 that names the field."""
    answer = program.post("/v1/registrations", document)

    assert problem(answer) == (422, "invalid_fields")
    assert named in answer.json["errors"]
    assert letters(program.house) == []


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("group_name=x", "application/x-www-form-urlencoded", 415),
        ("{", "application/json", 400),
        ('{"email": "a@b.example", "email": "c@d.example"}', "application/json", 400),
        ("[]", "application/json", 422),
        ("[" * 10_000, "application/json", 400),
        ("x" * 70_000, "application/json", 413),
    ],
)
def test_a_body_that_is_no_plain_json_is_the_senders_fault(
    program: Program, body: str, content_type: str, status: int
) -> None:
    """T37, T48, T49: a form of somebody else's page is none."""
    answer = program.house.web().post(
        "/v1/registrations", data=body, base_url=ISSUER, headers={"Content-Type": content_type}
    )

    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


@pytest.mark.parametrize("document", [{}, {"code": "x", "link_secret": "y"}, {"code": 1}])
def test_a_step_wants_one_link_or_code(program: Program, document: Any) -> None:
    """T49."""
    program.register()

    assert problem(program.step("address-proof", document)) == (422, "invalid_fields")


def test_who_does_not_watch_learns_nothing(program: Program) -> None:
    """T44: a wrong token and a wrong id are one answer."""
    program.register()
    mine = program.token
    without = program.house.web().get(program.path, base_url=ISSUER)
    program.token = "x" * 43
    wrong_token = program.read()
    program.token, program.path = mine, "/v1/registrations/00000000-0000-0000-0000-000000000000"
    wrong_id = program.read()
    program.path = "/v1/registrations/%00"

    assert problem(without) == (401, "missing_token")
    assert without.headers["WWW-Authenticate"] == "Bearer"
    assert problem(wrong_token) == problem(wrong_id) == problem(program.read()) == (404, "registration_unknown")
    assert wrong_token.data == wrong_id.data


def test_looking_at_any_path_moves_nothing(program: Program) -> None:
    """T53."""
    program.register()
    secret = program.mailbox.link("verify_address").secret
    for path in ("address-proof", "activation", "resend"):
        answer = program.house.web().get(f"{program.path}/{path}?link_secret={secret}", base_url=ISSUER)
        assert (answer.status_code, sorted(answer.allow)) == (405, ["OPTIONS", "POST"])

    assert program.read().json["state"] == "address_unproven"


def test_an_address_registers_so_many_groups_in_an_hour(program: Program) -> None:
    """T54: whatever addresses they are for; and the answer says when to come again."""
    statuses = [program.register(email=f"m{n}@example.net").status_code for n in range(30)]
    refused = program.register(email="one-more@example.net")

    assert set(statuses) == {201}
    assert problem(refused) == (429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) <= 3600
    assert len(letters(program.house)) == 30


def test_guessing_codes_is_limited_by_address(program: Program) -> None:
    """T52: thirty that are refused in a quarter of an hour, whatever they were tried on."""
    program.register()
    for _ in range(30):
        program.step("address-proof", {"code": "BBBB-BBBB"})
    refused = program.step("address-proof", {"code": program.code("verify_address")})

    assert problem(refused) == (429, "too_many_requests")


def test_neither_log_nor_answer_has_a_secret_of_the_mails(program: Program, caplog: pytest.LogCaptureFixture) -> None:
    """T55: at any level."""
    caplog.set_level("DEBUG")
    program.register()
    first = [program.mailbox.link("verify_address").secret, program.code("verify_address")]
    program.step("address-proof", {"code": first[1], "cloud_password": CLOUD_PASSWORD})
    second = [program.mailbox.link("activate_group").secret, program.code("activate_group")]
    shown = program.read().text + program.step("activation", {"link_secret": second[0]}).text

    secrets = [*first, *second, GROUP_PASSWORD, CLOUD_PASSWORD]
    assert caplog.records
    assert [secret for secret in [*secrets, program.token] if secret in caplog.text] == []
    assert [secret for secret in secrets if secret in shown] == []


def test_a_host_that_is_not_ours_steers_no_link(program: Program) -> None:
    """T40."""
    answer = program.house.web().post(
        "/v1/registrations", json=FORM, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    )
    forwarded = program.post("/v1/registrations", FORM, **{"X-Forwarded-Host": "evil.example"})

    assert (answer.status_code, forwarded.status_code) == (400, 201)
    assert program.mailbox.letter("verify_address").context["verify_url"].startswith(f"{ISSUER}/register/")


@pytest.mark.parametrize("refused", [True, False])
def test_whoever_watches_it_sees_that_the_address_is_refused(
    program: Program, monkeypatch: pytest.MonkeyPatch, *, refused: bool
) -> None:
    """F36: by the email that was written last, and nobody else."""
    asked: list[UUID] = []
    monkeypatch.setattr(NotifyApi, "refuses_address", lambda _, one: asked.append(one) or refused)
    program.register()

    assert program.read().json["address_refused"] is refused
    assert [str(one) for one in asked] == [str(program.mailbox.letter("verify_address").id)]
    assert program.read(Authorization="Bearer other").status_code == 404
    assert len(asked) == 1


def test_a_registration_is_shown_while_notify_service_is_away(program: Program) -> None:
    program.register()

    assert program.read().json["address_refused"] is False
