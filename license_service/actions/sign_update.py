"""Sign an update manifest; needs no database and no network, so that the key can stay on a machine without either."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import jwt

from license_service.domain.errors import UpdateError
from wire.dpop_key import thumbprint
from wire.errors import TokenRefusedError
from wire.token_types import SIGNING_ALGORITHM, UPDATE_MANIFEST_TYPE
from wire.update_manifest import LONGEST_UPDATE_MANIFEST, LONGEST_VALIDITY_DAYS, UpdateArtifact, UpdateManifest

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import ec

    from wire.update_manifest import Release


@dataclass(frozen=True, slots=True)
class UpdateDraft:
    """What is to be said; the manifest adds its sequence and its instants. `artifacts` are by platform."""

    newest_version: Release
    minimum_version: Release
    artifacts: dict[str, UpdateArtifact]
    notes_url: str | None
    valid_days: int


def sign_update(draft: UpdateDraft, key: ec.EllipticCurvePrivateKey, *, sequence: int, now: datetime) -> str:
    """Give the manifest as a JWT (compact JWS, ES256). Raises UpdateError for what no client would take."""
    if not 0 < draft.valid_days <= LONGEST_VALIDITY_DAYS:
        raise UpdateError(f"An update manifest is good for 1 to {LONGEST_VALIDITY_DAYS} days.")
    try:
        issued_at = now.replace(microsecond=0)
        payload = UpdateManifest(
            sequence=sequence,
            newest_version=draft.newest_version,
            minimum_version=draft.minimum_version,
            artifacts=draft.artifacts,
            notes_url=draft.notes_url,
            issued_at=issued_at,
            expires_at=issued_at + timedelta(days=draft.valid_days),
        ).payload()
    except TokenRefusedError as fault:
        raise UpdateError(str(fault)) from fault
    headers = {"typ": UPDATE_MANIFEST_TYPE, "kid": thumbprint(key.public_key())}
    token = jwt.encode(payload, key, algorithm=SIGNING_ALGORITHM, headers=headers)
    if len(token) > LONGEST_UPDATE_MANIFEST:
        raise UpdateError("The update manifest is too long.")
    return token


def artifact_of(path: Path, url: str) -> UpdateArtifact:
    """Describe the file that clients will find at `url`. Raises UpdateError when it cannot be read."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            return UpdateArtifact(url=url, size=file.tell(), sha256=digest.hexdigest())
    except OSError as fault:
        raise UpdateError(f"{path} cannot be read: {fault.strerror}.") from fault
