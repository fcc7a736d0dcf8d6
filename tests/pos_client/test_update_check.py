"""Is there an update? What is believed of a manifest that came over plain HTTP (S1-13, S1-15, T62)."""

from __future__ import annotations

import hashlib
import platform
import stat
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from pos_client.clock_guard import ClockMark
from pos_client.errors import StateError, UpdateRefusedError
from pos_client.stored_state import StoredState
from pos_client.token_store import UPDATE_MANIFEST_NAME, TokenStore
from pos_client.trusted_keys import TrustedKeys
from pos_client.update_check import (
    ManifestSource,
    UpdateCheck,
    UpdateStatus,
    installed_version,
    verify_artifact,
)
from wire.update_manifest import UpdateArtifact

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.pos_client.clock import Clock
    from tests.pos_client.update_simulator import UpdateSimulator
    from wire.http_client import HttpClient

ISSUER = "https://auth.example"
ARTIFACT = {"url": "http://updates.example/new.whl", "size": 3, "sha256": hashlib.sha256(b"new").hexdigest()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def make(updates: UpdateSimulator, folder: Path, clock: Clock, http: HttpClient) -> Callable[..., UpdateCheck]:
    """Put an update check together, as each start of a process does."""

    def made(running: str = "1.2.0", url: str = "", key_set: dict[str, Any] | None = None) -> UpdateCheck:
        keys = TrustedKeys(key_set or updates.key_set())
        store = TokenStore(folder, ISSUER, wait=clock.wait)
        return UpdateCheck(
            ManifestSource(http, url or updates.url, keys), store, folder, running=running, now=clock.now
        )

    return made


def cannot_tell(check: UpdateCheck) -> str:
    state = check.check()
    assert (state.status, state.manifest, state.artifact, state.is_supported) == (
        UpdateStatus.CANNOT_TELL,
        None,
        None,
        None,
    )
    return state.reason or ""


def sequence_held(check: UpdateCheck) -> int | None:
    held = check._held()
    return None if held is None else held.sequence


@pytest.mark.parametrize(
    ("running", "status", "supported"),
    [
        ("1.0.9", UpdateStatus.UPDATE_AVAILABLE, "no"),
        ("1.1.0", UpdateStatus.UPDATE_AVAILABLE, "yes"),
        ("1.3.99", UpdateStatus.UPDATE_AVAILABLE, "yes"),
        ("1.4.0", UpdateStatus.UP_TO_DATE, "yes"),
        ("1.10.0", UpdateStatus.UP_TO_DATE, "yes"),
    ],
)
def test_it_is_told_from_what_the_vendor_signed(
    make: Callable[..., UpdateCheck],
    updates: UpdateSimulator,
    running: str,
    status: UpdateStatus,
    supported: str,
) -> None:
    """S1-13."""
    updates.publish(1)
    state = make(running).check()

    assert (state.status, state.is_supported, state.reason) == (status, supported == "yes", None)
    assert state.manifest is not None
    assert str(state.manifest.newest_version) == "1.4.0"


def test_it_is_known_afterwards_without_asking(make: Callable[..., UpdateCheck], updates: UpdateSimulator) -> None:
    updates.publish(1)
    found = make().check()

    assert make().known() == found
    assert len(updates.asked) == 1


def test_before_the_first_manifest_nothing_is_known(make: Callable[..., UpdateCheck]) -> None:
    state = make().known()

    assert (state.status, state.reason) == (
        UpdateStatus.CANNOT_TELL,
        "The update service has not answered yet. It is asked soon after the start, and then every day.",
    )


def test_nothing_is_said_of_this_server_to_the_update_service(
    make: Callable[..., UpdateCheck], updates: UpdateSimulator
) -> None:
    """What travels in clear text names neither version nor server."""
    updates.publish(1)
    make().check()

    [sent] = updates.asked
    assert sent["path"] == "/update-manifest"
    assert {name.lower() for name in sent} <= {"path", "host", "accept", "accept-encoding", "user-agent"}
    assert "1.2.0" not in str(sent)


# --- tampering ---------------------------------------------------------------------------------------------------


def test_every_changed_letter_is_refused(make: Callable[..., UpdateCheck], updates: UpdateSimulator) -> None:
    """T62: in header, payload and signature."""
    text = updates.publish(1)
    check = make()
    for at in range(0, len(text), 37):
        updates.body = (text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]).encode()
        assert "update manifest" in cannot_tell(check)

    assert sequence_held(check) is None


def test_manifest_under_another_key_is_refused(make: Callable[..., UpdateCheck], updates: UpdateSimulator) -> None:
    """T62: one that is not pinned, under its own name or under ours."""
    header = updates.forge.header("update-manifest+jwt")
    payload = updates.manifest(1).split(".")[1]
    other = ec.generate_private_key(ec.SECP256R1())
    forged = updates.forge.signing_input(header, b"").decode() + payload
    signature = updates.forge.signature(forged.encode(), other)
    updates.body = updates.forge.compact(forged.encode(), signature).encode()
    assert "signature is wrong" in cannot_tell(make())

    updates.publish(1, kid=updates.forge.issuer.other_kid)
    assert "no update manifest to be believed" in cannot_tell(make())


@pytest.mark.parametrize("typ", ["JWT", "license+jwt", "at+jwt", "statuslist+jwt"])
def test_another_type_of_the_same_key_is_refused(
    make: Callable[..., UpdateCheck], updates: UpdateSimulator, typ: str
) -> None:
    """T21, T62."""
    updates.publish(1, typ=typ)

    assert "not of type update-manifest+jwt" in cannot_tell(make())


@pytest.mark.parametrize("kept", [0, 1, 100, -1])
def test_truncated_manifest_is_refused(make: Callable[..., UpdateCheck], updates: UpdateSimulator, kept: int) -> None:
    """T62."""
    updates.body = updates.publish(1).encode()[:kept]

    assert cannot_tell(make())


def test_connection_that_breaks_off_is_no_answer(make: Callable[..., UpdateCheck], updates: UpdateSimulator) -> None:
    updates.publish(1)
    updates.headers = {"Content-Length": str(len(updates.body) + 1)}

    assert "No answer from http://127.0.0.1" in cannot_tell(make())


@pytest.mark.parametrize("size", [64 * 1024 + 1, 1024 * 1024], ids=["too long", "more than is read"])
def test_huge_manifest_is_refused(make: Callable[..., UpdateCheck], updates: UpdateSimulator, size: int) -> None:
    """T62: endless data."""
    updates.body = b"a" * size

    assert "too l" in cannot_tell(make())


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {"Content-Type": "text/html"}, b"<html>Sign in to the Wi-Fi</html>"),
        (200, {}, b"\xff\xfe"),
        (302, {"Location": "http://elsewhere.example/"}, b""),
        (304, {}, b""),
        (404, {}, b"{}"),
        (503, {}, b""),
    ],
    ids=str,
)
def test_whatever_else_answers_tells_nothing(
    make: Callable[..., UpdateCheck], updates: UpdateSimulator, status: int, headers: dict[str, str], body: bytes
) -> None:
    """F46: a captive portal, a redirect, an error."""
    updates.status, updates.headers, updates.body = status, headers, body

    assert cannot_tell(make())


def test_nobody_answering_tells_nothing(make: Callable[..., UpdateCheck]) -> None:
    assert cannot_tell(make(url="http://127.0.0.1:9/update-manifest")) == "No answer from http://127.0.0.1:9."


# --- rollback and freeze -----------------------------------------------------------------------------------------


def test_older_manifest_than_one_seen_is_refused(make: Callable[..., UpdateCheck], updates: UpdateSimulator) -> None:
    """T62: rolled back, also after a restart; what was known stays."""
    updates.publish(8)
    make().check()
    updates.publish(7, newest_version="1.2.0")

    assert cannot_tell(make()) == ("The update service gave an older manifest (sequence 7) than one seen before (8).")
    assert make().known().status is UpdateStatus.UPDATE_AVAILABLE
    assert sequence_held(make()) == 8


def test_newer_manifest_takes_the_place(make: Callable[..., UpdateCheck], updates: UpdateSimulator) -> None:
    updates.publish(8)
    make("1.4.0").check()
    updates.publish(9, newest_version="1.5.0")

    assert make("1.4.0").check().status is UpdateStatus.UPDATE_AVAILABLE
    assert sequence_held(make()) == 9


def test_two_manifests_of_one_sequence_are_told(make: Callable[..., UpdateCheck], updates: UpdateSimulator) -> None:
    """T62: nobody chooses between them."""
    updates.publish(8)
    assert make().check() == make().check()
    updates.publish(8, newest_version="1.2.0")

    assert "two manifests of one sequence (8)" in cannot_tell(make())


def test_the_same_manifest_for_ever_is_told_once_it_has_expired(
    make: Callable[..., UpdateCheck], updates: UpdateSimulator, clock: Clock
) -> None:
    """T62: a freeze is "cannot tell", never "up to date"; also of what is held."""
    updates.publish(1, newest_version="1.2.0")
    assert make().check().status is UpdateStatus.UP_TO_DATE
    clock.advance(days=30)

    assert "The update manifest expired at 2026-12-21" in cannot_tell(make())
    assert make().known().status is UpdateStatus.CANNOT_TELL


def test_an_expired_manifest_still_raises_the_floor(
    make: Callable[..., UpdateCheck], updates: UpdateSimulator, clock: Clock
) -> None:
    """T62: what is older than anything the vendor ever signed later is not believed again."""
    late = updates.manifest(9)
    clock.advance(days=31)
    updates.body = late.encode()
    assert "expired" in cannot_tell(make())
    updates.publish(5)

    assert "older manifest (sequence 5)" in cannot_tell(make())


def test_clock_set_back_does_not_revive_a_manifest(
    make: Callable[..., UpdateCheck], updates: UpdateSimulator, folder: Path, clock: Clock
) -> None:
    """T60, T62: the highest time known from the license counts."""
    updates.publish(1)
    known = clock.now() + timedelta(days=31)
    store = TokenStore(folder, ISSUER, wait=clock.wait)
    with store.locked() as file:
        file.save(StoredState(issuer=ISSUER, clock=ClockMark(known)))

    assert "expired" in cannot_tell(make())


def test_clock_that_is_years_behind_tells_nothing(
    make: Callable[..., UpdateCheck], updates: UpdateSimulator, clock: Clock
) -> None:
    """T62: on such a clock nothing ever expires."""
    updates.publish(1)
    clock.off = datetime(2020, 1, 1, tzinfo=clock.now().tzinfo) - clock.now()

    assert "later than the time here" in cannot_tell(make())


def test_key_that_is_pinned_no_more_takes_its_floor_with_it(
    make: Callable[..., UpdateCheck], updates: UpdateSimulator
) -> None:
    """T62: a stolen key's highest sequence does not lock updates out for ever."""
    issuer = updates.forge.issuer
    updates.publish(2**53 - 1)
    make().check()
    replaced = {"keys": [issuer.public_member(issuer.other_kid)]}
    assert make(key_set=replaced).known().status is UpdateStatus.CANNOT_TELL
    updates.publish(3, kid=issuer.other_kid)

    assert make(key_set=replaced).check().status is UpdateStatus.UPDATE_AVAILABLE


def test_both_keys_are_good_while_they_change(make: Callable[..., UpdateCheck], updates: UpdateSimulator) -> None:
    issuer = updates.forge.issuer
    check = make(key_set=issuer.key_set())
    updates.publish(3)
    assert check.check().manifest is not None
    updates.publish(2, kid=issuer.other_kid)
    assert "older" in cannot_tell(check)
    updates.publish(4, kid=issuer.other_kid)

    assert check.check().manifest is not None


# --- what is kept ------------------------------------------------------------------------------------------------


def test_what_is_kept_is_for_its_owner_alone(
    make: Callable[..., UpdateCheck], updates: UpdateSimulator, folder: Path
) -> None:
    """T57."""
    text = updates.publish(1)
    make().check()

    path = folder / UPDATE_MANIFEST_NAME
    assert path.read_text() == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"\xff", b"nonsense", b"a" * 10**6])
def test_what_is_kept_and_broken_is_as_nothing(
    make: Callable[..., UpdateCheck], updates: UpdateSimulator, folder: Path, content: bytes
) -> None:
    check = make()
    (folder / UPDATE_MANIFEST_NAME).write_bytes(content)
    assert check.known().status is UpdateStatus.CANNOT_TELL
    updates.publish(1)

    assert check.check().status is UpdateStatus.UPDATE_AVAILABLE
    assert sequence_held(check) == 1


def test_folder_that_cannot_be_written_is_told(
    make: Callable[..., UpdateCheck], updates: UpdateSimulator, folder: Path
) -> None:
    """F22: nothing is said on a floor that is not kept."""
    check = make()
    (folder / UPDATE_MANIFEST_NAME).mkdir()
    updates.publish(1)

    with pytest.raises(StateError):
        check.check()


# --- versions and files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("running", ["unknown", "1.3.0rc1", "1.3"])
def test_version_that_is_no_release_cannot_be_compared(
    make: Callable[..., UpdateCheck], updates: UpdateSimulator, running: str
) -> None:
    updates.publish(1)

    assert "none of a release" in cannot_tell(make(running))


def test_installed_version_is_a_release_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed_version().count(".") == 2
    monkeypatch.setattr("pos_client.update_check.DISTRIBUTION", "not-installed-anywhere")
    assert installed_version() == "unknown"


def test_file_for_this_machine_is_the_closest_that_is_named(
    make: Callable[..., UpdateCheck], updates: UpdateSimulator
) -> None:
    own = f"{sys.platform}-{platform.machine().lower()}"
    for sequence, names in enumerate(((), ("plan9",), ("any",), ("any", sys.platform), ("any", sys.platform, own)), 1):
        artifacts = {name: {**ARTIFACT, "url": f"http://updates.example/{name}"} for name in names}
        updates.publish(sequence, artifacts=artifacts)
        found = make().check().artifact
        wanted = names[-1] if names and names != ("plan9",) else None

        assert (found and found.url) == (wanted and f"http://updates.example/{wanted}")


def test_file_that_was_downloaded_is_verified(tmp_path: Path) -> None:
    """S1-15, T62."""
    artifact = UpdateArtifact(**ARTIFACT)
    path = tmp_path / "new.whl"
    path.write_bytes(b"new")
    verify_artifact(path, artifact)

    for content, said in ((b"nEw", "SHA-256 is another"), (b"news", "another size"), (b"", "another size")):
        path.write_bytes(content)
        with pytest.raises(UpdateRefusedError, match=said):
            verify_artifact(path, artifact)
    with pytest.raises(UpdateRefusedError, match="cannot be read"):
        verify_artifact(tmp_path / "absent", artifact)
    with pytest.raises(UpdateRefusedError, match="another size"):
        verify_artifact(tmp_path, artifact)
