"""Access groups on real databases: who may have access to what, and never more than the seats (S2-25)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from license_service.actions.activate_site import activate_site
from license_service.actions.add_component import add_component
from license_service.actions.create_access_group import create_access_group
from license_service.actions.delete_access_group import delete_access_group
from license_service.actions.edit_access_group import edit_access_group
from license_service.actions.list_access_groups import list_access_groups
from license_service.actions.read_access_group import read_access_group
from license_service.actions.read_site import read_site
from license_service.actions.suspend_key import suspend_key
from license_service.domain.access_group import AccessGroup, AccessTerms, Member, MemberKind
from license_service.domain.catalog import Component
from license_service.domain.errors import (
    AccessGroupNotFoundError,
    ComponentNotOnKeyError,
    GroupNameTakenError,
    KeyNotFoundError,
    KeyNotRegisteredError,
    LicenseServiceError,
    MemberElsewhereError,
    NoPlaceFreeError,
    StaleVersionError,
)
from license_service.storage.tables import access_places
from tests.license_service.conftest import NOW, new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
AT_ONCE = 64
LATER = NOW + timedelta(hours=1)


def till(number: int) -> Member:
    return Member(MemberKind.REGISTER, f"R-{number:03}", f"Till {number:03}")


def terms(*numbers: int, name: str = "Front", codes: str = "xms") -> AccessTerms:
    return AccessTerms(name, tuple(codes.split()), tuple(map(till, numbers)))


def create(database: Database, key: LicenseKey, wanted: AccessTerms) -> AccessGroup:
    return create_access_group(database, wanted, key_id=key.id, group_id=new_id(), now=LATER)


def activate(database: Database) -> None:
    revision = read_site(database, ORGANIZATION, now=LATER).site.revision
    activate_site(database, ORGANIZATION, revision=revision, now=LATER)


def places(database: Database) -> dict[str, int]:
    with database.reading() as connection:
        return {row.component_code: row.taken for row in connection.execute(select(access_places))}


@pytest.fixture
def registered(any_database: Database, sell: Callable[..., LicenseKey]) -> Callable[..., LicenseKey]:
    """Give a function that sells a key, which the site then activates."""
    add_component(any_database, Component("kds", "Kitchen display"))

    def sold(**terms: Any) -> LicenseKey:
        key = sell(any_database, ORGANIZATION, **terms)
        activate(any_database)
        return key

    return sold


def test_a_group_is_created_edited_and_deleted(any_database: Database, registered: Callable[..., LicenseKey]) -> None:
    key = registered(seats={"xms": 3, "kds": 1})

    group = create(any_database, key, terms(1, 2))
    edited = edit_access_group(any_database, group.id, terms(2, codes="kds xms", name="Back"), expected_version=1)

    assert (group.organization_id, group.terms, group.version) == (ORGANIZATION, terms(1, 2), 1)
    assert (edited.terms, edited.version) == (terms(2, codes="kds xms", name="Back"), 2)
    assert places(any_database) == {"xms": 1, "kds": 1}
    delete_access_group(any_database, group.id, expected_version=2)
    assert list_access_groups(any_database, key_id=key.id) == []
    assert places(any_database) == {"xms": 0, "kds": 0}


def test_a_key_that_the_site_has_not_activated_has_no_groups(
    any_database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """S2-25: also one that was issued after the last activation, or while it went on."""
    first = sell(any_database, ORGANIZATION)
    with pytest.raises(KeyNotRegisteredError):
        create(any_database, first, terms(1))
    activate(any_database)
    second = sell(any_database, ORGANIZATION)

    assert create(any_database, first, terms(1)).version == 1
    with pytest.raises(KeyNotRegisteredError):
        create(any_database, second, terms(1))


def test_a_key_that_is_not_active_has_no_new_accesses(
    any_database: Database, registered: Callable[..., LicenseKey]
) -> None:
    """S2-25: what is there may be deleted."""
    key = registered(seats=3)
    group = create(any_database, key, terms(1))
    suspend_key(any_database, key.id, now=LATER)

    with pytest.raises(KeyNotRegisteredError):
        edit_access_group(any_database, group.id, terms(1, 2))
    delete_access_group(any_database, group.id)
    assert places(any_database) == {"xms": 0}


def test_what_stands_against_a_group_changes_nothing(
    any_database: Database, registered: Callable[..., LicenseKey]
) -> None:
    key = registered(seats=2)
    create(any_database, key, terms(1))

    for wanted, error in (
        (terms(2, codes="kds", name="B"), ComponentNotOnKeyError),
        (terms(2), GroupNameTakenError),
        (terms(1, name="B"), MemberElsewhereError),
        (terms(2, 3, name="B"), NoPlaceFreeError),
    ):
        with pytest.raises(error):
            create(any_database, key, wanted)
    with pytest.raises(KeyNotFoundError):
        create_access_group(any_database, terms(2), key_id=new_id(), group_id=new_id(), now=LATER)
    assert len(list_access_groups(any_database)) == 1
    assert places(any_database) == {"xms": 1}


def test_an_edit_that_was_decided_on_an_older_version_is_refused(
    any_database: Database, registered: Callable[..., LicenseKey]
) -> None:
    key = registered(seats=3)
    group = create(any_database, key, terms(1))
    create(any_database, key, terms(name="Other"))
    edit_access_group(any_database, group.id, terms(2), expected_version=1)

    with pytest.raises(StaleVersionError):
        edit_access_group(any_database, group.id, terms(3), expected_version=1)
    with pytest.raises(StaleVersionError):
        delete_access_group(any_database, group.id, expected_version=1)
    with pytest.raises(GroupNameTakenError):
        edit_access_group(any_database, group.id, terms(2, name="Other"))
    assert read_access_group(any_database, group.id).terms == terms(2)


def test_another_organization_finds_no_group(any_database: Database, registered: Callable[..., LicenseKey]) -> None:
    """T44."""
    group = create(any_database, registered(), terms(1))

    assert read_access_group(any_database, group.id, visible_to=ORGANIZATION) == group
    with pytest.raises(AccessGroupNotFoundError):
        read_access_group(any_database, group.id, visible_to=new_id())
    assert list_access_groups(any_database, visible_to=new_id()) == []


def test_the_last_place_is_given_once(any_database: Database, registered: Callable[..., LicenseKey]) -> None:
    """S2-25, T59: 64 groups of one member each want the one place that is left."""
    key = registered(seats=3)
    create(any_database, key, terms(901, 902, name="There"))
    barrier = threading.Barrier(AT_ONCE)

    def one(number: int) -> AccessGroup | LicenseServiceError:
        barrier.wait()
        try:
            return create(any_database, key, terms(number, name=f"Group {number}"))
        except LicenseServiceError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as threads:
        came = list(threads.map(one, range(AT_ONCE)))

    assert sum(isinstance(each, AccessGroup) for each in came) == 1
    assert {type(each) for each in came} == {AccessGroup, NoPlaceFreeError}
    assert len(list_access_groups(any_database)) == 2
    assert places(any_database) == {"xms": 3}
