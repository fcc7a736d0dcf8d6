"""The state on disk: T57, F13, and one change at a time."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pos_client.errors import StateBusyError, StateError
from pos_client.state_document import dump_state
from pos_client.stored_state import HeldLicense, StoredState
from pos_client.token_store import LOCK_NAME, LOCK_SECONDS, SET_ASIDE_NAME, STATE_NAME, TokenStore

if TYPE_CHECKING:
    from tests.pos_client.clock import Clock


ISSUER = "https://auth.example"
STATE = StoredState(issuer=ISSUER, held=HeldLicense("token", "refresh-1", datetime(2026, 11, 21, tzinfo=UTC)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def store(folder: Path, clock: Clock) -> TokenStore:
    return TokenStore(folder, ISSUER, wait=clock.wait)


def save(store: TokenStore, state: StoredState) -> None:
    with store.locked() as file:
        file.save(state)


def test_a_new_store_is_empty(store: TokenStore) -> None:
    assert store.read() == StoredState(issuer=ISSUER)


def test_what_is_saved_is_read_by_another_process(store: TokenStore, folder: Path, clock: Clock) -> None:
    save(store, STATE)

    assert TokenStore(folder, ISSUER, wait=clock.wait).read() == STATE


def test_everything_in_the_folder_is_for_its_owner_alone(store: TokenStore, folder: Path) -> None:
    """T57."""
    save(store, STATE)
    store.page_secret()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_crash_while_saving_leaves_the_old_state(store: TokenStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """F13."""
    save(store, STATE)

    class KilledError(BaseException):
        pass

    def kill(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", kill)
        with pytest.raises(KilledError):
            save(store, replace(STATE, held=None))

    assert store.read() == STATE
    save(store, replace(STATE, held=None))
    assert store.read().held is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\x00" * 100, dump_state(STATE)[:-20]])
def test_a_broken_file_is_set_aside_and_told_for_good(
    store: TokenStore, folder: Path, clock: Clock, content: bytes
) -> None:
    """A file that cannot be read is no reason to crash, and is kept for whoever wants to look."""
    (folder / STATE_NAME).write_bytes(content)

    assert store.read() == StoredState(issuer=ISSUER, set_aside=True)
    assert (folder / SET_ASIDE_NAME).read_bytes() == content
    assert TokenStore(folder, ISSUER, wait=clock.wait).read().set_aside


def test_a_file_that_was_set_aside_can_be_forgotten(store: TokenStore, folder: Path) -> None:
    (folder / STATE_NAME).write_bytes(b"broken")
    store.read()
    store.forget_set_aside()
    store.forget_set_aside()

    assert not (folder / SET_ASIDE_NAME).exists()


def test_a_file_that_may_not_be_read_is_told_and_left_where_it_is(store: TokenStore, folder: Path) -> None:
    (folder / STATE_NAME).mkdir()

    with pytest.raises(StateError, match="cannot be read"):
        store.read()
    assert (folder / STATE_NAME).is_dir()


@pytest.mark.parametrize("name", [STATE_NAME, "page-secret"])
def test_a_link_or_a_pipe_is_told_and_neither_followed_nor_waited_for(
    store: TokenStore, folder: Path, tmp_path: Path, name: str
) -> None:
    """T57."""
    read = store.read if name == STATE_NAME else store.page_secret
    os.mkfifo(folder / name)
    with pytest.raises(StateError, match="not a regular file"):
        read()
    (folder / name).unlink()
    (tmp_path / "elsewhere").write_bytes(dump_state(STATE))
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="cannot be read"):
        read()


def test_a_second_change_waits_for_the_first(store: TokenStore, clock: Clock) -> None:
    """CLI, page and refresh never change the state at once, not even as threads of one process."""
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with store.locked() as file:
            entered.set()
            leave.wait(5)
            file.save(STATE)

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait(5)

    def let_it_finish(_seconds: float) -> None:
        leave.set()
        holder.join()

    waiting = TokenStore(store._folder, ISSUER, wait=let_it_finish)
    with waiting.locked() as file:
        seen = file.state

    assert seen == STATE


def test_a_lock_that_is_never_given_back_ends_in_a_clear_error(store: TokenStore, folder: Path, clock: Clock) -> None:
    with (folder / LOCK_NAME).open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        with pytest.raises(StateBusyError), store.locked():
            pass
    assert sum(clock.waits) == pytest.approx(LOCK_SECONDS, rel=0.01)


def test_the_lock_is_given_back_after_an_error(store: TokenStore, clock: Clock) -> None:
    with pytest.raises(RuntimeError), store.locked():
        raise RuntimeError
    with store.locked():
        pass

    assert clock.waits == []


def test_reading_waits_for_nobody(store: TokenStore, clock: Clock) -> None:
    save(store, STATE)
    with store.locked():
        assert store.read() == STATE

    assert clock.waits == []


def test_a_lock_that_cannot_be_opened_is_told(store: TokenStore, folder: Path) -> None:
    (folder / LOCK_NAME).mkdir()

    with pytest.raises(StateError, match="cannot be opened"), store.locked():
        pass


def test_the_page_secret_is_made_once_and_kept(store: TokenStore, folder: Path, clock: Clock) -> None:
    """T47."""
    secret = store.page_secret()

    assert len(secret) == 64
    assert TokenStore(folder, ISSUER, wait=clock.wait).page_secret() == secret


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 64])
def test_a_weak_page_secret_is_made_anew(store: TokenStore, folder: Path, content: bytes) -> None:
    """T47."""
    (folder / "page-secret").write_bytes(content)

    assert len(store.page_secret()) == 64
    assert store.page_secret() == (folder / "page-secret").read_text()


def test_no_secret_is_in_a_repr() -> None:
    """C14."""
    assert "refresh-1" not in repr(STATE)
