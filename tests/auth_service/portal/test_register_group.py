"""The pages of a registration, from the form to the page behind the last link (S1-24 … S1-35)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from auth_service.outbound.notify_api import NotifyApi
from tests.doubles.auth_house import ISSUER, PASSWORD, Visitor
from tests.doubles.registrant import CLOUD_PASSWORD, EMAIL, GROUP_NAME, GROUP_PASSWORD, hash_cheaply, letters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.test import TestResponse

    from tests.doubles.auth_house import House

FORM = {
    "group_name": GROUP_NAME,
    "group_password": GROUP_PASSWORD,
    "email": EMAIL,
    "email_again": EMAIL,
    "sales_manager": "",
}
NEW_PASSWORD = {"cloud_password": CLOUD_PASSWORD, "cloud_password_again": CLOUD_PASSWORD}
PROVE, ACTIVATE = "/register/prove-address", "/register/activate-group"


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_cheaply(monkeypatch)


@pytest.fixture
def visitor(house: House) -> Visitor:
    return Visitor(house.web())


def register(visitor: Visitor, **changes: str) -> TestResponse:
    return visitor.submit("/register", **FORM | changes)


def newest_context(house: House) -> Mapping[str, Any]:
    context = letters(house)[-1].context
    # The next email shall be newer.
    house.clock.pass_seconds(1)
    return context


def newest_link(house: House) -> str:
    """Give path and query of the link in the newest email."""
    context = newest_context(house)
    parts = urlsplit(context.get("verify_url") or context["activate_url"])
    assert f"{parts.scheme}://{parts.netloc}" == ISSUER
    return f"{parts.path}?{parts.query}"


def press(visitor: Visitor, link: str, **form: str) -> TestResponse:
    """Press the button of the page behind a link."""
    path, _, query = link.partition("?")
    return visitor.submit(path, token_from=link, link=query.removeprefix("link="), **form)


def progress(visitor: Visitor) -> str:
    return visitor.get("/register/progress").text


def state(visitor: Visitor) -> str:
    return progress(visitor).split('data-state="')[1].partition('"')[0]


def test_the_form_has_the_labels_of_the_seed(visitor: Visitor) -> None:
    """S1-25 … S1-31; and it says beforehand that three emails come (S1-28)."""
    page = visitor.get("/register").text

    for label in (
        "Group Name",
        "Group Password",
        "Administrator’s Email Address",
        "Re-enter Email Address",
        "Sales Manager",
    ):
        assert f">{label}</label>" in page
    assert "Create a new Group</h1>" in page
    assert 'value="Create"' in page
    assert page.index("Three emails will come") < page.index(">Group Name</label>")
    assert "Leave this blank" in page


def test_the_sign_in_page_leads_to_the_form(visitor: Visitor) -> None:
    assert '<a href="/register">Register a new group</a>' in visitor.get("/sign-in").text


def test_the_story_from_the_form_to_the_third_email(house: House, visitor: Visitor) -> None:
    """S1-32 … S1-35: each step waits for the one before it, and can be seen."""
    assert register(visitor).headers["Location"] == "/register/progress"
    first = state(visitor)
    assert press(visitor, newest_link(house), **NEW_PASSWORD).headers["Location"] == "/register/progress"
    second = state(visitor)
    assert press(visitor, newest_link(house)).headers["Location"] == "/register/progress"

    assert (first, second, state(visitor)) == ("address_unproven", "address_proven", "activated")
    assert [one.template for one in letters(house)] == ["verify_address", "activate_group"]
    assert Visitor(house.web()).submit("/sign-in", email=EMAIL, password=CLOUD_PASSWORD).status_code == 303


def test_the_links_work_in_a_browser_that_knows_nothing(house: House, visitor: Visitor) -> None:
    """The mailbox may be on a phone; the browser that began is told of it."""
    register(visitor)
    phone = Visitor(house.web())

    proven = press(phone, newest_link(house), **NEW_PASSWORD)
    activated = press(phone, newest_link(house))

    assert proven.headers["Location"] == "/register/address-proven"
    assert activated.headers["Location"] == "/register/connect"
    assert "The group is active" in phone.get("/register/connect").text
    assert state(visitor) == "activated"
    assert "does not know of a registration" in progress(phone)


def test_the_page_says_that_the_address_is_refused(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """F36: to the browser that began, and to no other."""
    register(visitor)
    assert "refuses this address" not in progress(visitor)

    monkeypatch.setattr(NotifyApi, "refuses_address", lambda *_: True)

    assert "refuses this address" in progress(visitor)


def test_a_get_or_head_uses_nothing_up(house: House, visitor: Visitor) -> None:
    """T53: a scanner of mailboxes follows every link, again and again."""
    register(visitor)
    for stop, form in (("address_unproven", NEW_PASSWORD), ("address_proven", {})):
        link = newest_link(house)
        scanner = house.web()
        answers = [scanner.open(link, method=method, base_url=ISSUER) for method in ("GET", "HEAD", "GET")]
        assert [one.status_code for one in answers] == [200] * 3
        assert state(visitor) == stop
        assert press(visitor, link, **form).status_code == 303


def test_a_used_link_says_what_to_do(house: House, visitor: Visitor) -> None:
    """T52."""
    register(visitor)
    link = newest_link(house)
    path, _, query = link.partition("?")
    press(visitor, link, **NEW_PASSWORD)

    again = visitor.get(link)
    posted = visitor.submit(path, token_from="/register", link=query.removeprefix("link="), **NEW_PASSWORD)

    assert (again.status_code, posted.status_code) == (410, 410)
    assert "This link no longer works" in again.text
    assert "see how far the registration is" in again.text
    assert state(visitor) == "address_proven"


def test_a_link_that_is_none_is_a_dead_one(visitor: Visitor) -> None:
    """T42, T49, T52."""
    for link in ("", "x", "\x00", "é", "<script>alert(1)</script>", "x" * 3000):
        for path in (PROVE, ACTIVATE):
            shown = visitor.web.get(path, query_string={"link": link}, base_url=ISSUER)
            posted = visitor.submit(path, token_from="/register", link=link, **NEW_PASSWORD)

            assert (shown.status_code, posted.status_code) == (410, 410)
            assert "<script>alert" not in shown.text


def test_a_link_of_one_step_is_none_of_the_other(house: House, visitor: Visitor) -> None:
    """T52: the first link activates nothing."""
    register(visitor)
    query = newest_link(house).partition("?")[2]

    assert visitor.get(f"{ACTIVATE}?{query}").status_code == 410
    assert state(visitor) == "address_unproven"


def test_a_link_sent_again_replaces_the_one_before(house: House, visitor: Visitor) -> None:
    """S1-35, T52."""
    register(visitor)
    old = newest_link(house)

    sent = visitor.submit("/register/resend", token_from="/register/progress")

    assert sent.headers["Location"] == "/register/progress"
    assert "The email is sent again" in progress(visitor)
    assert visitor.get(old).status_code == 410
    assert visitor.get(newest_link(house)).status_code == 200


def test_sending_again_without_a_registration_sends_nothing(house: House, visitor: Visitor) -> None:
    sent = visitor.submit("/register/resend", token_from="/register")

    assert sent.status_code == 303
    assert letters(house) == []


def test_the_codes_do_what_the_links_do(house: House, visitor: Visitor) -> None:
    """S1-32, S1-33: a code is typed where the registration was begun, in any case and with any gap."""
    register(visitor)
    code = newest_context(house)["code"]
    proven = visitor.submit(PROVE, code=code.lower().replace("-", " "), **NEW_PASSWORD)
    activated = visitor.submit(ACTIVATE, code=newest_context(house)["code"])

    assert (proven.status_code, activated.status_code) == (303, 303)
    assert state(visitor) == "activated"


def test_a_wrong_code_is_told_beside_its_field(house: House, visitor: Visitor) -> None:
    register(visitor)

    answer = visitor.submit(PROVE, code="BBBB-BBBB", **NEW_PASSWORD)

    assert answer.status_code == 422
    assert "Back to the registration" in answer.text
    assert 'aria-describedby="code-help code-fault"' in answer.text.replace("'", '"')
    assert state(visitor) == "address_unproven"


def test_a_code_page_without_its_registration_leads_to_what_can_be_done(visitor: Visitor) -> None:
    for path in (PROVE, ACTIVATE):
        assert visitor.get(path).headers["Location"] == "/register/progress"
    register(visitor)
    assert visitor.get(ACTIVATE).headers["Location"] == "/register/progress"


WRONG = [
    ({"group_name": ""}, "name of the site and its postcode"),
    ({"group_name": "a\u202eb"}, "Group Name must be one line"),
    ({"group_password": "bread1"}, "Group Password needs 6"),
    ({"group_password": "bread!"}, "Group Password needs 6"),
    ({"group_password": "br1!"}, "Group Password needs 6"),
    ({"email": "no address", "email_again": "no address"}, "needs one address"),
    ({"email_again": "manger@corner-bakery.example"}, "The two addresses differ"),
    ({"sales_manager": "x" * 201}, "200"),
]


def test_what_cannot_be_taken_is_told_beside_its_field(house: House, visitor: Visitor) -> None:
    """S1-26 … S1-29, T46: by the server, whatever a script said before."""
    for changes, said in WRONG:
        answer = register(visitor, **changes)

        assert answer.status_code == 422
        assert said in answer.text.partition("is-invalid")[2]
        assert GROUP_PASSWORD not in answer.text
    assert letters(house) == []


def test_all_that_is_wrong_is_told_at_once(visitor: Visitor) -> None:
    """S1-27, S1-29: what a form knows by itself, and what its rules are asked about."""
    answer = register(visitor, group_name="", group_password="short", email_again="another@corner-bakery.example")

    assert answer.status_code == 422
    assert answer.text.count("is-invalid") == 3
    for said in ("Enter the name of the site", "Group Password needs 6", "The two addresses differ"):
        assert answer.text.count(said) == 1


def test_a_form_without_its_fields_is_refused_as_an_empty_one(visitor: Visitor) -> None:
    answer = visitor.submit("/register")

    assert answer.status_code == 422
    assert "Enter a Group Password." in answer.text


def test_the_addresses_are_compared_as_they_are_kept(visitor: Visitor) -> None:
    assert register(visitor, email_again=f" {EMAIL.upper()} ").status_code == 303


def test_a_hostile_group_name_is_shown_as_text(house: House, visitor: Visitor) -> None:
    """T42."""
    register(visitor, group_name='<b onclick="x">Bakery</b>')

    pages = [progress(visitor), visitor.get(newest_link(house)).text]

    assert all("<b onclick" not in page and "&lt;b onclick" in page for page in pages)


def test_the_emails_are_in_the_language_of_the_browser(house: House, visitor: Visitor) -> None:
    for asked, locale in (("es-MX,es;q=0.9,en;q=0.5", "es"), ("fr", "en")):
        visitor.web.environ_base["HTTP_ACCEPT_LANGUAGE"] = asked
        register(visitor)
        assert letters(house)[-1].locale == locale
        house.clock.pass_seconds(1)


def test_a_known_address_gets_the_same_pages(house: House) -> None:
    """T36: only the mailbox is told."""
    new, known = Visitor(house.web()), Visitor(house.web())
    answers = [register(new), register(known, email="owner@example.com", email_again="owner@example.com")]

    assert {one.headers["Location"] for one in answers} == {"/register/progress"}
    shown = progress(known).replace("owner@example.com", EMAIL)
    assert _without_tokens(shown) == _without_tokens(progress(new))
    assert [one.template for one in letters(house)] == ["verify_address", "already_registered"]


def _without_tokens(page: str) -> str:
    return "".join(line for line in page.splitlines() if "csrf_token" not in line)


def test_a_cloud_password_that_cannot_be_taken_uses_no_link_up(house: House, visitor: Visitor) -> None:
    """T46."""
    register(visitor)
    link = newest_link(house)
    for first, again, said in (
        ("short", "short", "Cloud account password needs 8"),
        ("password1", "password1", "Cloud account password is one of the passwords that everybody tries first"),
        (CLOUD_PASSWORD, "another one", "The two passwords differ"),
    ):
        answer = press(visitor, link, cloud_password=first, cloud_password_again=again)

        assert answer.status_code == 422
        assert said in answer.text
    assert state(visitor) == "address_unproven"


def test_a_registration_that_ended_says_so(house: House, visitor: Visitor) -> None:
    register(visitor)
    house.clock.pass_seconds(8 * 24 * 3600)

    assert "This registration has ended" in progress(visitor)


def test_signing_in_forgets_the_registration(visitor: Visitor) -> None:
    """T38: nothing of what the browser held before outlives it."""
    register(visitor)
    visitor.submit("/sign-in", email="owner@example.com", password=PASSWORD)

    assert "does not know of a registration" in progress(visitor)


def test_a_post_without_the_form_token_is_refused(house: House) -> None:
    """T37."""
    for path in ("/register", "/register/resend", PROVE, ACTIVATE):
        assert house.web().post(path, data=FORM, base_url=ISSUER).status_code == 400


def test_the_pages_hold_nothing_inline(house: House, visitor: Visitor) -> None:
    """T42: scripts are files of ours, which the policy of each page lets in."""
    register(visitor)
    for path in ("/register", "/register/progress", newest_link(house), PROVE, "/register/connect"):
        page = visitor.get(path)
        assert page.status_code == 200
        assert page.text.count("<script") == page.text.count('<script src="/portal/')
        assert "<style" not in page.text
        assert " style=" not in page.text
        assert "script-src 'self';" in page.headers["Content-Security-Policy"]


def test_no_answer_is_kept_by_a_cache(house: House, visitor: Visitor) -> None:
    """T55."""
    register(visitor)

    for path in ("/register/progress", newest_link(house)):
        assert visitor.get(path).headers["Cache-Control"] == "no-store"
