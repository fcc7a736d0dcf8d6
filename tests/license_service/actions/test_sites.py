"""A site is to be activated after any change of its organization's license keys, until it was (S2-6)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from license_service.actions.activate_site import activate_site
from license_service.actions.claim_seat import claim_seat
from license_service.actions.edit_id_number import edit_id_number
from license_service.actions.read_site import read_site
from license_service.actions.reinstate_key import reinstate_key
from license_service.actions.renew_key import renew_key
from license_service.actions.replace_key import replace_key
from license_service.actions.revoke_key import revoke_key
from license_service.actions.set_deployment_mode import set_deployment_mode
from license_service.actions.suspend_key import suspend_key
from license_service.actions.switch_key import switch_key
from license_service.domain.errors import (
    KeyStatusError,
    OnPremiseError,
    RevisionChangedError,
    SiteNotFoundError,
    StaleVersionError,
)
from license_service.domain.license_key import KeyTerms
from license_service.domain.site import DeploymentMode, Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

    Sell = Callable[..., LicenseKey]

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"
NEW_KEY = "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"
TERMS = KeyTerms(id_number="New", profile_code="standard", seats={"xms": 5})

CHANGES: dict[str, Callable[..., Any]] = {
    "suspend": suspend_key,
    "reinstate": reinstate_key,
    "revoke": revoke_key,
    "renew": lambda database, key_id, **at: renew_key(database, key_id, date(2028, 1, 31), **at),
    "switch": lambda database, key_id, **at: switch_key(
        database, key_id, profile_code="standard", seats={"xms": 2}, **at
    ),
    "replace": lambda database, key_id, **at: replace_key(database, key_id, TERMS, new_key_id=NEW_KEY, **at),
}


def site_of(database: Database, organization_id: str = ORGANIZATION) -> Site:
    return read_site(database, organization_id, now=NOW).site


def activate(database: Database, *, now: datetime = NOW) -> Site:
    return activate_site(database, ORGANIZATION, revision=site_of(database).revision, now=now)


def test_an_organization_of_which_nothing_is_known_is_in_the_cloud_with_nothing_to_activate(
    any_database: Database,
) -> None:
    assert read_site(any_database, ORGANIZATION, now=NOW) == (Site(organization_id=ORGANIZATION), None)


def test_a_new_key_is_to_be_activated(any_database: Database, sell: Sell) -> None:
    """S2-6."""
    key = sell(any_database, ORGANIZATION)

    site = site_of(any_database)
    assert (site.revision, site.activation_needed_since) == (1, key.issued_at)
    assert site_of(any_database, OTHER_ORGANIZATION) == Site(organization_id=OTHER_ORGANIZATION)


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_of_a_key_is_to_be_activated(any_database: Database, sell: Sell, change: str) -> None:
    """S2-6: switched, renewed, suspended and all else."""
    key = sell(any_database, ORGANIZATION, renewal_date=date(2027, 1, 31))
    if change == "reinstate":
        suspend_key(any_database, key.id, now=NOW)
    before = activate(any_database)

    CHANGES[change](any_database, key.id, now=LATER)

    site = site_of(any_database)
    assert before.activation_needed_since is None
    assert (site.revision, site.activation_needed_since) == (before.revision + 1, LATER)


def test_what_is_no_change_of_what_a_key_gives_needs_no_activation(any_database: Database, sell: Sell) -> None:
    key = sell(any_database, ORGANIZATION)
    before = activate(any_database)

    edit_id_number(any_database, key.id, "Other")
    claim_seat(any_database, device_id=DEVICE, organization_id=ORGANIZATION, now=LATER)
    with pytest.raises(KeyStatusError):
        reinstate_key(any_database, key.id, now=LATER)

    assert site_of(any_database) == before


def test_the_first_change_says_since_when(any_database: Database, sell: Sell) -> None:
    key = sell(any_database, ORGANIZATION)

    suspend_key(any_database, key.id, now=LATER)

    assert site_of(any_database).activation_needed_since == key.issued_at


def test_a_site_that_activated_needs_it_no_more(any_database: Database, sell: Sell) -> None:
    sell(any_database, ORGANIZATION)

    activated = activate(any_database, now=LATER)

    assert (activated.activation_needed_since, activated.activated_at) == (None, LATER)
    assert site_of(any_database) == activated
    assert activate(any_database, now=LATER) == activated


def test_a_change_in_between_stays_to_be_activated(any_database: Database, sell: Sell) -> None:
    key = sell(any_database, ORGANIZATION)
    seen = site_of(any_database)
    suspend_key(any_database, key.id, now=LATER)

    for revision in (seen.revision, 0, 3):
        with pytest.raises(RevisionChangedError):
            activate_site(any_database, ORGANIZATION, revision=revision, now=LATER)

    assert site_of(any_database).activation_needed_since == seen.activation_needed_since


def test_there_is_nothing_to_activate_where_no_key_was_ever_issued(any_database: Database) -> None:
    with pytest.raises(RevisionChangedError):
        activate_site(any_database, ORGANIZATION, revision=0, now=NOW)


def test_no_activation_wins_against_a_change(any_database: Database, sell: Sell, rounds: int) -> None:
    """Played often: whoever comes first, a change that the activation did not mean is still to be activated."""
    key = sell(any_database, ORGANIZATION)
    moves = [suspend_key, reinstate_key] * rounds
    for move in moves:
        seen = site_of(any_database).revision
        barrier = threading.Barrier(2)

        def change(move: Any = move, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            move(any_database, key.id, now=LATER)

        def confirm(seen: int = seen, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            try:
                activate_site(any_database, ORGANIZATION, revision=seen, now=NOW)
            except RevisionChangedError:
                return

        with ThreadPoolExecutor(2) as threads:
            for done in [threads.submit(change), threads.submit(confirm)]:
                done.result()

        site = site_of(any_database)
        assert site.revision == seen + 1
        assert site.activation_needed_since is not None


def test_changes_of_many_keys_at_once_are_all_counted(any_database: Database, sell: Sell) -> None:
    """None of them gets in the way of another, though all meet in the site."""
    keys = [sell(any_database, ORGANIZATION) for _ in range(8)]
    barrier = threading.Barrier(len(keys))

    def suspend(key: LicenseKey) -> None:
        barrier.wait()
        suspend_key(any_database, key.id, now=LATER)

    with ThreadPoolExecutor(len(keys)) as threads:
        list(threads.map(suspend, keys))

    assert site_of(any_database).revision == 2 * len(keys)


def test_the_mode_is_set_by_who_has_seen_it(any_database: Database, sell: Sell) -> None:
    """S2-19, S2-20."""
    sell(any_database, ORGANIZATION)
    before = site_of(any_database)

    site = set_deployment_mode(any_database, ORGANIZATION, DeploymentMode.ON_PREMISE, expected_version=1)

    assert (site.deployment_mode, site.version, site.revision) == (DeploymentMode.ON_PREMISE, 2, before.revision)
    with pytest.raises(StaleVersionError) as refusal:
        set_deployment_mode(any_database, ORGANIZATION, DeploymentMode.CLOUD, expected_version=1)
    assert refusal.value.version == 2
    with pytest.raises(OnPremiseError):
        site_of(any_database).check_synchronizes()
    set_deployment_mode(any_database, ORGANIZATION, DeploymentMode.CLOUD)
    site_of(any_database).check_synchronizes()


def test_the_mode_can_be_set_before_the_first_key(any_database: Database, sell: Sell) -> None:
    set_deployment_mode(any_database, ORGANIZATION, DeploymentMode.ON_PREMISE, expected_version=1)

    sell(any_database, ORGANIZATION)

    site = site_of(any_database)
    assert (site.deployment_mode, site.revision) == (DeploymentMode.ON_PREMISE, 1)


def test_a_site_of_another_organization_is_not_there(any_database: Database, sell: Sell) -> None:
    """T44."""
    sell(any_database, ORGANIZATION)

    with pytest.raises(SiteNotFoundError):
        read_site(any_database, ORGANIZATION, now=NOW, visible_to=OTHER_ORGANIZATION)
    assert read_site(any_database, ORGANIZATION, now=NOW, visible_to=ORGANIZATION).site.revision == 1
