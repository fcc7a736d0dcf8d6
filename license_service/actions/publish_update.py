"""Put a signed update manifest where it is served, if it is newer than the one that is there (T62)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.actions.sign_update import sign_update
from license_service.domain.errors import UpdateError
from license_service.storage.update_key import public_key_set
from wire.errors import AnswerRefusedError, TokenRefusedError
from wire.jwks import read_jwks
from wire.update_manifest import read_update_manifest

if TYPE_CHECKING:
    from datetime import datetime

    import jwt
    from cryptography.hazmat.primitives.asymmetric import ec

    from license_service.actions.sign_update import UpdateDraft
    from license_service.storage.update_folder import UpdateFolder
    from wire.update_manifest import UpdateManifest


class _GivenKeys:
    """A wire.jwks.KeySource of what the publisher named."""

    def __init__(self, document: object) -> None:
        self._keys = read_jwks(document)

    def key(self, kid: str) -> jwt.PyJWK | None:
        return self._keys.get(kid)


def publish_update(
    folder: UpdateFolder,
    draft: UpdateDraft,
    key: ec.EllipticCurvePrivateKey,
    *,
    sequence: int | None,
    now: datetime,
) -> UpdateManifest:
    """Sign and publish; without `sequence` it is the next after the one that is served. Raises UpdateError."""
    keys = _GivenKeys(public_key_set([key]))
    with folder.publishing():
        served = _served(folder, keys)
        if sequence is None:
            if served is None and folder.read() is not None:
                # Whoever may write to the folder could name any number there, and so use up all that follow.
                raise UpdateError(
                    "The manifest that is served is signed by another key: give --sequence, higher than its own."
                )
            sequence = 1 if served is None else served.sequence + 1
        token = sign_update(draft, key, sequence=sequence, now=now)
        return _written(folder, token, keys, served)


def publish_signed_update(folder: UpdateFolder, token: str, key_set: object, *, now: datetime) -> UpdateManifest:
    """Publish what was signed on another machine, as clients that hold `key_set` will see it. Raises UpdateError."""
    try:
        keys = _GivenKeys(key_set)
        read_update_manifest(token, keys).check_time(now)
    except (AnswerRefusedError, TokenRefusedError) as fault:
        raise UpdateError(str(fault)) from fault
    with folder.publishing():
        return _written(folder, token, keys, _served(folder, keys))


def _served(folder: UpdateFolder, keys: _GivenKeys) -> UpdateManifest | None:
    """Give what is served now; None where it is nothing that clients with these keys believe."""
    token = folder.read()
    try:
        return None if token is None else read_update_manifest(token, keys)
    except TokenRefusedError:
        return None


def _written(folder: UpdateFolder, token: str, keys: _GivenKeys, served: UpdateManifest | None) -> UpdateManifest:
    manifest = read_update_manifest(token, keys)
    if served is not None and manifest != served and manifest.sequence <= served.sequence:
        raise UpdateError(
            f"The manifest that is served has the sequence {served.sequence}: {manifest.sequence} would be refused."
        )
    folder.write(token)
    return manifest
