"""Files for their owner alone, replaced as a whole: F13."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pos_client.errors import StateError
from pos_client.private_file import (
    prepare_private_folder,
    read_private_file,
    remove_private_file,
    write_private_file,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_file_and_folder_are_for_their_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        prepare_private_folder(tmp_path / "a" / "state", set())
        write_private_file(tmp_path / "a" / "state" / "file", b"secret")
    finally:
        os.umask(before)

    assert mode(tmp_path / "a" / "state") == 0o700
    assert mode(tmp_path / "a" / "state" / "file") == 0o600


def test_an_open_folder_of_our_own_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    (folder / "file").touch()

    prepare_private_folder(folder, {"file"})

    assert mode(folder) == 0o700


def test_an_open_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    """A folder such as /tmp, named by mistake, must not be closed to those who use it."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "somebody-elses").touch()

    with pytest.raises(StateError, match="open to others"):
        prepare_private_folder(folder, {"file"})
    assert mode(folder) == 0o777


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StateError, match="cannot be used"):
        prepare_private_folder(tmp_path / "file" / "state", set())


def test_a_leftover_of_a_crash_with_wide_permissions_is_overwritten_and_closed(tmp_path: Path) -> None:
    leftover = tmp_path / "file.new"
    leftover.write_bytes(b"half a")
    leftover.chmod(0o666)

    write_private_file(tmp_path / "file", b"whole")

    assert (tmp_path / "file").read_bytes() == b"whole"
    assert mode(tmp_path / "file") == 0o600
    assert not leftover.exists()


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (tmp_path / "file.new").symlink_to(victim)

    with pytest.raises(StateError):
        write_private_file(tmp_path / "file", b"secret")
    assert victim.read_bytes() == b"mine"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_crash_before_the_rename_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """F13: killed between writing and renaming, the old content stands and the next write succeeds."""
    path = tmp_path / "file"
    write_private_file(path, b"old")

    class KilledError(BaseException):
        pass

    def kill(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(*((os, "fsync", kill) if step == "fsync" else (Path, "replace", kill)))
        with pytest.raises(KilledError):
            write_private_file(path, b"new")

    assert path.read_bytes() == b"old"
    write_private_file(path, b"newer")
    assert path.read_bytes() == b"newer"


def test_content_is_on_disk_before_the_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F31: file, rename, folder, in this order."""
    steps = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def noted_replace(self: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    write_private_file(tmp_path / "file", b"content")

    assert steps == ["file", "rename", "folder"]


def test_a_full_disk_is_told_and_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F30."""
    path = tmp_path / "file"
    write_private_file(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError, match="No space left on device"):
        write_private_file(path, b"new")
    assert path.read_bytes() == b"old"


def test_file_that_is_removed_is_gone_and_stays_gone(tmp_path: Path) -> None:
    write_private_file(tmp_path / "file", b"secret")

    remove_private_file(tmp_path / "file")
    remove_private_file(tmp_path / "file")

    assert read_private_file(tmp_path / "file", 10) is None


def test_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    """A caller sees that it is too large without holding all of it."""
    write_private_file(tmp_path / "file", b"x" * 100)

    assert read_private_file(tmp_path / "file", 10) == b"x" * 11
