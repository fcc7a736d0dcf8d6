"""The signing key's file, and the folder that the manifest is served from."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from license_service.domain.errors import UpdateError
from license_service.storage.update_folder import MANIFEST_NAME, UpdateFolder
from license_service.storage.update_key import create_update_key, load_update_key, public_key_set
from wire.jwks import read_jwks
from wire.update_manifest import LONGEST_UPDATE_MANIFEST

if TYPE_CHECKING:
    from pathlib import Path


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """T29, T62."""
    path = tmp_path / "update.pem"
    key = create_update_key(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_update_key(path).private_numbers() == key.private_numbers()
    with pytest.raises(UpdateError, match="is there already"):
        create_update_key(path)
    with pytest.raises(UpdateError, match="cannot be written"):
        create_update_key(tmp_path / "no folder" / "update.pem")


def test_what_clients_pin_has_no_private_member(tmp_path: Path) -> None:
    """T32."""
    keys = [create_update_key(tmp_path / name) for name in ("one.pem", "two.pem")]
    document = public_key_set(keys)

    assert [sorted(member) for member in document["keys"]] == [["alg", "crv", "kid", "kty", "use", "x", "y"]] * 2
    assert len(read_jwks(document)) == 2


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """T29."""
    create_update_key(tmp_path / "update.pem")
    (tmp_path / "update.pem").chmod(0o640)

    with pytest.raises(UpdateError, match="chmod 600"):
        load_update_key(tmp_path / "update.pem")


def written(path: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> Path:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(pem)
    path.chmod(0o600)
    return path


def test_what_is_no_key_of_ours_is_refused(tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_bytes(b"nonsense")
    nonsense.chmod(0o600)
    os.mkfifo(tmp_path / "pipe", 0o600)
    others = {
        nonsense: "not a private key",
        tmp_path / "pipe": "not a file",
        tmp_path / "absent": "cannot be read",
        written(tmp_path / "rsa.pem", rsa.generate_private_key(65537, 2048)): "not a P-256 key",
        written(tmp_path / "p384.pem", ec.generate_private_key(ec.SECP384R1())): "not a P-256 key",
    }

    for path, said in others.items():
        with pytest.raises(UpdateError, match=said):
            load_update_key(path)


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
