"""The signing keys as one process uses them: the key that signs, and the JWK Set (RFC 7517 §5, RFC 8725 §3.1).

Rules: held as key objects, since reading a PEM costs more than signing; a change in the vault is noticed within seconds
and without a restart; what cannot be read is logged and the last good set goes on.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from auth_service.domain.errors import SettingsError
from auth_service.domain.key_ring import KeyState
from auth_service.tokens.public_jwk import public_jwk
from wire.jwks import read_jwks

if TYPE_CHECKING:
    from collections.abc import Callable

    import jwt
    from cryptography.hazmat.primitives.asymmetric import ec

    from auth_service.domain.key_ring import KeyRecord, KeyRing
    from auth_service.tokens.key_vault import KeyVault

LOOK_AGAIN_SECONDS: Final = 2.0
_ATTEMPTS: Final = 3
_ORDER: Final = (KeyState.CURRENT, KeyState.NEXT, KeyState.RETIRED)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SigningKey:
    """The key that signs."""

    kid: str
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)


@dataclass(frozen=True)
class PublishedKeySet:
    """The JWK Set document as it is sent, made once for each change."""

    body: bytes
    etag: str


@dataclass(frozen=True)
class _KeySet:
    ring: KeyRing
    current: SigningKey
    verification_keys: dict[str, jwt.PyJWK]
    published: PublishedKeySet


class SigningKeys:
    """The keys of one vault, followed as they change. Also a KeySource, for verifying our own tokens."""

    def __init__(self, vault: KeyVault, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Read the vault. Raises SettingsError when no key can sign."""
        self._vault = vault
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._fault = ""
        self._look_again_at = monotonic() + LOOK_AGAIN_SECONDS
        self._set = self._read(None)

    @property
    def current(self) -> SigningKey:
        """The key that signs now."""
        return self._fresh().current

    @property
    def published(self) -> PublishedKeySet:
        """The JWK Set document with the public half of every key; the one that signs stands first."""
        return self._fresh().published

    def jwks(self) -> dict[str, Any]:
        """Give the JWK Set as a value."""
        document: dict[str, Any] = json.loads(self.published.body)
        return document

    def key(self, kid: str) -> jwt.PyJWK | None:
        """Give the public key that `kid` names."""
        return self._fresh().verification_keys.get(kid)

    def _fresh(self) -> _KeySet:
        # On the hot path this is one comparison. One thread looks, the others go on with what they have.
        if self._monotonic() >= self._look_again_at and self._lock.acquire(blocking=False):
            try:
                self._look_again_at = self._monotonic() + LOOK_AGAIN_SECONDS
                self._look()
            finally:
                self._lock.release()
        return self._set

    def _look(self) -> None:
        try:
            found = self._read(self._set)
        except SettingsError as fault:
            if str(fault) != self._fault:
                _log.error("the signing keys cannot be read; the last good ones go on", extra={"reason": str(fault)})
            self._fault = str(fault)
            return
        self._fault = ""
        if found is not self._set:
            _log.info("the signing keys have changed", extra={"kid": found.current.kid})
        self._set = found

    def _read(self, held: _KeySet | None) -> _KeySet:
        for attempt in range(1, _ATTEMPTS + 1):
            ring = self._vault.read()
            if held is not None and ring == held.ring:
                return held
            try:
                return _key_set(ring, self._current(ring, held))
            except SettingsError:
                # Between the two readings the key may have been revoked, and its file with it.
                if attempt == _ATTEMPTS or self._vault.read() == ring:
                    raise
        raise AssertionError

    def _current(self, ring: KeyRing, held: _KeySet | None) -> SigningKey:
        if ring.current is None:
            raise SettingsError(f"There is no signing key in {self._vault}. Make one with: auth-service create-key")
        if held is not None and _place(held.ring.current) == _place(ring.current):
            return held.current
        return SigningKey(ring.current.kid, self._vault.load(ring.current))


def _place(key: KeyRecord | None) -> tuple[str, str | None] | None:
    return None if key is None else (key.kid, key.handle)


def _key_set(ring: KeyRing, current: SigningKey) -> _KeySet:
    keys = sorted(ring.keys, key=lambda key: _ORDER.index(key.state))
    document = {"keys": [public_jwk(key) for key in keys]}
    body = json.dumps(document, separators=(",", ":")).encode()
    published = PublishedKeySet(body, hashlib.sha256(body).hexdigest()[:32])
    return _KeySet(ring, current, read_jwks(document), published)
