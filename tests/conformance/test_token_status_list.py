"""draft-ietf-oauth-status-list: §4, §5.1, §6, §8 and §9, the lists of license tokens (T19, T21, T28)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from auth_service.actions.publish_status_lists import LIST_LIFE_SECONDS, REBUILD_SECONDS, SIGN_AGAIN_SECONDS
from auth_service.actions.remove_license import remove_license
from auth_service.actions.rotate_signing_keys import rotate_signing_keys
from auth_service.domain.grant import LICENSE_TOKEN_SECONDS
from auth_service.domain.operator import Membership, Role
from database.errors import DatabaseUnavailableError
from tests.doubles.auth_house import ISSUER
from wire.errors import TokenRefusedError
from wire.status_list import INVALID, VALID, read_status_list
from wire.token_verification import LicenseTokenVerifier

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House
    from wire.claims import StatusReference
    from wire.status_list import StatusList

MEDIA_TYPE = "application/statuslist+jwt"


@pytest.fixture
def house(house: House) -> House:
    """Give a house whose lists go by its clock: what was built is old when the clock says so."""
    house.wired.status_lists._monotonic = lambda: house.clock().timestamp()
    return house


def fetch(house: House, path: str = "/status-lists/0", **headers: str) -> TestResponse:
    return house.web().get(path, base_url=ISSUER, headers=headers)


def place_of(house: House, license_token: str) -> StatusReference:
    claims = LicenseTokenVerifier(house.wired.keys, ISSUER).license_token(license_token)
    assert claims.status is not None
    return claims.status


def read(house: House, place: StatusReference) -> StatusList:
    """Fetch and verify a list as a hub or register does."""
    answer = fetch(house, place.uri.removeprefix(ISSUER))
    assert answer.status_code == 200, answer.text
    return read_status_list(answer.text, house.wired.keys, uri=place.uri, now=house.clock())


def end_license(house: House) -> None:
    owner = Membership(house.organization_id, "Bakery", Role.OWNER)
    remove_license(house.wired.database, house.device_id, owner, operator_id=house.operator_id, now=house.clock())


def test_section_6_1_a_license_token_names_its_place(house: House) -> None:
    """§6.2: status.status_list with idx, a number from 0 on, and uri."""
    token = house.tokens()["license_token"]

    status = jwt.decode(token, options={"verify_signature": False})["status"]

    assert set(status["status_list"]) == {"idx", "uri"}
    assert status["status_list"]["idx"] >= 0
    assert status["status_list"]["uri"] == f"{ISSUER}/status-lists/0"


def test_section_6_1_every_license_token_of_a_grant_has_the_same_place(house: House) -> None:
    """One place a grant: it ends as a whole."""
    tokens = house.tokens()

    refreshed = house.refresh(tokens["refresh_token"]).json

    assert place_of(house, refreshed["license_token"]) == place_of(house, tokens["license_token"])


def test_section_6_1_two_grants_never_share_a_place(house: House) -> None:
    """§13.2: a place is given once, also to the same device."""
    first = place_of(house, house.tokens()["license_token"])

    assert place_of(house, house.tokens()["license_token"]) != first


def test_section_8_3_a_live_grant_is_valid(house: House) -> None:
    """§7.1: 0x00 is VALID."""
    place = place_of(house, house.tokens()["license_token"])

    assert read(house, place).status(place.index) == VALID


def test_section_8_3_a_removed_license_is_invalid_within_seconds(house: House) -> None:
    """§7.1: 0x01 is INVALID (T28)."""
    place = place_of(house, house.tokens()["license_token"])
    assert read(house, place).status(place.index) == VALID

    end_license(house)
    house.clock.pass_seconds(REBUILD_SECONDS)

    assert read(house, place).status(place.index) == INVALID


def test_section_8_3_a_device_that_gave_its_license_back_is_invalid(house: House) -> None:
    """T28: the same for RFC 7009."""
    tokens = house.tokens()
    house.post("/oauth/revoke", {"client_id": "tillpass-pos", "token": tokens["refresh_token"]})

    place = place_of(house, tokens["license_token"])
    assert read(house, place).status(place.index) == INVALID


def test_section_8_3_a_grant_that_was_replaced_is_invalid_and_its_successor_valid(house: House) -> None:
    """T28: the machine that held the license before."""
    first = place_of(house, house.tokens()["license_token"])
    second = place_of(house, house.tokens()["license_token"])

    found = read(house, first)

    assert (found.status(first.index), found.status(second.index)) == (INVALID, VALID)


def test_section_8_3_it_stays_invalid_while_a_license_token_can_be_alive(house: House) -> None:
    """A token of the last contact lives eight days; after that nobody asks about it any more."""
    place = place_of(house, house.tokens()["license_token"])
    end_license(house)
    house.clock.pass_seconds(LICENSE_TOKEN_SECONDS)
    assert read(house, place).status(place.index) == INVALID

    house.clock.pass_seconds(61 + REBUILD_SECONDS)

    assert read(house, place).status(place.index) == VALID


def test_section_5_1_the_token_is_what_the_draft_says(house: House) -> None:
    """§5.1: typ statuslist+jwt; sub is its uri, iat, exp, ttl, and status_list with bits and lst."""
    answer = fetch(house)

    claims: dict[str, Any] = jwt.decode(answer.text, options={"verify_signature": False})
    header = jwt.get_unverified_header(answer.text)
    at = int(house.clock().timestamp())
    assert (header["typ"], header["alg"], header["kid"]) == ("statuslist+jwt", "ES256", house.wired.keys.current.kid)
    assert set(claims) == {"sub", "iat", "exp", "ttl", "status_list"}
    assert (claims["sub"], claims["iat"]) == (f"{ISSUER}/status-lists/0", at)
    assert (claims["exp"], claims["ttl"]) == (at + LIST_LIFE_SECONDS, 300)
    assert set(claims["status_list"]) == {"bits", "lst"}


def test_section_5_1_it_is_neither_access_nor_license_token(house: House) -> None:
    """T21."""
    with pytest.raises(TokenRefusedError):
        LicenseTokenVerifier(house.wired.keys, ISSUER).license_token(fetch(house).text)


@pytest.mark.parametrize("accept", ["", "*/*", MEDIA_TYPE, "application/*", f"text/html, {MEDIA_TYPE};q=0.1"])
def test_section_8_1_the_answer_is_a_status_list_token(house: House, accept: str) -> None:
    """§8.1, §8.2: GET, 200, application/statuslist+jwt."""
    answer = fetch(house, Accept=accept) if accept else fetch(house)

    assert (answer.status_code, answer.content_type) == (200, MEDIA_TYPE)


@pytest.mark.parametrize("accept", ["application/statuslist+cwt", "text/html", f"{MEDIA_TYPE};q=0"])
def test_section_8_1_another_form_is_not_acceptable(house: House, accept: str) -> None:
    """§8.1: the form that is asked for, or 406; there is one form here."""
    answer = fetch(house, Accept=accept)

    assert (answer.status_code, answer.content_type) == (406, "application/problem+json")


def test_section_8_1_a_page_of_another_origin_may_read_it(house: House) -> None:
    """§8.1: "SHOULD support the use of CORS"; there is nothing of anybody's in it."""
    assert fetch(house).headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "path", ["/status-lists/1", "/status-lists/99999999999", "/status-lists/-1", "/status-lists/a"]
)
def test_section_8_2_a_list_that_is_not_there_is_404(house: House, path: str) -> None:
    """§8.2: errors by their HTTP status."""
    answer = fetch(house, path)

    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_section_8_4_a_list_of_the_past_is_not_implemented(house: House) -> None:
    """§8.4: a server that does not support the parameter time SHOULD answer 501."""
    assert fetch(house, "/status-lists/0?time=1686925000").status_code == 501


def test_section_9_1_the_aggregation_names_every_list(house: House) -> None:
    """§9.3: status_lists, an array of the lists' uris, as application/json."""
    answer = fetch(house, "/status-lists")

    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.json == {"status_lists": [f"{ISSUER}/status-lists/0"]}


def test_section_13_7_caches_may_keep_it_less_than_its_ttl(house: House) -> None:
    """§13.7: what HTTP allows must not lengthen what ttl says."""
    control = fetch(house).headers["Cache-Control"]

    assert control == "public, max-age=60"


def test_section_13_7_an_unchanged_list_is_not_sent_again(house: House) -> None:
    """A hub that asks with the ETag of what it has gets 304, and the list once it has changed."""
    house.tokens()
    tag = fetch(house).headers["ETag"]
    assert fetch(house, **{"If-None-Match": tag}).status_code == 304

    end_license(house)
    house.clock.pass_seconds(REBUILD_SECONDS)

    assert fetch(house, **{"If-None-Match": tag}).status_code == 200


def test_an_unchanged_list_is_signed_again_before_it_grows_old(house: House) -> None:
    """Its iat says how fresh it is; its exp never comes near."""
    first = fetch(house).text
    house.clock.pass_seconds(SIGN_AGAIN_SECONDS - 1)
    assert fetch(house).text == first

    house.clock.pass_seconds(REBUILD_SECONDS)

    assert fetch(house).text != first


def test_a_list_of_a_key_that_no_longer_signs_is_signed_again(house: House) -> None:
    """T29: after a rotation nobody is left with a list whose key will be gone."""
    before = jwt.get_unverified_header(fetch(house).text)["kid"]
    keys = house.wired.keys
    later = house.clock() + timedelta(days=400)
    for _ in range(3):
        rotate_signing_keys(house.wired.key_vault, rotation_days=1, now=later)
        later += timedelta(days=30)
    keys._look_again_at = float("-inf")
    assert keys.current.kid != before

    house.clock.pass_seconds(REBUILD_SECONDS)

    assert jwt.get_unverified_header(fetch(house).text)["kid"] == keys.current.kid


def test_many_requests_are_one_look_into_the_database(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand hubs that wake up together ask SQL once in five seconds."""
    looks: list[object] = []
    found = type(house.wired.database).reading
    monkeypatch.setattr(type(house.wired.database), "reading", lambda database: (looks.append(1), found(database))[1])

    for _ in range(50):
        assert fetch(house).status_code == 200

    assert len(looks) <= 2


def test_while_the_database_is_away_the_last_list_is_served(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """F28: it says itself how old it is."""
    first = fetch(house).text

    def away(*_: object) -> None:
        raise DatabaseUnavailableError("The database does not answer.")

    monkeypatch.setattr(type(house.wired.database), "reading", away)
    house.clock.pass_seconds(60)

    assert fetch(house).text == first


def test_a_process_that_never_saw_the_database_says_503(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """F28: no list is better than one that says that all is well."""

    def away(*_: object) -> None:
        raise DatabaseUnavailableError("The database does not answer.")

    monkeypatch.setattr(type(house.wired.database), "reading", away)

    answer = fetch(house)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
