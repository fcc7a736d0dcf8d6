"""Is there a newer version of this software? Told by the vendor's signed manifest, and by nothing else (S1-13, T62).

Nothing is downloaded or installed. The answer is one of three, and doubt is never told as "up to date":

- `update available` and `up to date`, by a manifest that a pinned key has signed, that is no older than any seen before
  and that has not expired by the guarded clock;
- `cannot tell`, with the reason, in every other case.

The newest manifest seen is kept as it came and verified anew whenever it is read, so that its sequence is a floor for
what comes next. A key that is no longer pinned takes its manifest with it, and the floor: a stolen key that signed the
highest sequence of all does not lock updates out for ever.
"""

from __future__ import annotations

import hashlib
import platform
import stat
import sys
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from typing import TYPE_CHECKING, Final

from pos_client.clock_guard import read_clock
from pos_client.errors import UpdateRefusedError
from pos_client.private_file import read_private_file, write_private_file
from pos_client.token_store import UPDATE_MANIFEST_NAME
from wire.errors import WireError
from wire.update_manifest import (
    ANY_PLATFORM,
    LONGEST_UPDATE_MANIFEST,
    UPDATE_MANIFEST_MEDIA_TYPE,
    Release,
    read_update_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from pos_client.token_store import TokenStore
    from wire.http_client import HttpClient
    from wire.jwks import KeySource
    from wire.update_manifest import UpdateArtifact, UpdateManifest

DISTRIBUTION: Final = "tillpass"


class UpdateStatus(Enum):
    """What is to be said of updates."""

    UPDATE_AVAILABLE = "update_available"
    UP_TO_DATE = "up_to_date"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class UpdateState:
    """`manifest` is there unless it cannot be told; then `reason` says why."""

    status: UpdateStatus
    running: str
    manifest: UpdateManifest | None = None
    reason: str | None = None
    is_supported: bool | None = None

    @property
    def artifact(self) -> UpdateArtifact | None:
        """The file for this machine, if the vendor names one."""
        return artifact_for_this_machine(self.manifest) if self.manifest is not None else None


@dataclass(frozen=True, slots=True)
class ManifestSource:
    """Where manifests come from, and the pinned keys that alone may sign them."""

    http: HttpClient
    url: str
    keys: KeySource

    def fetch(self) -> tuple[str, UpdateManifest]:
        """Give the manifest as it came, and as it reads. Raises WireError's kinds, or UpdateRefusedError."""
        answer = self.http.get(self.url, headers={"Accept": UPDATE_MANIFEST_MEDIA_TYPE})
        if answer.status != 200:
            raise UpdateRefusedError(f"The update service answered with status {answer.status}.")
        # What is no ASCII becomes signs that no token has, and is refused as what it is.
        token = answer.body.decode("ascii", errors="replace")
        return token, read_update_manifest(token, self.keys)


class UpdateCheck:
    """Fetches, verifies and keeps the manifest, and says what it means for the version that runs here."""

    def __init__(
        self, source: ManifestSource, store: TokenStore, folder: Path, *, running: str, now: Callable[[], datetime]
    ) -> None:
        self._source = source
        self._store = store
        self._path = folder / UPDATE_MANIFEST_NAME
        self._running = running
        self._now = now

    def check(self) -> UpdateState:
        """Ask the update service. Raises StateError."""
        try:
            # Without the lock: whoever answers slowly must not hold up the license.
            token, manifest = self._source.fetch()
            with self._store.locked():
                self._keep(token, manifest)
            return self._judged(manifest)
        except (WireError, UpdateRefusedError) as fault:
            return self._cannot_tell(str(fault))

    def known(self) -> UpdateState:
        """Say what is known without asking anybody. Raises StateError."""
        held = self._held()
        if held is None:
            return self._cannot_tell(
                "The update service has not answered yet. It is asked soon after the start, and then every day."
            )
        try:
            return self._judged(held)
        except WireError as fault:
            return self._cannot_tell(str(fault))

    def _keep(self, token: str, manifest: UpdateManifest) -> None:
        held = self._held()
        if held is not None and manifest.sequence < held.sequence:
            raise UpdateRefusedError(
                f"The update service gave an older manifest (sequence {manifest.sequence}) than one seen before "
                f"({held.sequence})."
            )
        if held is not None and manifest.sequence == held.sequence and manifest != held:
            raise UpdateRefusedError(f"The update service gave two manifests of one sequence ({held.sequence}).")
        if held is None or manifest.sequence > held.sequence:
            # Also one that has expired: what is older than it is refused from now on.
            write_private_file(self._path, token.encode())

    def _held(self) -> UpdateManifest | None:
        content = read_private_file(self._path, LONGEST_UPDATE_MANIFEST)
        try:
            token = (content or b"").decode("ascii", errors="replace")
            return read_update_manifest(token, self._source.keys)
        except WireError:
            return None

    def _judged(self, manifest: UpdateManifest) -> UpdateState:
        manifest.check_time(read_clock(self._store.read().clock, self._now()).now)
        try:
            running = Release.read(self._running)
        except ValueError:
            return self._cannot_tell("The version that runs here is none of a release.")
        newer = manifest.newest_version > running
        return UpdateState(
            UpdateStatus.UPDATE_AVAILABLE if newer else UpdateStatus.UP_TO_DATE,
            self._running,
            manifest,
            is_supported=running >= manifest.minimum_version,
        )

    def _cannot_tell(self, reason: str) -> UpdateState:
        return UpdateState(UpdateStatus.CANNOT_TELL, self._running, reason=reason)


def installed_version() -> str:
    """Give the version of this software as it was installed."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"


def artifact_for_this_machine(manifest: UpdateManifest) -> UpdateArtifact | None:
    """Give the file for this platform: the closest that is named, from `linux-x86_64` over `linux` to `any`."""
    names = (f"{sys.platform}-{platform.machine().lower()}", sys.platform, ANY_PLATFORM)
    return next((manifest.artifacts[name] for name in names if name in manifest.artifacts), None)


def verify_artifact(path: Path, artifact: UpdateArtifact) -> None:
    """Check that a file, however it came here, is the artifact byte for byte. Raises UpdateRefusedError."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != artifact.size:
            raise UpdateRefusedError(f"{path} is not the file of the update: it has another size.")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as fault:
        raise UpdateRefusedError(f"{path} cannot be read: {fault.strerror}.") from fault
    if digest != artifact.sha256:
        raise UpdateRefusedError(f"{path} is not the file of the update: its SHA-256 is another. Do not install it.")
