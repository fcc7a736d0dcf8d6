"""The registration of a Group from the form to its activation (S1-16 … S1-35)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from argon2 import PasswordHasher

from auth_service.actions.read_registration import read_registration_of_link
from auth_service.actions.registering import ShownCode, ShownLink, Watcher
from auth_service.domain.errors import (
    BadInputError,
    MailedProofRefusedError,
    TooManyRequestsError,
)
from auth_service.domain.registration import RegistrationState
from auth_service.storage.operators import find_by_email
from auth_service.storage.organizations import memberships_of
from tests.doubles.registrant import (
    CLOUD_PASSWORD,
    EMAIL,
    GROUP_NAME,
    GROUP_PASSWORD,
    Registrant,
    hash_cheaply,
    letters,
    state_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.doubles.auth_house import House

DAY = 24 * 3600
KNOWN = "owner@example.com"


@pytest.fixture
def database_url(migrated_file: Path, tmp_path: Path) -> str:
    # What may happen only once is tried on both databases in test_registration_moves.py.
    (tmp_path / "auth.sqlite3").write_bytes(migrated_file.read_bytes())
    return f"sqlite:///{tmp_path / 'auth.sqlite3'}"


@pytest.fixture
def registrant(house: House, monkeypatch: pytest.MonkeyPatch) -> Registrant:
    hash_cheaply(monkeypatch)
    return Registrant(house)


def test_the_activation_makes_the_organization_and_its_owner(registrant: Registrant) -> None:
    """S1-16, S1-18, S1-33: the account signs in with the password that was set with the first email."""
    activated = registrant.activated()
    house = registrant.house

    with house.wired.database.reading() as connection:
        found = find_by_email(connection, EMAIL)
        assert found is not None
        (member,) = memberships_of(connection, found[0].id)
    assert (member.organization_id, member.organization_name) == (activated.organization_id, GROUP_NAME)
    assert member.may_approve
    assert PasswordHasher().verify(found[1], CLOUD_PASSWORD)


def test_no_mail_and_no_table_holds_a_password_link_or_code(registrant: Registrant) -> None:
    """T52, T55, T57: passwords are hashed, link and code digested; both emails are sealed."""
    registrant.register()
    shown = [
        registrant.link("verify_address").secret,
        registrant.code("verify_address").code,
        registrant.watcher.watch_token,
    ]
    registrant.prove()
    shown += [registrant.link("activate_group").secret, registrant.code("activate_group").code]
    with registrant.house.wired.database.reading() as connection:
        rows = "".join(
            str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
            for table in ("registrations", "outbox", "audit_events", "organizations")
        )

    secrets = [*shown, *(code.replace("-", "") for code in shown), GROUP_PASSWORD, CLOUD_PASSWORD]
    assert GROUP_NAME in rows
    assert [secret for secret in secrets if secret in rows] == []
    told = "".join(str(one.context) for one in letters(registrant.house))
    assert [password for password in (GROUP_PASSWORD, CLOUD_PASSWORD) if password in told] == []


def test_what_an_activated_registration_needs_no_more_is_erased(registrant: Registrant) -> None:
    """T57."""
    registrant.activated()

    with registrant.house.wired.database.reading() as connection:
        row = connection.exec_driver_sql(
            "SELECT group_password_hash, cloud_password_hash, link_digest, code_digest FROM registrations"
        ).one()
    assert tuple(row) == (None, None, None, None)


def test_a_link_is_for_its_own_step_alone(registrant: Registrant) -> None:
    """T52: bound to the purpose."""
    registrant.register()
    first = registrant.link("verify_address")

    with pytest.raises(MailedProofRefusedError):
        registrant.activate(first, CLOUD_PASSWORD)
    registrant.prove(first)
    with pytest.raises(MailedProofRefusedError):
        registrant.prove(registrant.link("activate_group"))


def test_a_link_opens_no_other_registration(registrant: Registrant) -> None:
    """T52: bound to the account, also where the request names another one."""
    mine = registrant.register()
    link = registrant.link("verify_address")
    other = registrant.register(email="else@example.com")

    with pytest.raises(MailedProofRefusedError):
        registrant.prove(ShownLink(link.secret, other.registration_id))
    assert registrant.prove(ShownLink(link.secret, mine.registration_id)).id == mine.registration_id


@pytest.mark.parametrize(("way", "seconds"), [("link", DAY), ("code", 600)])
def test_link_and_code_grow_too_old(registrant: Registrant, way: str, seconds: int) -> None:
    """T52: a day for the link, ten minutes for the code (ASVS 6.5.5)."""
    registrant.register()
    shown = getattr(registrant, way)("verify_address")
    registrant.house.clock.pass_seconds(seconds)

    with pytest.raises(MailedProofRefusedError):
        registrant.prove(shown)
    registrant.house.clock.pass_seconds(-1)
    assert registrant.prove(shown).state is RegistrationState.ADDRESS_PROVEN


@pytest.mark.parametrize("spelt", [str.lower, lambda code: code.replace("-", " "), lambda code: f" {code}\u2009"])
def test_a_code_is_the_second_way(registrant: Registrant, spelt: Callable[[str], str]) -> None:
    """S1-35: typed as people type, at both steps."""
    registrant.register()
    code = registrant.code("verify_address")
    registrant.prove(ShownCode(code.watcher, spelt(code.code)))
    code = registrant.code("activate_group")

    assert registrant.activate(ShownCode(code.watcher, spelt(code.code))).state is RegistrationState.ACTIVATED


def test_four_wrong_codes_leave_the_fifth_try(registrant: Registrant) -> None:
    watcher = registrant.register()
    for entered in ("BBBB-BBBB", "", "x" * 1000, "\x00"):
        with pytest.raises(MailedProofRefusedError):
            registrant.prove(ShownCode(watcher, entered))

    assert registrant.prove(registrant.code("verify_address")).state is RegistrationState.ADDRESS_PROVEN


def test_a_code_counts_only_where_its_registration_is_watched(registrant: Registrant) -> None:
    """T52: strangers who know the id use up no tries."""
    watcher = registrant.register()
    code = registrant.letter("verify_address").context["code"]
    stranger = Watcher(watcher.registration_id, "not-the-token")

    for _ in range(6):
        with pytest.raises(MailedProofRefusedError):
            registrant.prove(ShownCode(stranger, code))

    assert registrant.prove(registrant.code("verify_address")).state is RegistrationState.ADDRESS_PROVEN


def test_looking_at_a_link_uses_nothing_up(registrant: Registrant) -> None:
    """T53: a mail scanner may look as often as it likes."""
    registrant.register()
    link = registrant.link("verify_address")
    house, state = registrant.house, RegistrationState.ADDRESS_UNPROVEN

    seen = [
        read_registration_of_link(house.wired.database, link, state=state, now=house.clock()).group_name
        for _ in range(3)
    ]

    assert seen == [GROUP_NAME] * 3
    registrant.prove(link)
    with pytest.raises(MailedProofRefusedError):
        read_registration_of_link(house.wired.database, link, state=state, now=house.clock())


def test_an_address_with_an_account_gets_the_same_answer_and_another_email(registrant: Registrant) -> None:
    """T36: what is watched looks like any other, and never goes on."""
    house = registrant.house
    registrant.email = KNOWN
    registrant.register()
    registrant.ask_again()

    assert state_of(registrant) is RegistrationState.ADDRESS_UNPROVEN
    assert [(one.template, one.recipient) for one in letters(house)] == [("already_registered", KNOWN)] * 2
    assert set(letters(house)[0].context) == {"sign_in_url", "requested_at"}


@pytest.mark.parametrize("email", [EMAIL, KNOWN])
def test_the_same_work_is_done_for_any_address(
    registrant: Registrant, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T36: one hash, and the same statements in the same order."""
    done: list[str] = []

    def counted(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            done.append(name)
            return function(*args, **kwargs)

        return call

    monkeypatch.setattr(PasswordHasher, "hash", counted(PasswordHasher.hash, "hash"))
    for module, name in (
        ("actions.register_group", "find_by_email"),
        ("actions.register_group", "add_registration"),
        ("outbound.registration_mail", "seal_message"),
        ("outbound.registration_mail", "add_outgoing"),
        ("actions.register_group", "append_event"),
    ):
        path = f"auth_service.{module}.{name}"
        module_ = __import__(f"auth_service.{module}", fromlist=[name])
        monkeypatch.setattr(path, counted(getattr(module_, name), name))

    registrant.register(email=email)

    assert done == ["hash", "add_registration", "find_by_email", "seal_message", "add_outgoing", "append_event"]


def test_without_a_cloud_password_by_then_the_activation_asks_for_one(registrant: Registrant) -> None:
    """S1-16: there is no account that nobody can sign in to."""
    registrant.register()
    registrant.prove(password=None)

    with pytest.raises(BadInputError) as refused:
        registrant.activate()
    assert set(refused.value.faults) == {"cloud_password"}
    assert registrant.activate(password=CLOUD_PASSWORD).organization_id


def test_every_wrong_field_is_named_at_once(registrant: Registrant) -> None:
    """S1-26 … S1-28, T45, T51: and nothing was recorded."""
    with pytest.raises(BadInputError) as refused:
        registrant.register(
            group_name="Bakery\r\nBcc: x@y.z",
            group_password="bread",
            email="a@b.example, c@d.example",
            sales_manager="\u202e",
            locale="tlh",
        )

    assert set(refused.value.faults) == {"group_name", "group_password", "email", "sales_manager", "locale"}
    assert letters(registrant.house) == []


@pytest.mark.parametrize("password", ["password1", "Password", "12345678", "x" * 129, "short", "tab\tinside"])
def test_a_cloud_password_that_everybody_tries_is_refused(registrant: Registrant, password: str) -> None:
    """T46."""
    registrant.register()

    with pytest.raises(BadInputError) as refused:
        registrant.prove(password=password)
    assert set(refused.value.faults) == {"cloud_password"}


def test_mails_to_one_address_are_limited_however_they_are_asked_for(registrant: Registrant) -> None:
    """T54: five in six hours by anybody, and five more for who has hardly asked."""
    registrant.register()
    for _ in range(4):
        registrant.ask_again()

    with pytest.raises(TooManyRequestsError):
        registrant.ask_again()
    assert registrant.register(requested_from="198.51.100.1")
    assert registrant.register(email="else@example.com")
    assert len(letters(registrant.house)) == 7


def test_links_begin_with_the_configured_address(registrant: Registrant) -> None:
    """T40: whatever Host a request named."""
    registrant.register()
    registrant.prove()

    urls = [
        registrant.letter("verify_address").context["verify_url"],
        registrant.letter("activate_group").context["activate_url"],
    ]
    assert all(url.startswith("http://127.0.0.1:8001/register/") for url in urls)
