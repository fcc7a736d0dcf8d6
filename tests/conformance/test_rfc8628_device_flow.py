"""RFC 8628, OAuth 2.0 Device Authorization Grant: one test per MUST and SHOULD of §3 and §5 that a server keeps."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from auth_service.actions.register_client import NewClient, register_client
from wire.grant_types import DEVICE_CODE

if TYPE_CHECKING:
    from tests.doubles.auth_house import House

CODES = "/oauth/device_authorization"
TOKEN = "/oauth/token"


def test_section_3_1_client_id_is_required(house: House) -> None:
    """§3.1: "client_id REQUIRED if the client is not authenticating with the authorization server"."""
    answer = house.post(CODES, {"scope": "license"})

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_section_3_1_an_unknown_client_is_refused(house: House) -> None:
    """§3.1 with RFC 6749 §3.2.1: client authentication applies to this endpoint."""
    answer = house.post(CODES, {"client_id": "nobody"})

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_section_3_1_a_confidential_client_must_authenticate(house: House) -> None:
    """§3.1: "The client authentication requirements of Section 3.2.1 of [RFC6749] apply" (T09)."""
    answer = house.post(CODES, {"client_id": "scripts"})

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_section_3_1_a_client_without_this_grant_is_refused(house: House) -> None:
    """T18: the endpoint serves only clients that are registered for the grant."""
    answer = house.post(CODES, {"client_id": "scripts", "client_secret": house.client_secret})

    assert (answer.status_code, answer.json["error"]) == (400, "unauthorized_client")


def test_section_3_1_a_scope_that_is_not_registered_is_refused(house: House) -> None:
    """RFC 6749 §3.3, through §3.1's `scope`."""
    answer = house.post(CODES, {"client_id": "tillpass-pos", "scope": "license licenses.write"})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")


def test_section_3_1_only_post_is_taken(house: House) -> None:
    """§3.1: a POST, whose parameters stand in its body (T50)."""
    got = house.web().get(f"{CODES}?client_id=tillpass-pos", base_url="http://127.0.0.1:8001")
    queried = house.post(f"{CODES}?client_id=tillpass-pos", {})

    assert (got.status_code, got.headers["Allow"].split(", ").count("POST")) == (405, 1)
    assert (queried.status_code, queried.json["error"]) == (400, "invalid_request")


def test_section_3_1_parameters_must_not_repeat(house: House) -> None:
    """§3.1: "Request and response parameters MUST NOT be included more than once"."""
    answer = house.post(CODES, {"client_id": ["tillpass-pos", "tillpass-pos"]})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_section_3_1_unknown_parameters_are_ignored(house: House) -> None:
    """§3.1: "The authorization server MUST ignore unrecognized request parameters"."""
    assert house.post(CODES, {"client_id": "tillpass-pos", "colour": "blue"}).status_code == 200


def test_section_3_1_an_empty_parameter_counts_as_left_out(house: House) -> None:
    """§3.1: "Parameters sent without a value MUST be treated as if they were omitted"."""
    answer = house.post(CODES, {"client_id": "tillpass-pos", "scope": ""})

    assert answer.status_code == 200


def test_section_3_2_the_answer_has_every_required_member(house: House) -> None:
    """§3.2: device_code, user_code, verification_uri, expires_in are REQUIRED; the others are there too."""
    codes = house.ask_codes()

    assert set(codes) == {
        "device_code",
        "user_code",
        "verification_uri",
        "verification_uri_complete",
        "expires_in",
        "interval",
    }
    assert codes["verification_uri"] == "http://127.0.0.1:8001/activate"
    assert codes["verification_uri_complete"] == f"{codes['verification_uri']}?user_code={codes['user_code']}"
    assert (codes["expires_in"], codes["interval"]) == (900, 5)


def test_section_3_2_the_answer_is_json_that_nobody_keeps(house: House) -> None:
    """§3.2: "application/json" and, as RFC 6749 §5.1 for secrets, Cache-Control: no-store (T33)."""
    answer = house.post(CODES, {"client_id": "tillpass-pos"})

    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"


def test_section_3_2_each_request_gets_its_own_codes(house: House) -> None:
    """§3.2: the codes are generated for each request."""
    first, second = house.ask_codes(), house.ask_codes()

    assert first["device_code"] != second["device_code"]
    assert first["user_code"] != second["user_code"]


def test_section_3_3_the_user_code_is_forgiving(house: House) -> None:
    """§6.1 and §3.3: case, spaces and punctuation of the user code do not count."""
    codes = house.ask_codes()
    visitor = house.sign_in()

    spaced = f" {codes['user_code'].replace('-', ' ').lower()} "
    answer = visitor.submit("/activate", device_id=house.device_id, user_code=spaced)

    assert answer.status_code == 200
    assert codes["user_code"] in answer.text


def test_section_3_3_approval_needs_a_signed_in_operator(house: House) -> None:
    """§3.3: the server authenticates the end user before it takes the decision."""
    codes = house.ask_codes()

    answer = house.web().get(f"/activate?user_code={codes['user_code']}", base_url="http://127.0.0.1:8001")

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in")


def test_section_3_3_1_the_complete_uri_fills_in_but_never_approves(house: House) -> None:
    """§3.3.1: the code is shown, and the user confirms (T13)."""
    codes = house.ask_codes()
    visitor = house.sign_in()

    page = visitor.get(f"/activate?user_code={codes['user_code']}")

    assert f'value="{codes["user_code"]}"' in page.text
    assert house.poll(codes["device_code"]).json["error"] == "authorization_pending"


def test_section_3_3_1_only_the_posted_form_of_the_page_decides(house: House) -> None:
    """§3.3.1: a link decides nothing, whatever stands in it; nor does a form without the page's token (T13)."""
    codes = house.ask_codes()
    visitor = house.sign_in()
    decision = {"user_code": codes["user_code"], "device_id": house.device_id, "decision": "authorize"}

    for path in ("/activate", "/activate/decision"):
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            visitor.web.open(path, method=method, query_string=decision, base_url="http://127.0.0.1:8001")
        forged = visitor.web.post(path, data=decision, base_url="http://127.0.0.1:8001")

        assert forged.status_code == 400
    assert house.poll(codes["device_code"]).json["error"] == "authorization_pending"


def test_section_3_4_device_code_is_required(house: House) -> None:
    """§3.4: "device_code REQUIRED"."""
    answer = house.post(TOKEN, {"grant_type": DEVICE_CODE, "client_id": "tillpass-pos"})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_section_3_4_client_id_is_required(house: House) -> None:
    """§3.4: "client_id REQUIRED if the client is not authenticating"."""
    answer = house.post(TOKEN, {"grant_type": DEVICE_CODE, "device_code": house.ask_codes()["device_code"]})

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_section_3_4_parameters_must_not_repeat(house: House) -> None:
    """§3.4: "Request and response parameters MUST NOT be included more than once"."""
    code = house.ask_codes()["device_code"]

    answer = house.post(TOKEN, {"grant_type": DEVICE_CODE, "device_code": [code, code], "client_id": "tillpass-pos"})

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_section_3_4_a_code_of_another_client_is_invalid_grant_and_stays_good(house: House) -> None:
    """§3.4, T08, T16: bound to its client; the wrong one learns nothing and consumes nothing."""
    register_client(
        house.wired.database,
        NewClient("other", "Other", (DEVICE_CODE,), ("license",), is_public=True),
        now=house.clock(),
    )
    codes = house.ask_codes()
    house.decide(codes["user_code"])

    foreign = house.poll(codes["device_code"], client_id="other")

    unknown = house.poll("no-such-code", client_id="other")
    assert (foreign.status_code, foreign.json) == (unknown.status_code, unknown.json)
    assert foreign.json["error"] == "invalid_grant"
    assert house.poll(codes["device_code"]).status_code == 200


def test_section_3_5_authorization_pending_while_nobody_decided(house: House) -> None:
    """§3.5: "authorization_pending"."""
    answer = house.poll(house.ask_codes()["device_code"])

    assert (answer.status_code, answer.json["error"]) == (400, "authorization_pending")
    assert answer.headers["Cache-Control"] == "no-store"


def test_section_3_5_slow_down_for_a_poll_that_comes_too_early(house: House) -> None:
    """§3.5: "slow_down", a variant of pending (T14)."""
    code = house.ask_codes()["device_code"]
    house.poll(code)
    house.clock.pass_seconds(2)

    assert house.poll(code).json["error"] == "slow_down"


def test_section_3_5_slow_down_adds_five_seconds_for_good(house: House) -> None:
    """§3.5: "the interval MUST be increased by 5 seconds for this and all subsequent requests"."""
    code = house.ask_codes()["device_code"]
    house.poll(code)
    house.clock.pass_seconds(2)
    house.poll(code)

    seen = []
    for wait in (6, 16, 15, 15):
        house.clock.pass_seconds(wait)
        seen.append(house.poll(code).json["error"])

    assert seen == ["slow_down", "authorization_pending", "authorization_pending", "authorization_pending"]


def test_section_3_5_a_client_that_keeps_the_interval_is_never_slowed(house: House) -> None:
    """§3.2: interval is "the minimum amount of time in seconds that the client SHOULD wait"."""
    code = house.ask_codes()["device_code"]

    seen = set()
    for _ in range(20):
        seen.add(house.poll(code).json["error"])
        house.clock.pass_seconds(5)

    assert seen == {"authorization_pending"}


def test_section_3_5_access_denied_after_the_operator_denied(house: House) -> None:
    """§3.5: "access_denied"."""
    codes = house.ask_codes()
    house.decide(codes["user_code"], "deny")

    answer = house.poll(codes["device_code"])

    assert (answer.status_code, answer.json["error"]) == (400, "access_denied")


def test_section_3_5_expired_token_after_the_lifetime(house: House) -> None:
    """§3.5: "expired_token"; polling never lengthens the life (T14)."""
    code = house.ask_codes()["device_code"]
    house.poll(code)

    house.clock.pass_seconds(900)

    answer = house.poll(code)
    assert (answer.status_code, answer.json["error"]) == (400, "expired_token")


def test_section_3_5_an_approval_dies_with_the_codes(house: House) -> None:
    """§3.2: expires_in is the lifetime of both codes, approved or not."""
    codes = house.ask_codes()
    house.decide(codes["user_code"])

    house.clock.pass_seconds(900)

    assert house.poll(codes["device_code"]).json["error"] == "expired_token"


def test_section_3_5_an_approval_is_never_slowed_down(house: House) -> None:
    """§3.5 speaks of slow_down only while "the authorization request is still pending"."""
    codes = house.ask_codes()
    house.poll(codes["device_code"])
    house.decide(codes["user_code"])

    assert house.poll(codes["device_code"]).status_code == 200


def test_section_3_5_a_redeemed_code_is_invalid_grant(house: House) -> None:
    """§3.5 with RFC 6749 §5.2: one approval, one token family (T05), as soon as its first token was used."""
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    tokens = house.poll(codes["device_code"]).json
    refreshed = house.refresh(tokens["refresh_token"]).json

    again = house.poll(codes["device_code"])

    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")
    assert house.refresh(refreshed["refresh_token"]).status_code == 200


def test_section_3_5_success_is_an_access_token_response(house: House) -> None:
    """§3.5: "an access token response defined in Section 5.1 of [RFC6749]"."""
    tokens = house.tokens()

    assert {"access_token", "token_type", "expires_in", "refresh_token", "scope", "license_token"} == set(tokens)
    assert (tokens["token_type"], tokens["scope"]) == ("Bearer", "license")


def test_section_4_metadata_names_the_endpoint_and_the_grant(house: House) -> None:
    """§4: device_authorization_endpoint; the grant type is listed."""
    document = house.web().get("/.well-known/oauth-authorization-server", base_url="http://127.0.0.1:8001").json

    assert document["device_authorization_endpoint"] == "http://127.0.0.1:8001/oauth/device_authorization"
    assert DEVICE_CODE in document["grant_types_supported"]


def test_section_5_1_wrong_user_codes_are_limited(house: House) -> None:
    """§5.1: "rate-limit user code attempts" (T01): ten wrong ones, then 429, also for a right one."""
    codes = house.ask_codes()
    visitor = house.sign_in()
    statuses = [
        visitor.submit("/activate", device_id=house.device_id, user_code="BBBB-BBBB").status_code for _ in range(11)
    ]

    answer = visitor.submit("/activate", device_id=house.device_id, user_code=codes["user_code"])

    assert statuses == [422] * 10 + [429]
    assert answer.status_code == 429


def test_section_5_1_the_decision_counts_with_the_entry(house: House) -> None:
    """T02: one limiter for every road that takes a user code."""
    codes = house.ask_codes()
    visitor = house.sign_in()
    for _ in range(10):
        visitor.submit("/activate", device_id=house.device_id, user_code="BBBB-BBBB")

    assert house.decide(codes["user_code"], visitor=visitor).status_code == 429
    assert house.poll(codes["device_code"]).json["error"] == "authorization_pending"


def test_section_5_2_device_codes_have_high_entropy(house: House) -> None:
    """§5.2: "the device code MUST have very high entropy" (T04): 256 bits."""
    code = house.ask_codes()["device_code"]

    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", code)


@pytest.mark.parametrize("table", ["device_authorizations", "grants"])
def test_section_5_2_codes_and_tokens_are_stored_as_digests(house: House, table: str) -> None:
    """T04, T57: what the tables hold redeems nothing."""
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    tokens = house.poll(codes["device_code"]).json
    with house.wired.database.reading() as connection:
        rows = str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())

    secrets = [codes["device_code"], codes["user_code"], codes["user_code"].replace("-", ""), tokens["refresh_token"]]
    assert rows != "[]"
    assert not [secret for secret in secrets if secret in rows]


def test_section_5_4_the_confirmation_shows_what_is_decided(house: House) -> None:
    """§5.4: "the authorization server SHOULD ... display ... the device" and the code again (T12, S3-10)."""
    codes = house.ask_codes()

    page = house.sign_in().submit("/activate", device_id=house.device_id, user_code=codes["user_code"]).text

    for shown in (codes["user_code"], "Shop 1", house.device_id, "Bakery", "POS server", "127.0.0.1", "seat"):
        assert shown in page
    assert page.index(">Authorize</button>") < page.index(">Deny</button>")


def test_section_5_4_denying_is_as_easy_as_approving(house: House) -> None:
    """§5.4: who presses Enter without a look denies; both buttons are of one size (T12)."""
    codes = house.ask_codes()

    page = house.sign_in().submit("/activate", device_id=house.device_id, user_code=codes["user_code"]).text

    buttons = re.findall(r'<button class="([^"]*)" name="decision" value="(authorize|deny)"( autofocus)?>', page)
    focus = {value: bool(autofocus) for _, value, autofocus in buttons}
    sizes = {re.sub(r"btn-(primary|danger)", "", classes) for classes, _, _ in buttons}
    assert (focus, len(sizes)) == ({"authorize": False, "deny": True}, 1)


def test_section_5_4_the_time_of_the_request_is_shown(house: House) -> None:
    """§5.4: a code from an hour ago was not asked for by the machine in front of the operator (T12)."""
    codes = house.ask_codes()

    page = house.sign_in().submit("/activate", device_id=house.device_id, user_code=codes["user_code"]).text

    assert f'<time datetime="{house.clock().isoformat()}">' in page


def test_section_5_5_the_code_lives_a_short_time(house: House) -> None:
    """§5.5 and §5.4: a short lifetime limits what a watcher or a phisher can do."""
    codes = house.ask_codes()

    assert timedelta(seconds=codes["expires_in"]) <= timedelta(minutes=15)


def test_section_6_1_the_user_code_is_easy_to_read_and_to_type(house: House) -> None:
    """§6.1: two short groups of consonants, so that no word comes out and one case is enough."""
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", house.ask_codes()["user_code"])
