"""The folder that the update manifest is served from."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from license_service.domain.errors import UpdateError
from license_service.storage.update_folder import MANIFEST_NAME, UpdateFolder
from wire.update_manifest import LONGEST_UPDATE_MANIFEST

if TYPE_CHECKING:
    from pathlib import Path


def test_the_manifest_is_replaced_as_a_whole(tmp_path: Path) -> None:
    folder = UpdateFolder(tmp_path / "a" / "update")
    assert folder.read() is None

    for text in ("first", "second"):
        with folder.publishing():
            folder.write(text)
        assert folder.read() == text
    assert sorted(path.name for path in (tmp_path / "a" / "update").iterdir()) == [
        "update-manifest.jwt",
        "update-manifest.lock",
    ]


@pytest.mark.parametrize(("folder_mode", "file_mode"), [(0o755, 0o644), (0o750, 0o640), (0o700, 0o600)])
def test_who_may_look_into_the_folder_may_read_the_manifest(tmp_path: Path, folder_mode: int, file_mode: int) -> None:
    """The update service may run as another user than the publisher."""
    (tmp_path / "update").mkdir()
    (tmp_path / "update").chmod(folder_mode)
    folder = UpdateFolder(tmp_path / "update")
    with folder.publishing():
        folder.write("text")

    assert stat.S_IMODE((tmp_path / "update" / MANIFEST_NAME).stat().st_mode) == file_mode


@pytest.mark.parametrize("content", [b"\xff", b"a" * (LONGEST_UPDATE_MANIFEST + 1)], ids=["no text", "huge"])
def test_a_file_that_is_no_manifest_is_not_given_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST_NAME).write_bytes(content)

    with pytest.raises(UpdateError, match="is no update manifest"):
        UpdateFolder(tmp_path).read()


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UpdateError, match="cannot be written to"), UpdateFolder(tmp_path / "file").publishing():
        pass
    (tmp_path / MANIFEST_NAME).mkdir()
    with pytest.raises(UpdateError, match="cannot be read"):
        UpdateFolder(tmp_path).read()
    with pytest.raises(UpdateError, match="cannot be written"):
        UpdateFolder(tmp_path).write("text")
