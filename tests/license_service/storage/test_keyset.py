"""Pages by position, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from license_service.actions.list_agreements import list_agreements
from license_service.actions.list_components import list_components
from license_service.actions.list_license_keys import list_license_keys
from license_service.actions.record_agreement import record_agreement
from license_service.domain.agreement import Agreement
from license_service.domain.page import EVERYTHING, PageWanted
from license_service.storage import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from database.engine import Database
    from license_service.domain.page import Page

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def walk(read: Callable[[PageWanted], Page[Any]], limit: int) -> Iterator[Page[Any]]:
    wanted = PageWanted(limit)
    while True:
        page = read(wanted)
        yield page
        if page.end is None:
            return
        wanted = PageWanted(limit, page.end)


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_pages_follow_each_other_without_gap_or_repetition(
    any_database: Database, sell: Callable[..., Any], limit: int
) -> None:
    sold = [sell(any_database, ORGANIZATION) for _ in range(5)]

    pages = list(walk(lambda wanted: list_license_keys(any_database, wanted), limit))

    assert [key for page in pages for key in page] == sold == list_license_keys(any_database, EVERYTHING)
    assert all(len(page) == limit for page in pages[:-1])


def test_records_of_one_instant_are_told_apart_by_their_ids(any_database: Database) -> None:
    for number in range(4):
        agreement = Agreement(f"agreement-{number}", ORGANIZATION, str(number), signed_on=NOW.date(), created_at=NOW)
        record_agreement(any_database, agreement)

    pages = list(walk(lambda wanted: list_agreements(any_database, wanted), 1))

    assert [each.id for page in pages for each in page] == [f"agreement-{number}" for number in range(4)]


def test_codes_follow_each_other_in_the_databases_own_order(any_database: Database) -> None:
    """However its collation sorts signs and digits."""
    with any_database.transaction() as connection:
        for code in ("b", "a.1", "a-1", "a_1", "a1", "z"):
            catalog.add_component(connection, catalog.Component(code, "A component"))

    pages = list(walk(lambda wanted: list_components(any_database, wanted), 1))

    assert [each for page in pages for each in page] == list_components(any_database)


def test_what_another_organization_has_is_on_no_page(any_database: Database, sell: Callable[..., Any]) -> None:
    """T44: not even when it is asked for."""
    here, _ = (sell(any_database, each) for each in (ORGANIZATION, OTHER_ORGANIZATION))

    assert list_license_keys(any_database, visible_to=ORGANIZATION) == [here]
    assert list_license_keys(any_database, visible_to=ORGANIZATION, organization_id=OTHER_ORGANIZATION) == []
