"""Creating, promoting, revoking and rotating signing keys: in order, in a race, and through a crash (T29, T30, F40)."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from auth_service.actions.create_signing_key import create_signing_key
from auth_service.actions.promote_signing_key import promote_signing_key
from auth_service.actions.revoke_signing_keys import revoke_signing_keys
from auth_service.actions.rotate_signing_keys import rotate_signing_keys
from auth_service.domain.errors import KeyChangeRefusedError, SettingsError
from auth_service.domain.key_ring import KEPT_AFTER_RETIRING, PUBLISHED_AHEAD, SETTLING
from auth_service.tokens.key_vault import KeyVault
from auth_service.tokens.signing_keys import SigningKeys
from tests.doubles.key_vaults import NOW, Crash, PowerCut, states

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from auth_service.domain.key_ring import KeyEvent

DAYS = 90
ROTATION = timedelta(days=DAYS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def vault(folder: Path) -> KeyVault:
    return KeyVault(folder)


@pytest.fixture
def first(vault: KeyVault) -> str:
    return create_signing_key(vault, now=NOW)[0].kid


def said(events: tuple[KeyEvent, ...]) -> list[str]:
    return [event.kind.value for event in events]


def pems(folder: Path) -> set[str]:
    return {path.name.removesuffix(".pem") for path in folder.glob("*.pem*")}


def test_the_first_key_signs_at_once(vault: KeyVault) -> None:
    events = create_signing_key(vault, now=NOW)

    assert said(events) == ["key_created", "key_promoted"]
    assert states(vault) == {events[0].kid: "current"}


def test_the_second_key_is_published_before_it_signs(vault: KeyVault, first: str) -> None:
    """T30."""
    events = create_signing_key(vault, now=NOW)

    assert said(events) == ["key_created"]
    assert states(vault) == {first: "current", events[0].kid: "next"}
    with pytest.raises(KeyChangeRefusedError, match="already"):
        create_signing_key(vault, now=NOW)


def test_a_key_that_verifiers_may_not_know_is_not_promoted(vault: KeyVault, first: str) -> None:
    """T30, F40."""
    second = create_signing_key(vault, now=NOW)[0].kid

    with pytest.raises(KeyChangeRefusedError, match="--now"):
        promote_signing_key(vault, now=NOW + SETTLING - timedelta(seconds=1))
    assert states(vault)[first] == "current"

    assert said(promote_signing_key(vault, now=NOW + SETTLING)) == ["key_retired", "key_promoted"]
    assert states(vault) == {first: "retired", second: "current"}


def test_promotion_may_be_urgent_and_may_publish_the_key_after_it(vault: KeyVault, first: str) -> None:
    second = create_signing_key(vault, now=NOW)[0].kid

    events = promote_signing_key(vault, now=NOW, is_urgent=True, is_followed=True)

    assert said(events) == ["key_created", "key_retired", "key_promoted"]
    assert states(vault) == {first: "retired", second: "current", events[0].kid: "next"}


def test_a_next_key_that_cannot_sign_is_not_promoted(vault: KeyVault, folder: Path, first: str) -> None:
    """F40."""
    second = create_signing_key(vault, now=NOW)[0].kid
    (folder / f"{second}.pem").unlink()

    with pytest.raises(SettingsError, match="missing"):
        promote_signing_key(vault, now=NOW + SETTLING)

    assert states(vault) == {first: "current", second: "next"}


def test_a_revoked_current_key_is_replaced_by_a_new_one_and_not_by_the_next(
    vault: KeyVault, folder: Path, first: str
) -> None:
    """T29, F40: whoever read one file of the folder may have read the other."""
    second = create_signing_key(vault, now=NOW)[0].kid

    events = revoke_signing_keys(vault, [first], now=NOW)

    third = events[0].kid
    assert said(events) == ["key_created", "key_promoted", "key_revoked"]
    assert states(vault) == {second: "next", third: "current"}
    assert pems(folder) == {second, third}


def test_every_key_can_be_revoked_at_once(vault: KeyVault, folder: Path, first: str) -> None:
    """T29."""
    create_signing_key(vault, now=NOW)

    events = revoke_signing_keys(vault, None, now=NOW)

    assert said(events) == ["key_created", "key_promoted", "key_revoked", "key_revoked"]
    assert states(vault) == {events[0].kid: "current"}
    assert pems(folder) == {events[0].kid}


def test_a_revoked_next_or_retired_key_leaves_the_current_one(vault: KeyVault, folder: Path, first: str) -> None:
    second = create_signing_key(vault, now=NOW)[0].kid
    promote_signing_key(vault, now=NOW, is_urgent=True)

    assert said(revoke_signing_keys(vault, [first], now=NOW)) == ["key_revoked"]
    assert states(vault) == {second: "current"}
    assert pems(folder) == {second}


@pytest.mark.parametrize("kids", [["none"], [], None])
def test_an_unknown_kid_is_refused(vault: KeyVault, kids: list[str] | None) -> None:
    with pytest.raises(KeyChangeRefusedError, match="list-keys"):
        revoke_signing_keys(vault, kids, now=NOW)

    assert states(vault) == {}


def test_the_schedule_goes_round(vault: KeyVault, folder: Path, first: str) -> None:
    """T30, F40: published a day ahead, promoted on the day, erased soon after, dropped when its tokens are dead."""

    def rotate(at: timedelta) -> list[str]:
        return said(rotate_signing_keys(vault, rotation_days=DAYS, now=NOW + at))

    second = timedelta(seconds=1)
    assert rotate(ROTATION - PUBLISHED_AHEAD - second) == []
    assert rotate(ROTATION - PUBLISHED_AHEAD) == ["key_created"]
    assert rotate(ROTATION - second) == []
    assert rotate(ROTATION) == ["key_retired", "key_promoted"]
    assert first in pems(folder)
    assert rotate(ROTATION + SETTLING) == []
    assert first not in pems(folder)
    assert states(vault)[first] == "retired"
    assert rotate(ROTATION + KEPT_AFTER_RETIRING - second) == []
    assert states(vault)[first] == "retired"
    assert rotate(ROTATION + KEPT_AFTER_RETIRING) == ["key_dropped"]
    assert list(states(vault).values()) == ["current"]
    assert vault.read().to_erase == ()


def test_by_hand_only_means_that_no_key_is_made_or_promoted(vault: KeyVault, first: str) -> None:
    second = create_signing_key(vault, now=NOW)[0].kid

    assert rotate_signing_keys(vault, rotation_days=0, now=NOW + 10 * ROTATION) == ()
    assert states(vault) == {first: "current", second: "next"}

    promote_signing_key(vault, now=NOW + 10 * ROTATION)
    assert said(rotate_signing_keys(vault, rotation_days=0, now=NOW + 11 * ROTATION)) == ["key_dropped"]


def test_where_nothing_is_due_nothing_is_written(vault: KeyVault, folder: Path, first: str) -> None:
    """So that a machine that may only read the folder can run the relay."""
    (folder / "signing-keys.lock").unlink()
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}

    assert rotate_signing_keys(vault, rotation_days=DAYS, now=NOW) == ()

    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_folder_without_keys_gets_none_by_the_schedule(vault: KeyVault, folder: Path) -> None:
    assert rotate_signing_keys(vault, rotation_days=DAYS, now=NOW) == ()
    assert not folder.exists()


def _together(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run all at the same moment; give what each gave, or the error that it raised."""
    gate = threading.Barrier(len(calls))
    outcomes: list[Any] = []

    def run(call: Callable[[], Any]) -> None:
        gate.wait()
        try:
            outcomes.append(call())
        except KeyChangeRefusedError as refused:
            outcomes.append(refused)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_two_rotators_at_once_move_the_keys_once(folder: Path, vault: KeyVault, first: str) -> None:
    """T30: the lock is the folder's, so it holds between processes and machines as well."""
    due = NOW + ROTATION - PUBLISHED_AHEAD
    outcomes = _together([lambda: rotate_signing_keys(KeyVault(folder), rotation_days=DAYS, now=due) for _ in range(8)])

    assert sorted(map(said, outcomes)) == [[]] * 7 + [["key_created"]]
    assert sorted(states(vault).values()) == ["current", "next"]
    assert len(pems(folder)) == 2


def test_two_people_at_once_promote_once(folder: Path, vault: KeyVault, first: str) -> None:
    """T30."""
    second = create_signing_key(vault, now=NOW)[0].kid

    outcomes = _together([lambda: promote_signing_key(KeyVault(folder), now=NOW + SETTLING) for _ in range(4)])

    assert len([one for one in outcomes if isinstance(one, KeyChangeRefusedError)]) == 3
    assert states(vault) == {first: "retired", second: "current"}


def _create(vault: KeyVault) -> None:
    if vault.read().next is None:
        create_signing_key(vault, now=NOW)


def _promote(vault: KeyVault) -> None:
    if vault.read().next is not None:
        promote_signing_key(vault, now=NOW + SETTLING)


def _revoke(vault: KeyVault) -> None:
    ring = vault.read()
    if len(ring.keys) > 1 and ring.current is not None:
        revoke_signing_keys(vault, [key.kid for key in ring.keys], now=NOW)


def _rotate(vault: KeyVault) -> None:
    rotate_signing_keys(vault, rotation_days=DAYS, now=NOW + ROTATION + KEPT_AFTER_RETIRING)


@pytest.mark.parametrize(
    ("action", "has_next"), [(_create, False), (_promote, True), (_revoke, True), (_rotate, False), (_rotate, True)]
)
def test_a_crash_at_any_step_leaves_keys_that_sign_and_is_put_right_by_the_next_change(
    folder: Path, monkeypatch: pytest.MonkeyPatch, action: Callable[[KeyVault], None], *, has_next: bool
) -> None:
    """T29, T30: after each file operation in turn the power goes; a fresh process finds a whole state."""
    steps = 0
    while True:
        here = folder / str(steps)
        vault = KeyVault(here)
        create_signing_key(vault, now=NOW)
        if has_next:
            create_signing_key(vault, now=NOW)
        before = states(vault)
        with monkeypatch.context() as patch:
            PowerCut(patch, steps)
            try:
                action(vault)
                is_done = True
            except Crash:
                is_done = False

        found = KeyVault(here)
        after = states(found)
        assert SigningKeys(found).current.kid in after
        if is_done:
            break
        assert list(after.values()).count("current") == 1
        assert before.keys() <= after.keys() or action in {_revoke, _rotate}
        action(found)
        rotate_signing_keys(found, rotation_days=0, now=NOW)
        assert pems(here) == {key.kid for key in found.read().keys if key.handle}, f"after step {steps}"
        steps += 1
    assert steps > 10


def test_a_crash_while_the_very_first_key_is_made_can_be_repeated(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T29."""
    for steps in range(100):
        here = folder / str(steps)
        with monkeypatch.context() as patch:
            PowerCut(patch, steps)
            try:
                create_signing_key(KeyVault(here), now=NOW)
                break
            except Crash:
                pass
        vault = KeyVault(here)
        if vault.read().current is None:
            create_signing_key(vault, now=NOW)
        assert pems(here) >= set(states(vault))
        assert SigningKeys(vault).current

    assert steps > 10
