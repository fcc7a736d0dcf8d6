"""Connect to a Group at the token endpoint (S1-36 … S1-43, S1-20)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec

from auth_service.actions.change_group_password import GroupPasswordChange, change_group_password
from auth_service.actions.register_client import NewClient, register_client
from auth_service.actions.remove_license import remove_license
from auth_service.app import create_app
from auth_service.domain.errors import LicenseServiceAwayError, NoLicenseError
from auth_service.domain.operator import Membership, Role
from auth_service.storage.organizations import add_membership, add_organization
from tests.doubles.auth_house import ISSUER
from tests.doubles.keyed_device import KeyedDevice
from tests.doubles.registrant import GROUP_NAME, GROUP_PASSWORD, Registrant, letters
from wire.access_key import sign_access_key
from wire.access_key_claims import AccessKeyClaims
from wire.grant_types import CONNECT_TO_GROUP, DEVICE_CODE
from wire.scopes import LICENSE

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House

LICENSE_KEY = "04CS0-X75KW-QKRS0"
FOREIGN_KEY = "04CS0-X75KW-QKRS1"
OWNER = "owner@example.com"
CLAIMS = AccessKeyClaims(
    key_id=str(uuid.uuid4()),
    organization_id=str(uuid.uuid4()),
    version=1,
    issued_on=date(2026, 6, 1),
    renewal_date=None,
    renewal_window_days=30,
    profile_code="standard",
    seats=(("xms", 5),),
)


@dataclass
class Site:
    """One installation with a key of its own."""

    house: House
    name: str = "Shop 7"
    machine: KeyedDevice = field(init=False)

    def __post_init__(self) -> None:
        self.machine = KeyedDevice(self.house)

    def connect(self, **changes: str) -> TestResponse:
        details = {
            "grant_type": CONNECT_TO_GROUP,
            "email": OWNER,
            "group_password": GROUP_PASSWORD,
            "license_key": LICENSE_KEY,
            "device_name": self.name,
            **changes,
        }
        return self.machine.post("/oauth/token", {name: value for name, value in details.items() if value})


def give_group_password(house: House, password: str = GROUP_PASSWORD) -> None:
    member = Membership(house.organization_id, "Bakery", Role.OWNER)
    change = GroupPasswordChange(member, house.operator_id, password, "192.0.2.1")
    change_group_password(house.wired.database, change, mail=house.wired.desk.mail, now=house.clock())


@pytest.fixture
def site(house: House) -> Site:
    give_group_password(house)
    house.licenses.access_keys = {LICENSE_KEY: (house.organization_id, True), FOREIGN_KEY: ("elsewhere", True)}
    return Site(house)


def refusal(answer: TestResponse) -> tuple[int, str, str | None]:
    return answer.status_code, answer.json["error"], answer.json.get("reason")


def license_of(answer: TestResponse) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(answer.json["license_token"], options={"verify_signature": False})
    return claims


def audited(house: House, *names: str) -> list[tuple[str, str]]:
    with house.wired.database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT event, details FROM audit_events ORDER BY sequence").all()
    return [(event, details) for event, details in rows if event in names]


def test_right_details_give_the_tokens_of_a_device_and_the_group_name(site: Site) -> None:
    """S1-37 … S1-40, S1-42: the device is recorded with the Group that the details are of."""
    answer = site.connect()

    assert (answer.status_code, answer.json["group_name"], answer.json["token_type"]) == (200, "Bakery", "DPoP")
    assert license_of(answer)["device_name"] == "Shop 7"
    assert license_of(answer)["organization_id"] == site.house.organization_id
    assert answer.headers["Cache-Control"] == "no-store"
    assert site.machine.refresh(answer.json["refresh_token"]).status_code == 200
    told = [event for event, _ in audited(site.house, "device_created", "site_connected")]
    assert told[-2:] == ["device_created", "site_connected"]


def test_the_owners_are_told_of_a_site_that_connects(site: Site) -> None:
    """T12: nobody approved it in the portal."""
    site.house.clock.pass_seconds(1)
    site.connect()

    told = letters(site.house)[-1]
    assert (told.template, told.recipient, told.context["device_name"]) == ("device_authorized", OWNER, "Shop 7")
    assert told.context["operator_name"] == "Olga Owner"


def test_the_same_name_and_key_are_the_same_device(site: Site) -> None:
    """S1-42: who lost the answer, or lost its disk but not its key, connects again; the grant before ends."""
    first, second = site.connect(), site.connect()

    assert license_of(first)["sub"] == license_of(second)["sub"]
    assert refusal(site.machine.refresh(first.json["refresh_token"])) == (400, "invalid_grant", "replaced")
    assert site.machine.refresh(second.json["refresh_token"]).status_code == 200


def test_another_machine_takes_no_name_that_is_in_use(site: Site) -> None:
    """S1-42: it would end the other one's license; once that is removed, the name is free."""
    house, mine, other = site.house, site.connect(), Site(site.house, site.name)
    refused = other.connect()
    goes_on = site.machine.refresh(mine.json["refresh_token"])
    member = Membership(house.organization_id, "Bakery", Role.OWNER)
    device_id = license_of(mine)["sub"]
    remove_license(house.wired.database, device_id, member, operator_id=house.operator_id, now=house.clock())

    assert refusal(refused) == (400, "invalid_grant", "device_name_taken")
    assert goes_on.status_code == 200
    assert other.connect().status_code == 200


def test_a_device_that_was_recorded_before_is_the_one_that_connects(site: Site) -> None:
    """S3-6, S3-22: with the hub that the portal gave it."""
    answer = site.connect(device_name="Shop 1")

    assert license_of(answer)["sub"] == site.house.device_id
    assert license_of(answer)["hub_server_name"] == "Hub"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"email": "nobody@example.com"}, "email_unknown"),
        ({"email": "x" * 300}, "email_unknown"),
        ({"group_password": "bread2!"}, "password_wrong"),
        ({"group_password": "x" * 200}, "password_wrong"),
        ({"license_key": "garbage"}, "access_key_unreadable"),
        ({"license_key": FOREIGN_KEY}, "access_key_of_another_organization"),
        ({"license_key": FOREIGN_KEY, "group_password": "bread2!"}, "password_wrong"),
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same_to_the_byte(site: Site, wrong: dict[str, str], told: str) -> None:
    """S1-41, T36: and the audit trail says what it was."""
    answer = site.connect(**wrong)

    said = '{"error":"invalid_grant","error_description":"%s","reason":"wrong_details"}'
    assert answer.text == said % "The email address, the Group Password or the license key is wrong."
    assert answer.status_code == 400
    ((_, details),) = audited(site.house, "connect_refused")
    assert f'"reason":"{told}"' in details


@pytest.mark.parametrize(
    "wrong", [{"email": "nobody@example.com"}, {"group_password": "bread2!"}, {"license_key": "garbage"}]
)
def test_whatever_is_wrong_the_same_work_is_done(
    site: Site, wrong: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """T36: one password is verified, if only nobody's, and license_service is asked once."""
    verified: list[str] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, kept: str, password: str) -> Any:
        verified.append(kept)
        return verify(hasher, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)

    site.connect(**wrong)

    assert len(verified) == 1
    assert [asked for asked, _ in site.house.licenses.asked] == ["validate_access_key"]
    assert len(audited(site.house, "connect_refused")) == 1


def test_a_group_that_waits_for_its_second_email_is_told_so(house: House) -> None:
    """S1-43: but only to who knows its Group Password (T36)."""
    registrant = Registrant(house)
    registrant.register()
    site = Site(house)
    right = site.connect(email=registrant.email)
    wrong = site.connect(email=registrant.email, group_password="bread2!")
    registrant.prove()

    assert refusal(right) == (400, "invalid_grant", "group_not_activated")
    assert refusal(wrong) == (400, "invalid_grant", "wrong_details")
    assert refusal(site.connect(email=registrant.email)) == (400, "invalid_grant", "group_not_activated")


def test_a_group_that_registered_itself_connects(house: House) -> None:
    """S1-36, S1-40: with what was entered at its registration, and the key of the third email."""
    registrant = Registrant(house)
    activated = registrant.activated()
    house.licenses.access_keys = {LICENSE_KEY: (str(activated.organization_id), True)}

    answer = Site(house).connect(email=f" {registrant.email.upper()} ")

    assert (answer.status_code, answer.json["group_name"]) == (200, GROUP_NAME)


def test_the_license_key_says_which_of_an_owner_s_groups_is_meant(site: Site) -> None:
    """S1-42: each has its own Group Password."""
    house, second_id = site.house, str(uuid.uuid4())
    claims = replace(CLAIMS, organization_id=second_id)
    key = sign_access_key(claims, ec.derive_private_key(7, ec.SECP256R1()))
    house.clock.pass_seconds(1)
    with house.wired.database.transaction() as connection:
        other_hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("butter2?")
        add_organization(connection, second_id, "Mill", house.clock(), group_password_hash=other_hash)
        add_membership(connection, house.operator_id, second_id, Role.OWNER)
    house.licenses.access_keys[key] = (second_id, True)

    assert site.connect(license_key=key, group_password="butter2?").json["group_name"] == "Mill"
    assert site.connect().json["group_name"] == "Bakery"
    assert refusal(site.connect(license_key=key)) == (400, "invalid_grant", "wrong_details")


def test_a_changed_group_password_refuses_the_next_refresh_and_ends_nothing(site: Site) -> None:
    """S1-20, S1-21: until the new one is entered at the site; devices of the device flow go on."""
    by_device_flow = site.house.tokens()["refresh_token"]
    connected = site.connect().json["refresh_token"]
    give_group_password(site.house, "butter2?")
    refused = [refusal(site.machine.refresh(connected)) for _ in range(2)]
    ended = audited(site.house, "grant_ended")

    assert refused == [(400, "invalid_grant", "group_password_changed")] * 2
    assert ended == []
    assert site.house.refresh(by_device_flow).status_code == 200
    assert refusal(site.connect())[2] == "wrong_details"
    again = site.connect(group_password="butter2?")
    assert site.machine.refresh(again.json["refresh_token"]).status_code == 200


def test_a_stolen_token_ends_the_family_also_after_the_password_was_changed(site: Site) -> None:
    """T23: the one does not hide the other."""
    used = site.connect().json["refresh_token"]
    site.machine.refresh(used)
    give_group_password(site.house, "butter2?")
    site.house.clock.pass_seconds(60)

    assert refusal(site.machine.refresh(used))[2] == "refresh_token_reused"


def test_guessing_is_limited_and_right_details_are_refused_in_the_same_words(site: Site) -> None:
    """T35, T36: ten failures by one address and email in five minutes."""
    for _ in range(10):
        site.connect(license_key="garbage")
    right, wrong = site.connect(), site.connect(license_key="garbage")

    assert (right.status_code, right.json["error"]) == (429, "slow_down")
    assert right.data == wrong.data
    assert right.headers["Retry-After"]
    assert site.connect(email="other@example.com").status_code == 400


def test_what_goes_through_is_not_counted(site: Site) -> None:
    """S1-42: a chain connects its shops one after the other."""
    assert {site.connect().status_code for _ in range(12)} == {200}


def test_a_license_key_that_may_not_be_used_now_is_told(site: Site) -> None:
    """S1-41: whoever has all three right may know."""
    site.house.licenses.access_keys[LICENSE_KEY] = (site.house.organization_id, False)

    assert refusal(site.connect()) == (400, "access_denied", "license_key_not_active")


def test_without_a_free_seat_nothing_is_issued(site: Site) -> None:
    """S1-42: the count is the Group's; the next try is of the same device."""
    site.house.licenses.error = NoLicenseError("no_seat_free", "Every seat is taken.")
    refused = site.connect()
    site.house.licenses.error = None

    assert refusal(refused) == (400, "access_denied", "no_seat_free")
    assert site.connect().status_code == 200
    assert len(audited(site.house, "device_created")) == 3


def test_license_service_away_is_our_trouble_and_counts_as_no_failure(site: Site) -> None:
    """F42: right and wrong details alike."""
    site.house.licenses.error = LicenseServiceAwayError("away")
    answers = [site.connect(email=email) for email in [OWNER, "nobody@example.com"] * 6]

    assert {(one.status_code, one.json["error"]) for one in answers} == {(503, "temporarily_unavailable")}
    assert answers[0].data == answers[1].data


@pytest.mark.parametrize("missing", ["email", "group_password", "license_key", "device_name"])
def test_a_missing_parameter_is_named(site: Site, missing: str) -> None:
    """T49: RFC 6749 §5.2."""
    answer = site.connect(**{missing: ""})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert missing in answer.json["error_description"]


@pytest.mark.parametrize(
    "odd", [{"device_name": "Shop\u202e7"}, {"device_name": "x" * 201}, {"license_key": "A" * 16_001}]
)
def test_what_cannot_be_a_name_or_key_is_refused_before_anything_is_looked_up(site: Site, odd: dict[str, str]) -> None:
    """T48, T51."""
    answer = site.connect(**odd)

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert audited(site.house, "connect_refused") == []


def test_only_a_client_that_is_registered_for_it_connects(site: Site) -> None:
    """T18, T27."""
    house = site.house
    new = NewClient("portal-only", "Another", (DEVICE_CODE,), (LICENSE,), is_public=True)
    register_client(house.wired.database, new, now=house.clock())

    assert site.connect(client_id="portal-only").json["error"] == "unauthorized_client"
    assert site.connect(scope="licenses.read").json["error"] == "invalid_scope"


def test_where_devices_must_hold_keys_a_site_must_too(site: Site) -> None:
    """T15."""
    house = site.house
    wired = replace(house.wired, protocol=replace(house.wired.protocol, dpop_required=True))
    site.machine.house = replace(house, wired=wired, app=create_app(wired))
    form = {
        "grant_type": CONNECT_TO_GROUP,
        "client_id": "tillpass-pos",
        "email": OWNER,
        "group_password": GROUP_PASSWORD,
        "license_key": LICENSE_KEY,
        "device_name": "Shop 7",
    }

    assert site.machine.house.post("/oauth/token", form).json["error"] == "invalid_dpop_proof"
    assert site.connect().status_code == 200


def test_the_metadata_offers_it(house: House) -> None:
    """RFC 8414 §2."""
    document = house.web().get("/.well-known/oauth-authorization-server", base_url=ISSUER).json

    assert CONNECT_TO_GROUP in document["grant_types_supported"]
