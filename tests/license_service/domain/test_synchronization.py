"""What a synchronization changes, as a rule (S2-9), and how a run stands (F07)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from license_service.domain.synchronization import (
    LEASE,
    KeyDifference,
    NamedKey,
    RunStatus,
    Synchronization,
    Trigger,
    difference,
    named,
)

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
RUN = Synchronization(
    id="run",
    organization_id="organization",
    device_id=None,
    started_by="Ada",
    trigger=Trigger.MANUAL,
    started_at=NOW,
    leased_until=NOW + LEASE,
)
# Few ids and versions, so that sites and servers often have the same ones.
VERSIONS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 3))


@given(held=VERSIONS, current=VERSIONS)
def test_applying_the_difference_gives_the_servers_keys(held: dict[str, int], current: dict[str, int]) -> None:
    """S2-9."""
    found = difference(held, current)

    site = {key: version for key, version in held.items() if key not in found.removed}
    site |= {key: current[key] for key in (*found.added, *found.changed)}
    assert site == current


@given(held=VERSIONS, current=VERSIONS)
def test_the_difference_names_each_key_once_and_none_for_nothing(held: dict[str, int], current: dict[str, int]) -> None:
    found = difference(held, current)

    names = [*found.added, *found.changed, *found.removed]
    assert len(set(names)) == len(names)
    assert set(names) == {key for key, _ in held.items() ^ current.items()}
    assert list(found.added) == sorted(found.added)


@given(held=VERSIONS, current=VERSIONS)
def test_the_way_back_is_the_opposite(held: dict[str, int], current: dict[str, int]) -> None:
    there, back = difference(held, current), difference(current, held)

    assert (back.added, back.changed, back.removed) == (there.removed, there.changed, there.added)


@given(VERSIONS)
def test_who_has_everything_has_nothing_to_change(current: dict[str, int]) -> None:
    assert difference(current, current) == KeyDifference()


def test_an_older_version_on_the_server_is_a_change() -> None:
    """A database that came back from a backup."""
    assert difference({"a": 3}, {"a": 2}).changed == ("a",)


def test_what_is_no_key_of_the_organization_has_no_id_number() -> None:
    assert named(("a", "b"), {"a": "Shop 1"}) == (NamedKey("a", "Shop 1"), NamedKey("b", None))


def test_a_run_that_nobody_ended_is_interrupted_once_its_lease_is_over() -> None:
    """F07: never running for ever."""
    assert RUN.seen_at(NOW + LEASE - timedelta(microseconds=1)) == RUN

    seen = RUN.seen_at(NOW + LEASE)

    assert (seen.status, seen.finished_at) == (RunStatus.INTERRUPTED, NOW + LEASE)


@pytest.mark.parametrize("status", [RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.INTERRUPTED])
def test_a_run_that_ended_stays_as_it_ended(status: RunStatus) -> None:
    ended = replace(RUN, status=status, finished_at=NOW)

    assert ended.seen_at(NOW + 2 * LEASE) is ended
