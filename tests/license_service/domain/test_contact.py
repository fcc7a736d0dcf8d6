from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.domain.grant import LICENSE_TOKEN_SECONDS
from license_service.domain.contact import (
    DEACTIVATED_AFTER,
    NOTED_EVERY,
    WARNED_AFTER,
    Contact,
    ContactState,
    last_contacts_of,
    worth_noting,
)
from pos_client.license_state import NEAR_DAYS

LAST = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)


def contact(last_contact_at: datetime = LAST) -> Contact:
    return Contact(device_id="d", organization_id="o", last_contact_at=last_contact_at)


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (timedelta(), ContactState.IN_CONTACT),
        (timedelta(days=5) - A_SECOND, ContactState.IN_CONTACT),
        (timedelta(days=5), ContactState.WARNED),
        (timedelta(days=8) - A_SECOND, ContactState.WARNED),
        (timedelta(days=8), ContactState.DEACTIVATED),
        (timedelta(days=400), ContactState.DEACTIVATED),
    ],
)
def test_a_device_is_deactivated_after_exactly_eight_days(after: timedelta, state: ContactState) -> None:
    """S1-2, S1-3, S1-6: to the second, and warned before."""
    assert contact().state(LAST + after) is state


def test_the_days_are_those_of_the_license_token_and_of_the_device_itself() -> None:
    """S1-2: what the vendor sees is what the site sees."""
    assert DEACTIVATED_AFTER.total_seconds() == LICENSE_TOKEN_SECONDS
    assert timedelta(days=NEAR_DAYS) == DEACTIVATED_AFTER - WARNED_AFTER


def test_one_contact_brings_a_device_back() -> None:
    """S1-8."""
    late = LAST + timedelta(days=30)

    assert contact().state(late) is ContactState.DEACTIVATED
    assert contact(late).state(late) is ContactState.IN_CONTACT


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=20)))
def test_the_dates_say_when_the_state_changes(passed: timedelta) -> None:
    one, now = contact(), LAST + passed

    expected = (
        ContactState.DEACTIVATED
        if now >= one.deactivated_at
        else ContactState.WARNED
        if now >= one.warned_at
        else ContactState.IN_CONTACT
    )
    assert one.state(now) is expected


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=20)))
def test_each_contact_is_in_the_list_of_its_state_and_in_no_other(passed: timedelta) -> None:
    now = LAST + passed

    listed = []
    for state in ContactState:
        after, until = last_contacts_of(state, now)
        if (after is None or after < LAST) and (until is None or until >= LAST):
            listed.append(state)

    assert listed == [contact().state(now)]


def test_a_contact_that_tells_nothing_else_is_noted_once_an_hour() -> None:
    assert worth_noting(None, LAST)
    assert not worth_noting(LAST, LAST + NOTED_EVERY - A_SECOND)
    assert worth_noting(LAST, LAST + NOTED_EVERY)
    assert not worth_noting(LAST, LAST - A_SECOND)
