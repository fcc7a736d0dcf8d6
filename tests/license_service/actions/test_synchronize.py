"""A site's keys are synchronized with the records, one run at a time, and each run leaves its trace (S2-7 … S2-13)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from license_service.actions.activate_site import activate_site
from license_service.actions.create_signing_key import create_signing_key
from license_service.actions.edit_id_number import edit_id_number
from license_service.actions.list_synchronizations import list_synchronizations
from license_service.actions.read_site import read_site
from license_service.actions.read_synchronization import read_synchronization
from license_service.actions.revoke_key import revoke_key
from license_service.actions.set_deployment_mode import set_deployment_mode
from license_service.actions.suspend_key import suspend_key
from license_service.actions.synchronize import SynchronizationAsked, synchronize
from license_service.domain.errors import (
    OnPremiseError,
    RevisionChangedError,
    SigningKeyUnavailableError,
    SynchronizationLostError,
    SynchronizationNotFoundError,
    SynchronizationUnderWayError,
)
from license_service.domain.page import PageWanted
from license_service.domain.site import DeploymentMode
from license_service.domain.synchronization import LEASE, NamedKey, RunStatus, Trigger
from license_service.signing.jwk_set import jwk_set, signers_of
from license_service.signing.key_folder import KeyFolder
from license_service.storage import license_keys
from tests.license_service.conftest import NOW, Clock, new_id
from wire.access_key import accept_access_key, read_access_key
from wire.jwks import read_jwks
from wire.synchronization_receipt import read_synchronization_receipt

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    import jwt

    from database.engine import Database
    from license_service.actions.synchronize import Delivered
    from license_service.domain.license_key import LicenseKey
    from license_service.domain.synchronization import Synchronization

    Sell = Callable[..., LicenseKey]

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"
STRANGE_KEY = "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c99"

KILLED = """
import os, signal, sys
from datetime import datetime
from license_service.actions.synchronize import SynchronizationAsked, synchronize
from license_service.domain.synchronization import Trigger
from database.engine import Database

class Deadly:
    def current_key(self):
        os.kill(os.getpid(), signal.SIGKILL)

asked = SynchronizationAsked(
    organization_id=sys.argv[2], device_id=None, started_by="Ada", trigger=Trigger.MANUAL, held={}
)
now = datetime.fromisoformat(sys.argv[3])
synchronize(Database(sys.argv[1]), Deadly(), asked, run_id=sys.argv[4], clock=lambda: now)
"""


@pytest.fixture
def signing_keys(tmp_path: Path) -> KeyFolder:
    folder = KeyFolder(tmp_path / "keys")
    create_signing_key(folder, now=NOW)
    return folder


@pytest.fixture
def time() -> Clock:
    """Give a clock of the test's own."""
    return Clock(NOW)


@pytest.fixture
def run(any_database: Database, signing_keys: KeyFolder, time: Clock) -> Callable[..., Delivered]:
    """Give a function that synchronizes a site that has these keys; `signing` takes the place of the folder."""

    def done(held: dict[str, int] | None = None, *, signing: Any = signing_keys, **changes: Any) -> Delivered:
        asked = {
            "organization_id": ORGANIZATION,
            "device_id": DEVICE,
            "started_by": "Ada",
            "trigger": Trigger.MANUAL,
            "held": held or {},
            **changes,
        }
        return synchronize(any_database, signing, SynchronizationAsked(**asked), run_id=new_id(), clock=time)

    return done


def history(database: Database, now: datetime = NOW, **filters: Any) -> list[Synchronization]:
    return list_synchronizations(database, now=now, **filters)


def versions(delivered: Delivered) -> dict[str, int]:
    return {key.key_id: key.version for key in delivered.keys}


def test_a_new_site_is_given_every_key(
    any_database: Database, sell: Sell, run: Callable[..., Delivered], signing_keys: KeyFolder
) -> None:
    """S2-7, S2-9, S2-11: texts that the site registers with no hand work, offline."""
    first, second = sell(any_database, ORGANIZATION), sell(any_database, ORGANIZATION, seats=5)
    sell(any_database, OTHER_ORGANIZATION)

    delivered = run()

    signers = signers_of(signing_keys.read())
    read = [accept_access_key(key.access_key, signers, organization_id=ORGANIZATION, now=NOW) for key in delivered.keys]
    assert [claims.key_id for claims in read] == [first.id, second.id]
    assert read[1].seats == (("xms", 5),)
    assert set(delivered.run.added) == {NamedKey(first.id, first.id_number), NamedKey(second.id, second.id_number)}
    assert (delivered.run.changed, delivered.run.removed) == ((), ())


def test_a_site_is_told_what_it_has_to_change(
    any_database: Database, sell: Sell, run: Callable[..., Delivered]
) -> None:
    """S2-9: adds, changes and removals."""
    same, changed, suspended, revoked = (sell(any_database, ORGANIZATION) for _ in range(4))
    another = sell(any_database, OTHER_ORGANIZATION)
    held = {key.id: 1 for key in (same, changed, suspended, revoked, another)} | {STRANGE_KEY: 7}
    edit_id_number(any_database, changed.id, "Renamed")
    suspend_key(any_database, suspended.id, now=NOW)
    revoke_key(any_database, revoked.id, now=NOW)
    added = sell(any_database, ORGANIZATION)

    delivered = run(held)

    assert delivered.run.added == (NamedKey(added.id, added.id_number),)
    assert delivered.run.changed == (NamedKey(changed.id, "Renamed"),)
    assert set(delivered.run.removed) == {
        NamedKey(suspended.id, suspended.id_number),
        NamedKey(revoked.id, revoked.id_number),
        # T44: what is another organization's says as little as what is nobody's.
        NamedKey(another.id, None),
        NamedKey(STRANGE_KEY, None),
    }
    assert versions(delivered) == {same.id: 1, changed.id: 2, added.id: 1}


def test_the_next_run_of_a_site_that_did_as_it_was_told_changes_nothing(
    any_database: Database, sell: Sell, run: Callable[..., Delivered]
) -> None:
    sell(any_database, ORGANIZATION)

    again = run(versions(run()))

    assert (again.run.added, again.run.changed, again.run.removed) == ((), (), ())
    assert len(again.keys) == 1


def test_a_key_whose_date_has_passed_is_still_delivered(
    any_database: Database, sell: Sell, run: Callable[..., Delivered], signing_keys: KeyFolder
) -> None:
    """S3-17: the site is to say that it has expired, not that it is gone."""
    sell(any_database, ORGANIZATION, renewal_date=date(2026, 1, 31))

    [key] = run().keys

    assert read_access_key(key.access_key, signers_of(signing_keys.read())).renewal_date == date(2026, 1, 31)


def test_a_run_is_recorded_with_who_when_and_what(
    any_database: Database, sell: Sell, run: Callable[..., Delivered], time: Clock
) -> None:
    """S2-13."""
    sold = sell(any_database, ORGANIZATION)

    delivered = run({STRANGE_KEY: 1})

    [kept] = history(any_database)
    assert kept == delivered.run
    assert (kept.organization_id, kept.device_id, kept.started_by) == (ORGANIZATION, DEVICE, "Ada")
    assert (kept.status, kept.started_at, kept.finished_at) == (RunStatus.SUCCEEDED, NOW, NOW)
    assert (kept.added, kept.removed) == ((NamedKey(sold.id, sold.id_number),), (NamedKey(STRANGE_KEY, None),))
    assert read_synchronization(any_database, kept.id, now=NOW) == kept
    assert read_site(any_database, ORGANIZATION, now=NOW).last_synchronization == kept


def test_the_receipt_says_the_same_and_is_verified_with_the_pinned_keys(
    any_database: Database, sell: Sell, run: Callable[..., Delivered], signing_keys: KeyFolder
) -> None:
    """S2-13."""
    sold = sell(any_database, ORGANIZATION)

    done = run({STRANGE_KEY: 1}, started_by="Zoë", trigger=Trigger.AUTOMATIC)

    class Pinned:
        def key(self, kid: str) -> jwt.PyJWK | None:
            return read_jwks(jwk_set(signing_keys.read())).get(kid)

    receipt = read_synchronization_receipt(str(done.run.receipt), Pinned())
    assert (receipt.synchronization_id, receipt.organization_id) == (done.run.id, ORGANIZATION)
    assert (receipt.device_id, receipt.started_by, receipt.trigger) == (DEVICE, "Zoë", "automatic")
    assert (receipt.started_at, receipt.finished_at, receipt.revision) == (NOW, NOW, done.revision)
    assert receipt.keys == {sold.id: 1}
    assert (receipt.added, receipt.changed) == (((sold.id, sold.id_number),), ())
    assert receipt.removed == ((STRANGE_KEY, None),)


def test_what_was_delivered_is_activated(any_database: Database, sell: Sell, run: Callable[..., Delivered]) -> None:
    """S2-6."""
    sold = sell(any_database, ORGANIZATION)
    delivered = run()
    assert read_site(any_database, ORGANIZATION, now=NOW).site.activation_needed_since is not None

    site = activate_site(any_database, ORGANIZATION, revision=delivered.revision, now=NOW)

    assert site.activation_needed_since is None
    suspend_key(any_database, sold.id, now=NOW)
    with pytest.raises(RevisionChangedError):
        activate_site(any_database, ORGANIZATION, revision=delivered.revision, now=NOW)


def test_a_change_between_delivery_and_its_end_stays_to_be_activated(
    any_database: Database, sell: Sell, run: Callable[..., Delivered], signing_keys: KeyFolder
) -> None:
    """S2-6: what the site was not given is not counted as activated."""
    sold = sell(any_database, ORGANIZATION)

    class Changing:
        def current_key(self) -> Any:
            suspend_key(any_database, sold.id, now=NOW)
            return signing_keys.current_key()

    delivered = run(signing=Changing())

    assert versions(delivered) == {sold.id: 1}
    with pytest.raises(RevisionChangedError):
        activate_site(any_database, ORGANIZATION, revision=delivered.revision, now=NOW)


def test_a_change_just_after_the_keys_were_read_stays_to_be_activated(
    any_database: Database, sell: Sell, run: Callable[..., Delivered], monkeypatch: pytest.MonkeyPatch
) -> None:
    """S2-6: the revision that comes with the keys is no newer than they are."""
    sold = sell(any_database, ORGANIZATION)
    read_keys = license_keys.listed

    def read_then_change(*given: Any) -> Any:
        keys = read_keys(*given)
        suspend_key(any_database, sold.id, now=NOW)
        return keys

    with monkeypatch.context() as patched:
        patched.setattr(license_keys, "listed", read_then_change)
        delivered = run()

    assert versions(delivered) == {sold.id: 1}
    with pytest.raises(RevisionChangedError):
        activate_site(any_database, ORGANIZATION, revision=delivered.revision, now=NOW)


@pytest.mark.parametrize("trigger", Trigger)
def test_on_premise_there_is_no_synchronization_and_it_says_why(
    any_database: Database, sell: Sell, run: Callable[..., Delivered], trigger: Trigger
) -> None:
    """S2-19, S2-20."""
    sell(any_database, ORGANIZATION)
    set_deployment_mode(any_database, ORGANIZATION, DeploymentMode.ON_PREMISE)

    with pytest.raises(OnPremiseError, match="runs on premise"):
        run(trigger=trigger)
    assert history(any_database) == []


def test_a_run_by_hand_follows_an_automatic_one_at_once(
    any_database: Database, run: Callable[..., Delivered], time: Clock
) -> None:
    """S2-10: in spite of the daily run."""
    run(trigger=Trigger.AUTOMATIC)
    time.now += timedelta(seconds=1)

    run()

    assert [each.trigger for each in history(any_database)] == [Trigger.MANUAL, Trigger.AUTOMATIC]


# --- one at a time -----------------------------------------------------------------------------------------------


def test_while_one_is_under_way_another_is_refused_at_once(
    any_database: Database, sell: Sell, run: Callable[..., Delivered], signing_keys: KeyFolder
) -> None:
    """And it is seen to be running."""
    sell(any_database, ORGANIZATION)
    began, go_on = threading.Event(), threading.Event()

    class Slow:
        def current_key(self) -> Any:
            began.set()
            assert go_on.wait(20)
            return signing_keys.current_key()

    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(run, signing=Slow())
        assert began.wait(20)
        with pytest.raises(SynchronizationUnderWayError):
            run()
        [running] = history(any_database)
        run(organization_id=OTHER_ORGANIZATION)
        go_on.set()
        delivered = slow.result()

    assert (running.status, running.finished_at) == (RunStatus.RUNNING, None)
    assert history(any_database, organization_id=ORGANIZATION) == [delivered.run]
    assert run().run.status is RunStatus.SUCCEEDED


def test_of_many_at_once_none_overlap_and_each_is_done_or_told(
    any_database: Database, sell: Sell, run: Callable[..., Delivered], signing_keys: KeyFolder
) -> None:
    """A race of 16."""
    sell(any_database, ORGANIZATION)
    barrier = threading.Barrier(16)
    inside = threading.Lock()

    class Guarded:
        def current_key(self) -> Any:
            assert inside.acquire(blocking=False), "two runs at once"
            try:
                return signing_keys.current_key()
            finally:
                inside.release()

    def one(_: int) -> Delivered | None:
        barrier.wait()
        try:
            return run(signing=Guarded())
        except SynchronizationUnderWayError:
            return None

    with ThreadPoolExecutor(16) as threads:
        done = [delivered for delivered in threads.map(one, range(16)) if delivered is not None]

    assert done
    runs = history(any_database)
    assert {each.id for each in runs} == {delivered.run.id for delivered in done}
    assert {each.status for each in runs} == {RunStatus.SUCCEEDED}


# --- runs that come to nothing -----------------------------------------------------------------------------------


def test_a_run_whose_worker_was_killed_is_interrupted_and_never_running_for_ever(
    any_database: Database, sell: Sell, run: Callable[..., Delivered], time: Clock
) -> None:
    """F07: all or nothing; until its lease is over nobody else begins, then anybody does."""
    sell(any_database, ORGANIZATION)
    url = any_database.engine.url.render_as_string(hide_password=False)
    run_id = new_id()

    ended = subprocess.run(
        [sys.executable, "-c", KILLED, url, ORGANIZATION, NOW.isoformat(), run_id],
        env={**os.environ},
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert read_synchronization(any_database, run_id, now=NOW).status is RunStatus.RUNNING
    with pytest.raises(SynchronizationUnderWayError):
        run()

    time.now = NOW + LEASE
    seen = read_synchronization(any_database, run_id, now=time.now)
    assert (seen.status, seen.finished_at, seen.receipt) == (RunStatus.INTERRUPTED, NOW + LEASE, None)
    assert [each.status for each in history(any_database, time.now)] == [RunStatus.INTERRUPTED]
    assert run().run.status is RunStatus.SUCCEEDED
    assert read_synchronization(any_database, run_id, now=NOW) == seen


def test_who_outlives_the_lease_changes_nothing_any_more(
    any_database: Database, sell: Sell, run: Callable[..., Delivered], signing_keys: KeyFolder, time: Clock
) -> None:
    """F07: also when another run has begun by then."""
    sell(any_database, ORGANIZATION)

    class TooSlow:
        def current_key(self) -> Any:
            time.now += LEASE
            run()
            return signing_keys.current_key()

    with pytest.raises(SynchronizationLostError):
        run(signing=TooSlow())

    assert [each.status for each in history(any_database, time.now)] == [RunStatus.SUCCEEDED, RunStatus.INTERRUPTED]


def test_who_outlives_the_lease_has_failed_to_deliver_though_nobody_else_began(
    any_database: Database, run: Callable[..., Delivered], signing_keys: KeyFolder, time: Clock
) -> None:
    """F07: what was shown as interrupted stays so."""

    class TooSlow:
        def current_key(self) -> Any:
            time.now += LEASE
            return signing_keys.current_key()

    with pytest.raises(SynchronizationLostError):
        run(signing=TooSlow())

    assert [each.status for each in history(any_database, time.now)] == [RunStatus.INTERRUPTED]


def test_a_run_that_cannot_sign_has_failed(
    any_database: Database, run: Callable[..., Delivered], tmp_path: Path
) -> None:
    with pytest.raises(SigningKeyUnavailableError):
        run(signing=KeyFolder(tmp_path / "none"))

    [failed] = history(any_database)
    assert (failed.status, failed.finished_at, failed.receipt) == (RunStatus.FAILED, NOW, None)
    assert run().run.status is RunStatus.SUCCEEDED


# --- the History -------------------------------------------------------------------------------------------------


def test_the_history_is_filtered_and_the_newest_comes_first(
    any_database: Database, run: Callable[..., Delivered], time: Clock
) -> None:
    """S2-12, S2-13."""
    kinds = [Trigger.AUTOMATIC, Trigger.MANUAL, Trigger.AUTOMATIC, Trigger.MANUAL]
    made = []
    for kind in kinds:
        time.now += timedelta(hours=1)
        made.insert(0, run(trigger=kind).run)
    run(organization_id=OTHER_ORGANIZATION)

    assert history(any_database, organization_id=ORGANIZATION) == made
    for kind in Trigger:
        wanted = [each for each in made if each.trigger is kind]
        assert history(any_database, organization_id=ORGANIZATION, trigger=kind) == wanted
    assert history(any_database, visible_to=ORGANIZATION) == made
    assert history(any_database, visible_to=ORGANIZATION, organization_id=OTHER_ORGANIZATION) == []
    with pytest.raises(SynchronizationNotFoundError):
        read_synchronization(any_database, made[0].id, now=NOW, visible_to=OTHER_ORGANIZATION)


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_show_each_run_once(any_database: Database, run: Callable[..., Delivered], limit: int) -> None:
    """Also those of the same instant."""
    made = {run().run.id for _ in range(4)}

    seen: list[str] = []
    wanted = PageWanted(limit)
    while True:
        page = list_synchronizations(any_database, wanted, now=NOW)
        seen += [each.id for each in page]
        if page.end is None:
            break
        wanted = PageWanted(limit, page.end)

    assert seen == sorted(made, reverse=True)
