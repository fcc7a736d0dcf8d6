"""Where the signing keys lie: modes, links, broken files, the older layout (T29)."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from auth_service.actions.create_signing_key import create_signing_key
from auth_service.actions.rotate_signing_keys import rotate_signing_keys
from auth_service.domain.errors import SettingsError
from auth_service.tokens.key_vault import KeyVault
from auth_service.tokens.public_jwk import thumbprint_of
from tests.doubles.key_vaults import NOW, states, write_pem

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def vault(folder: Path) -> KeyVault:
    vault = KeyVault(folder)
    create_signing_key(vault, now=NOW)
    return vault


def _pem(folder: Path) -> Path:
    [path] = folder.glob("*.pem")
    return path


def test_everything_in_the_folder_is_for_its_owner_alone(folder: Path, vault: KeyVault) -> None:
    """T29."""
    kid = vault.read().keys[0].kid

    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in folder.iterdir()} == {f"{kid}.pem", "signing-keys.json", "signing-keys.lock"}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_the_state_names_no_secret(folder: Path, vault: KeyVault) -> None:
    """T29, T32: it holds what the JWK Set says, and where the private half lies."""
    state = (folder / "signing-keys.json").read_text()

    assert "PRIVATE" not in state
    assert set(json.loads(state)["keys"][0]) == {
        "kid",
        "x",
        "y",
        "handle",
        "state",
        "published_at",
        "signs_from",
        "retired_at",
    }


@pytest.mark.parametrize("name", ["signing-keys.json", "*.pem"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610])
def test_a_file_that_others_may_use_is_refused(folder: Path, vault: KeyVault, name: str, mode: int) -> None:
    """T29."""
    [path] = folder.glob(name)
    path.chmod(mode)

    with pytest.raises(SettingsError, match="chmod 600"):
        KeyVault(folder).load(KeyVault(folder).read().keys[0])


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o1777])
def test_a_folder_that_others_may_write_in_is_refused(folder: Path, vault: KeyVault, mode: int) -> None:
    """T29: who may write there may replace the state."""
    folder.chmod(mode)

    with pytest.raises(SettingsError, match="chmod 700"):
        KeyVault(folder).read()


@pytest.mark.parametrize("name", ["signing-keys.json", "*.pem"])
def test_a_symbolic_link_is_refused(folder: Path, vault: KeyVault, tmp_path: Path, name: str) -> None:
    """T29: a link can be pointed elsewhere by whoever owns the place that it points to."""
    [path] = folder.glob(name)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(SettingsError, match="symbolic link"):
        KeyVault(folder).load(KeyVault(folder).read().keys[0])


def test_a_link_in_the_place_of_the_unfinished_file_is_not_followed(
    folder: Path, vault: KeyVault, tmp_path: Path
) -> None:
    """T29."""
    (folder / "signing-keys.json.new").symlink_to(tmp_path / "victim")

    with pytest.raises(SettingsError, match="cannot be changed"):
        create_signing_key(vault, now=NOW)

    assert not (tmp_path / "victim").exists()


def test_what_is_no_file_is_refused(folder: Path, vault: KeyVault) -> None:
    (folder / "signing-keys.json").unlink()
    os.mkfifo(folder / "signing-keys.json", 0o600)

    with pytest.raises(SettingsError, match="not a file"):
        KeyVault(folder).read()


@pytest.mark.parametrize(
    "content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_a_file_that_is_no_key_is_named_and_not_shown(folder: Path, vault: KeyVault, content: bytes) -> None:
    """T29."""
    path = _pem(folder)
    path.write_bytes(content)

    with pytest.raises(SettingsError, match=path.name) as refused:
        vault.load(vault.read().keys[0])

    assert "AAAA" not in str(refused.value)


def test_a_missing_key_is_named(folder: Path, vault: KeyVault) -> None:
    _pem(folder).unlink()

    with pytest.raises(SettingsError, match="missing"):
        vault.load(vault.read().keys[0])


def test_a_key_of_another_curve_is_refused(folder: Path, vault: KeyVault) -> None:
    """T19: one algorithm (RFC 8725 §3.1)."""
    write_pem(_pem(folder), ec.SECP384R1())

    with pytest.raises(SettingsError, match="P-256"):
        vault.load(vault.read().keys[0])


def test_a_key_that_was_exchanged_is_refused(folder: Path, vault: KeyVault) -> None:
    """T29: it would sign under a kid that verifiers have another key for."""
    write_pem(_pem(folder))

    with pytest.raises(SettingsError, match="is not the signing key"):
        vault.load(vault.read().keys[0])


def test_an_erased_key_and_a_key_of_an_unknown_token_are_refused(vault: KeyVault) -> None:
    key = vault.read().keys[0]

    with pytest.raises(SettingsError, match="erased"):
        vault.load(replace(key, handle=None))
    with pytest.raises(SettingsError, match="AUTH_PKCS11_MODULE"):
        vault.load(replace(key, handle="pkcs11:00"))


@pytest.mark.parametrize("handle", ["../elsewhere.pem", "/etc/passwd", "signing-keys.json"])
def test_a_handle_leads_nowhere_else(vault: KeyVault, handle: str) -> None:
    """T29: a state that was tampered with deletes and reads nothing outside."""
    key = vault.read().keys[0]

    with pytest.raises(SettingsError, match="no PEM file"):
        vault.load(replace(key, handle=handle))
    with pytest.raises(SettingsError, match="no PEM file"):
        vault.store_of(handle).erase(handle)


def _broken_states() -> dict[str, str]:
    key = {
        "kid": thumbprint_of("A" * 43, "A" * 43),
        "x": "A" * 43,
        "y": "A" * 43,
        "handle": None,
        "state": "current",
        "published_at": "2027-01-01T00:00:00+00:00",
        "signs_from": None,
        "retired_at": None,
    }
    whole = {"version": 1, "keys": [key], "to_erase": []}
    return {
        "empty": "",
        "half": json.dumps(whole)[:40],
        "a list": "[]",
        "too deep": "[" * 100_000,
        "another version": json.dumps({**whole, "version": 2}),
        "a naive instant": json.dumps({**whole, "keys": [{**key, "published_at": "2027-01-01T00:00:00"}]}),
        "an unknown state": json.dumps({**whole, "keys": [{**key, "state": "old"}]}),
        "a kid of another key": json.dumps({**whole, "keys": [{**key, "kid": "a"}]}),
        "no coordinates": json.dumps({**whole, "keys": [{**key, "x": "../"}]}),
        "twice the same key": json.dumps({**whole, "keys": [key, {**key, "state": "retired"}]}),
    }


@pytest.mark.parametrize("kind", _broken_states())
def test_a_state_that_is_broken_is_not_guessed(folder: Path, vault: KeyVault, kind: str) -> None:
    """T29: a guess could let a revoked key sign again."""
    (folder / "signing-keys.json").write_text(_broken_states()[kind])

    with pytest.raises(SettingsError, match=r"signing-keys\.json .*backup"):
        KeyVault(folder).read()


def test_two_keys_that_both_sign_are_a_contradiction(folder: Path, vault: KeyVault) -> None:
    create_signing_key(vault, now=NOW)
    path = folder / "signing-keys.json"
    path.write_text(path.read_text().replace('"next"', '"current"'))

    with pytest.raises(SettingsError, match="contradicts itself"):
        KeyVault(folder).read()


@pytest.fixture
def older(folder: Path) -> KeyVault:
    """Give a folder from before the state was kept: three keys, of which the newest signs."""
    folder.mkdir(mode=0o700)
    for day, name in enumerate(["first", "second", "third"], start=1):
        write_pem(folder / f"{name}.pem")
        os.utime(folder / f"{name}.pem", (day * 86400, day * 86400))
    return KeyVault(folder)


def test_an_older_folder_is_read_as_it_was_meant_and_left_as_it_is(folder: Path, older: KeyVault) -> None:
    """T30: also where the folder cannot be written."""
    before = sorted(folder.iterdir())

    ring = older.read()

    assert ring.current is not None
    assert ring.current.handle == "third.pem"
    assert [key.state.value for key in ring.keys] == ["retired", "retired", "current"]
    assert older.read() == ring
    assert older.load(ring.current)
    assert sorted(folder.iterdir()) == before


def test_an_older_folder_gets_its_state_with_the_first_change(folder: Path, older: KeyVault) -> None:
    """T30: its older keys stay published for as long as if they had signed until now."""
    assert rotate_signing_keys(older, rotation_days=0, now=NOW) == ()

    ring = KeyVault(folder).read()
    assert older.is_recorded
    assert [(key.handle, key.retired_at) for key in ring.keys] == [
        ("first.pem", NOW),
        ("second.pem", NOW),
        ("third.pem", None),
    ]


def test_a_file_of_an_older_folder_that_is_a_link_is_refused(folder: Path, older: KeyVault, tmp_path: Path) -> None:
    """T29."""
    (folder / "first.pem").rename(tmp_path / "first.pem")
    (folder / "first.pem").symlink_to(tmp_path / "first.pem")

    with pytest.raises(SettingsError, match="symbolic link"):
        older.read()


def test_a_folder_that_cannot_be_written_says_so_and_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file is in the way")

    with pytest.raises(SettingsError, match="cannot be"):
        create_signing_key(KeyVault(tmp_path / "keys"), now=NOW)


def test_what_cannot_be_erased_is_out_of_use_and_tried_again(
    folder: Path, vault: KeyVault, caplog: pytest.LogCaptureFixture
) -> None:
    """T29."""
    kid = create_signing_key(vault, now=NOW)[0].kid
    blocked = folder / f"{kid}.pem"
    blocked.unlink()
    blocked.mkdir()
    with vault.changing(NOW) as change:
        change.commit(change.ring.without({kid}))

    assert kid not in states(vault)
    assert vault.read().to_erase == (f"{kid}.pem",)
    assert "cannot be erased" in caplog.text

    blocked.rmdir()
    rotate_signing_keys(vault, rotation_days=0, now=NOW)
    assert vault.read().to_erase == ()
