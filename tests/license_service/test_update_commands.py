"""The commands of `license-service update`."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from license_service.cli import main
from license_service.storage.update_folder import UpdateFolder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def key_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Give the key; what clients pin lies beside it."""
    assert main(["update", "create-key", "--key-file", str(tmp_path / "key.pem")], {}) == 0
    (tmp_path / "keys.json").write_text(capsys.readouterr().out)
    return tmp_path / "key.pem"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"LICENSE_UPDATE_FOLDER": str(tmp_path / "served")}


def draft(key_file: Path, *more: str) -> list[str]:
    return ["--key-file", str(key_file), "--version", "1.4.0", *more]


def test_a_manifest_is_signed_and_published(
    key_file: Path, environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """S1-13."""
    (tmp_path / "new.whl").write_bytes(b"new")
    artifact = ["--artifact", "any", str(tmp_path / "new.whl"), "http://updates.example/new.whl"]
    more = [*artifact, "--minimum-version", "1.2.0", "--notes-url", "https://vendor.example/notes", "--days", "7"]

    assert main(["update", "publish", *draft(key_file, *more)], environ) == 0
    assert main(["update", "publish", *draft(key_file)], environ) == 0
    first, file, second = capsys.readouterr().out.splitlines()
    assert first.startswith("version 1.4.0, sequence 1, supported from 1.2.0, good until ")
    assert file.split() == ["any", "3", "bytes", hashlib.sha256(b"new").hexdigest(), "http://updates.example/new.whl"]
    assert second.startswith("version 1.4.0, sequence 2, supported from 0.0.0, good until ")


def test_signing_needs_no_settings_and_putting_no_private_key(
    key_file: Path, environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """T62: the key never comes to the machine that serves."""
    assert main(["update", "sign", *draft(key_file, "--sequence", "5")], {}) == 0
    (tmp_path / "signed.jwt").write_text(capsys.readouterr().out)
    key_file.unlink()
    put = ["update", "put", str(tmp_path / "signed.jwt"), "--keys", str(tmp_path / "keys.json")]

    assert main(put, environ) == 0
    assert "sequence 5" in capsys.readouterr().out
    assert UpdateFolder(tmp_path / "served").read() == (tmp_path / "signed.jwt").read_text().strip()


def test_what_is_served_is_shown_as_clients_see_it(
    key_file: Path, environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that the signing machine knows the sequence."""
    show = ["update", "show", "--keys", str(tmp_path / "keys.json"), "--json"]
    assert main(show, environ) == 1
    assert "No update manifest has been published yet." in capsys.readouterr().err
    assert main(["update", "publish", *draft(key_file, "--json")], environ) == 0
    published = json.loads(capsys.readouterr().out)

    assert main(show, environ) == 0
    assert main([*show, str(tmp_path / "served" / "update-manifest.jwt")], {}) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [published, published]
    assert (published["sequence"], published["newest_version"]) == (1, "1.4.0")


def test_what_clients_pin_can_be_of_two_keys(
    key_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For a change of keys: clients learn the next one before it signs."""
    assert main(["update", "create-key", "--key-file", str(tmp_path / "next.pem")], {}) == 0
    capsys.readouterr()
    both = ["--key-file", str(key_file), "--key-file", str(tmp_path / "next.pem")]

    assert main(["update", "public-keys", *both], {}) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["keys"][0] == json.loads((tmp_path / "keys.json").read_text())["keys"][0]
    assert len(printed["keys"]) == 2


@pytest.mark.parametrize("verb", ["publish", "put"])
def test_the_folder_must_be_set(key_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    given: dict[str, Any] = {
        "publish": draft(key_file),
        "put": [str(tmp_path / "signed.jwt"), "--keys", str(tmp_path / "keys.json")],
    }

    for environ in ({}, {"LICENSE_UPDATE_FOLDER": "relative"}):
        assert main(["update", verb, *given[verb]], environ) == 1
        assert "LICENSE_UPDATE_FOLDER" in capsys.readouterr().err


def test_faults_are_said_in_a_sentence(
    key_file: Path, environ: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "no.json").write_text("nonsense")
    (tmp_path / "no.jwt").write_text("nonsense")
    (tmp_path / "no.text").write_bytes(b"\xff")
    artifact = ["--artifact", "any", str(key_file), "http://updates.example/new.whl"]
    no_jwt, keys = str(tmp_path / "no.jwt"), str(tmp_path / "keys.json")
    faults = {
        "Name each platform once.": ["publish", *draft(key_file, *artifact, *artifact)],
        "is there already": ["create-key", "--key-file", str(key_file)],
        "is not a private key": ["public-keys", "--key-file", written(tmp_path / "no.pem")],
        "is not JSON": ["put", no_jwt, "--keys", str(tmp_path / "no.json")],
        "This is no update manifest": ["put", no_jwt, "--keys", keys],
        "cannot be read": ["put", str(tmp_path / "absent"), "--keys", keys],
        "is not what it should be": ["put", str(tmp_path / "no.text"), "--keys", keys],
        "1 to 366 days": ["publish", *draft(key_file, "--days", "0")],
    }

    for said, argv in faults.items():
        assert main(["update", *argv], environ) == 1
        assert said in capsys.readouterr().err


def written(path: Path) -> str:
    path.write_text("nonsense")
    path.chmod(0o600)
    return str(path)


@pytest.mark.parametrize("version", ["1.4", "v1.4.0", "newest"])
def test_what_is_no_release_is_wrong_usage(key_file: Path, version: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["update", "sign", "--key-file", str(key_file), "--version", version, "--sequence", "1"], {})

    assert ended.value.code == 2
    assert "such as 1.4.0" in capsys.readouterr().err
