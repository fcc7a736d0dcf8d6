"""Put a signed update manifest where it is served, if it is newer than the one that is there (T62)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.actions.sign_update import sign_update
from license_service.actions.verify_update import verify_update
from license_service.domain.errors import UpdateError
from license_service.signing.update_key import public_key_set
from wire.errors import TokenRefusedError

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric import ec

    from license_service.actions.sign_update import UpdateDraft
    from license_service.storage.update_folder import UpdateFolder
    from wire.update_manifest import UpdateManifest


def publish_update(
    folder: UpdateFolder,
    draft: UpdateDraft,
    key: ec.EllipticCurvePrivateKey,
    *,
    sequence: int | None,
    now: datetime,
) -> UpdateManifest:
    """Sign and publish; without `sequence` it is the next after the one that is served. Raises UpdateError."""
    key_set = public_key_set([key])
    with folder.publishing():
        served = _served(folder, key_set)
        if sequence is None:
            if served is None and folder.read() is not None:
                # Whoever may write to the folder could name any number there, and so use up all that follow.
                raise UpdateError(
                    "The manifest that is served is signed by another key: give --sequence, higher than its own."
                )
            sequence = 1 if served is None else served.sequence + 1
        token = sign_update(draft, key, sequence=sequence, now=now)
        return _written(folder, token, verify_update(token, key_set), served)


def publish_signed_update(folder: UpdateFolder, token: str, key_set: object, *, now: datetime) -> UpdateManifest:
    """Publish what was signed on another machine, as clients that hold `key_set` will see it. Raises UpdateError."""
    manifest = verify_update(token, key_set)
    try:
        manifest.check_time(now)
    except TokenRefusedError as fault:
        raise UpdateError(str(fault)) from fault
    with folder.publishing():
        return _written(folder, token, manifest, _served(folder, key_set))


def _served(folder: UpdateFolder, key_set: object) -> UpdateManifest | None:
    """Give what is served now; None where it is nothing that clients with these keys believe."""
    try:
        token = folder.read()
        return None if token is None else verify_update(token, key_set)
    except UpdateError:
        return None


def _written(
    folder: UpdateFolder, token: str, manifest: UpdateManifest, served: UpdateManifest | None
) -> UpdateManifest:
    if served is not None and manifest != served and manifest.sequence <= served.sequence:
        raise UpdateError(
            f"The manifest that is served has the sequence {served.sequence}: {manifest.sequence} would be refused."
        )
    folder.write(token)
    return manifest
