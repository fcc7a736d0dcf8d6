"""Signing and publishing the update manifest (S1-13, S1-15, T62)."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from license_service.actions.publish_update import publish_signed_update, publish_update
from license_service.actions.sign_update import UpdateDraft, artifact_of, sign_update
from license_service.domain.errors import UpdateError
from license_service.signing.update_key import public_key_set
from license_service.storage.update_folder import UpdateFolder
from wire.token_types import LICENSE_TOKEN_TYPE
from wire.update_manifest import Release, UpdateArtifact

if TYPE_CHECKING:
    from pathlib import Path

    from wire.update_manifest import UpdateManifest

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
ARTIFACT = UpdateArtifact("http://updates.example/tillpass.whl", 3, hashlib.sha256(b"new").hexdigest())
DRAFT = UpdateDraft(Release(1, 4, 0), Release(1, 2, 0), {"any": ARTIFACT}, None, 30)
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def folder(tmp_path: Path) -> UpdateFolder:
    return UpdateFolder(tmp_path / "update")


def publish(folder: UpdateFolder, key: Any = KEY, sequence: int | None = None, **changes: Any) -> UpdateManifest:
    return publish_update(folder, replace(DRAFT, **changes), key, sequence=sequence, now=NOW)


def put(folder: UpdateFolder, sequence: int, key: Any = KEY, now: datetime = NOW) -> UpdateManifest:
    token = sign_update(DRAFT, key, sequence=sequence, now=NOW)
    return publish_signed_update(folder, token, public_key_set([key]), now=now)


def served(folder: UpdateFolder) -> dict[str, Any]:
    payload: dict[str, Any] = jwt.decode(folder.read() or "", options={"verify_signature": False})
    return payload


def test_what_is_published_is_what_was_said(folder: UpdateFolder) -> None:
    """S1-13."""
    manifest = publish(folder, notes_url="https://vendor.example/notes")

    assert (manifest.sequence, manifest.newest_version, manifest.minimum_version) == (1, (1, 4, 0), (1, 2, 0))
    assert (manifest.artifacts, manifest.notes_url) == ({"any": ARTIFACT}, "https://vendor.example/notes")
    assert (manifest.issued_at, manifest.expires_at) == (NOW, NOW + timedelta(days=30))
    assert served(folder)["newest_version"] == "1.4.0"


def test_each_publication_has_the_next_sequence(folder: UpdateFolder) -> None:
    """T62."""
    assert [publish(folder).sequence for _ in range(3)] == [1, 2, 3]
    assert publish(folder, sequence=10).sequence == 10
    assert publish(folder).sequence == 11


@pytest.mark.parametrize("sequence", [4, 5])
def test_a_sequence_that_clients_would_refuse_is_not_published(folder: UpdateFolder, sequence: int) -> None:
    """T62: the same number again would be two manifests of one sequence."""
    publish(folder, sequence=5)

    with pytest.raises(UpdateError, match=f"has the sequence 5: {sequence} would be refused"):
        publish(folder, sequence=sequence, newest_version=Release(1, 5, 0))
    assert served(folder)["sequence"] == 5


def test_after_a_change_of_keys_the_sequence_must_be_given(folder: UpdateFolder) -> None:
    """T62: whoever may write to the folder, but not sign, cannot make us sign the highest sequence of all."""
    publish(folder, OTHER_KEY, sequence=2**53 - 2)

    with pytest.raises(UpdateError, match="signed by another key: give --sequence"):
        publish(folder)
    assert publish(folder, sequence=8).sequence == 8
    assert publish(folder).sequence == 9


def test_what_was_signed_elsewhere_is_published(folder: UpdateFolder) -> None:
    """The key is on another machine."""
    assert put(folder, 3).sequence == 3
    assert put(folder, 4).sequence == 4
    with pytest.raises(UpdateError, match="would be refused"):
        put(folder, 3)


def test_putting_the_same_manifest_again_changes_nothing(folder: UpdateFolder) -> None:
    put(folder, 3)
    assert put(folder, 3).sequence == 3


def test_what_no_client_would_believe_is_not_put_in_place(folder: UpdateFolder) -> None:
    """T62: another key, an expired one, and a license token of the same key."""
    token = sign_update(DRAFT, KEY, sequence=1, now=NOW)
    license_token = jwt.encode({"sub": "x"}, KEY, algorithm="ES256", headers={"typ": LICENSE_TOKEN_TYPE, "kid": "k"})

    with pytest.raises(UpdateError, match="key that its issuer does not publish"):
        publish_signed_update(folder, token, public_key_set([OTHER_KEY]), now=NOW)
    with pytest.raises(UpdateError, match="expired"):
        put(folder, 1, now=NOW + timedelta(days=31))
    with pytest.raises(UpdateError, match="not of type"):
        publish_signed_update(folder, license_token, public_key_set([KEY]), now=NOW)
    with pytest.raises(UpdateError, match="not a JWK Set"):
        publish_signed_update(folder, token, ["x"], now=NOW)
    assert folder.read() is None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"valid_days": 0}, "1 to 366 days"),
        ({"valid_days": 367}, "1 to 366 days"),
        ({"minimum_version": Release(2, 0, 0)}, "minimum_version"),
        ({"notes_url": "ftp://x"}, "notes_url"),
        ({"artifacts": {"Any Thing": ARTIFACT}}, "artifacts"),
    ],
    ids=str,
)
def test_what_no_client_would_take_is_not_signed(folder: UpdateFolder, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(UpdateError, match=named):
        publish(folder, **changes)
    assert folder.read() is None


def test_a_manifest_that_is_too_long_is_not_signed() -> None:
    many = {f"p{n}": replace(ARTIFACT, url=f"http://a.example/{'ä' * 900}") for n in range(32)}

    with pytest.raises(UpdateError, match="too long"):
        sign_update(replace(DRAFT, artifacts=many), KEY, sequence=1, now=NOW)


def test_a_broken_file_is_replaced_once_the_sequence_is_said(folder: UpdateFolder, tmp_path: Path) -> None:
    publish(folder)
    (tmp_path / "update" / "update-manifest.jwt").write_bytes(b"\xff")

    with pytest.raises(UpdateError, match="is no update manifest"):
        publish(folder)
    assert publish(folder, sequence=2).sequence == 2
    assert served(folder)["sequence"] == 2


def test_publishers_at_once_use_no_sequence_twice(folder: UpdateFolder) -> None:
    """One waits for the other, or two manifests of one sequence would be out."""
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(publish(folder).sequence)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == list(range(1, 9))
    assert served(folder)["sequence"] == 8


def test_an_artifact_is_described_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"new")

    assert artifact_of(tmp_path / "new", ARTIFACT.url) == ARTIFACT
    with pytest.raises(UpdateError, match="cannot be read"):
        artifact_of(tmp_path / "absent", ARTIFACT.url)
