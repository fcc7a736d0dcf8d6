"""The folder of the signing keys (T29, T30)."""

from __future__ import annotations

import json
import os
import stat
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from license_service.actions.create_signing_key import create_signing_key
from license_service.actions.revoke_signing_key import revoke_signing_key
from license_service.actions.rotate_signing_key import rotate_signing_key
from license_service.domain.errors import SigningKeyRefusedError, SigningKeyUnavailableError
from license_service.signing import key_folder
from license_service.signing.jwk_set import jwk_set, signers_of
from license_service.signing.key_folder import KeyFolder
from wire.dpop_key import thumbprint

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "keys"


@pytest.fixture
def folder(path: Path) -> KeyFolder:
    return KeyFolder(path)


def pem_files(path: Path) -> set[str]:
    return {each.name for each in path.glob("*.pem*")}


def test_first_key_signs(folder: KeyFolder, path: Path) -> None:
    key = create_signing_key(folder, now=NOW)

    assert thumbprint(folder.current_key().public_key()) == key.kid == folder.read().current.kid
    assert pem_files(path) == {f"{key.kid}.pem"}


def test_folder_and_files_are_for_their_owner_alone(folder: KeyFolder, path: Path) -> None:
    """T29."""
    before = os.umask(0)
    try:
        create_signing_key(folder, now=NOW)
    finally:
        os.umask(before)

    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.iterdir()} == {0o600}


def test_rotation_erases_the_private_half_that_no_longer_signs(folder: KeyFolder, path: Path) -> None:
    """T29, T30: its public half stays."""
    first, second = create_signing_key(folder, now=NOW), create_signing_key(folder, now=NOW)
    assert pem_files(path) == {f"{first.kid}.pem", f"{second.kid}.pem"}
    assert thumbprint(folder.current_key().public_key()) == first.kid

    rotate_signing_key(folder, now=NOW, is_urgent=True)

    assert pem_files(path) == {f"{second.kid}.pem"}
    assert thumbprint(folder.current_key().public_key()) == second.kid
    assert [key["kid"] for key in jwk_set(folder.read())["keys"]] == [first.kid, second.kid]


def test_rotation_that_is_refused_changes_nothing(folder: KeyFolder) -> None:
    create_signing_key(folder, now=NOW)
    create_signing_key(folder, now=NOW)
    before = folder.read()

    with pytest.raises(SigningKeyRefusedError):
        rotate_signing_key(folder, now=NOW)
    with pytest.raises(SigningKeyRefusedError):
        create_signing_key(folder, now=NOW)

    assert folder.read() == before


def test_revoked_key_is_erased_and_a_new_one_signs(folder: KeyFolder, path: Path) -> None:
    """T29: the emergency."""
    leaked = create_signing_key(folder, now=NOW)

    ring = revoke_signing_key(folder, leaked.kid, now=NOW)

    assert ring == folder.read()
    assert [key.kid for key in ring.keys] != [leaked.kid]
    assert ring.current
    assert pem_files(path) == {f"{ring.current.kid}.pem"}


def test_another_process_sees_a_change_at_once(folder: KeyFolder, path: Path) -> None:
    other = KeyFolder(path)
    create_signing_key(folder, now=NOW)
    other.current_key()

    second = create_signing_key(folder, now=NOW)
    rotate_signing_key(folder, now=NOW, is_urgent=True)

    assert thumbprint(other.current_key().public_key()) == second.kid


def test_changes_wait_for_each_other(folder: KeyFolder, path: Path) -> None:
    """Of eight processes that make a key at once two succeed: one signs, one is next."""
    done: list[str] = []

    def create() -> None:
        try:
            done.append(create_signing_key(KeyFolder(path), now=NOW).kid)
        except SigningKeyRefusedError:
            done.append("refused")

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    ring = folder.read()
    assert done.count("refused") == 6
    assert {kid for kid in done if kid != "refused"} == {key.kid for key in ring.keys}
    assert pem_files(path) == {f"{key.kid}.pem" for key in ring.keys}


class _PowerCutError(Exception):
    pass


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("when", ["before", "after"])
def test_crash_at_any_step_leaves_keys_that_sign(
    folder: KeyFolder, path: Path, monkeypatch: pytest.MonkeyPatch, step: int, when: str
) -> None:
    """F13: the private half first, then the state; what was left behind goes with the next change."""
    first = create_signing_key(folder, now=NOW)
    write, writes = key_folder.write_private_file, 0

    def crash(target: Path, content: bytes) -> None:
        nonlocal writes
        writes += 1
        if writes < step or when == "after":
            write(target, content)
        if writes == step:
            raise _PowerCutError

    monkeypatch.setattr(key_folder, "write_private_file", crash)
    with pytest.raises(_PowerCutError):
        create_signing_key(folder, now=NOW)
    monkeypatch.undo()

    assert thumbprint(folder.current_key().public_key()) == first.kid
    if folder.read().next is None:
        create_signing_key(folder, now=NOW)
    rotate_signing_key(folder, now=NOW, is_urgent=True)
    assert pem_files(path) == {f"{folder.read().current.kid}.pem"}


def test_nothing_is_there_before_the_first_key(folder: KeyFolder) -> None:
    assert folder.read().keys == ()
    assert signers_of(folder.read()) == ()
    with pytest.raises(SigningKeyUnavailableError, match="license-service signing create-key"):
        folder.current_key()


def test_files_and_folders_that_others_may_use_are_refused(folder: KeyFolder, path: Path) -> None:
    """T29."""
    key = create_signing_key(folder, now=NOW)
    pem = path / f"{key.kid}.pem"

    pem.chmod(0o640)
    with pytest.raises(SigningKeyUnavailableError, match="chmod 600"):
        folder.current_key()
    pem.chmod(0o600)
    path.chmod(0o770)
    with pytest.raises(SigningKeyUnavailableError, match="chmod 700"):
        folder.read()


def test_symbolic_links_are_refused(folder: KeyFolder, path: Path, tmp_path: Path) -> None:
    key = create_signing_key(folder, now=NOW)
    (path / f"{key.kid}.pem").rename(tmp_path / "elsewhere.pem")
    (path / f"{key.kid}.pem").symlink_to(tmp_path / "elsewhere.pem")

    with pytest.raises(SigningKeyUnavailableError, match="cannot be read"):
        folder.current_key()


def test_missing_wrong_and_strange_private_halves_are_named(folder: KeyFolder, path: Path) -> None:
    key = create_signing_key(folder, now=NOW)
    pem = path / f"{key.kid}.pem"
    other = KeyFolder(path.with_name("other"))
    another = path.with_name("other") / f"{create_signing_key(other, now=NOW).kid}.pem"
    of_another_kind = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    for content, words in (
        (b"nonsense", "not a private key in PEM form"),
        (another.read_bytes(), "not the signing key"),
        (of_another_kind, "not the signing key"),
    ):
        pem.write_bytes(content)
        with pytest.raises(SigningKeyUnavailableError, match=words):
            folder.current_key()
    pem.unlink()
    with pytest.raises(SigningKeyUnavailableError, match="missing"):
        folder.current_key()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"version": 2, "keys": []}', b'{"version": 1}'])
def test_state_that_is_none_is_not_guessed_at(folder: KeyFolder, path: Path, content: bytes) -> None:
    create_signing_key(folder, now=NOW)
    (path / "signing-keys.json").write_bytes(content)

    with pytest.raises(SigningKeyUnavailableError, match="Restore the backup"):
        folder.read()


def test_private_keys_without_their_state_are_not_erased(folder: KeyFolder, path: Path) -> None:
    """T29: the file was lost, or not restored; without it they would be taken for leftovers."""
    create_signing_key(folder, now=NOW)
    files = pem_files(path)
    (path / "signing-keys.json").unlink()

    with pytest.raises(SigningKeyUnavailableError, match="Restore the backup"):
        create_signing_key(folder, now=NOW)
    with pytest.raises(SigningKeyUnavailableError, match="Restore the backup"):
        folder.read()

    assert pem_files(path) == files


def test_state_with_two_current_keys_is_refused(folder: KeyFolder, path: Path) -> None:
    create_signing_key(folder, now=NOW)
    state = json.loads((path / "signing-keys.json").read_text())
    (path / "signing-keys.json").write_text(json.dumps({**state, "keys": state["keys"] * 2}))

    with pytest.raises(SigningKeyUnavailableError, match="contradicts itself"):
        folder.read()


def test_folder_that_is_a_file_is_said_to_be_unusable(folder: KeyFolder, path: Path) -> None:
    path.parent.mkdir()
    path.write_text("")

    for unusable in (folder, KeyFolder(path / "keys")):
        with pytest.raises(SigningKeyUnavailableError, match="cannot be read"):
            unusable.read()
    with pytest.raises(SigningKeyUnavailableError, match="cannot be changed"):
        create_signing_key(folder, now=NOW)


def test_published_keys_hold_no_private_half(folder: KeyFolder) -> None:
    """T32."""
    create_signing_key(folder, now=NOW)

    (member,) = jwk_set(folder.read())["keys"]

    assert set(member) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
    assert thumbprint(signers_of(folder.read())[0]) == member["kid"]
