"""Our errors as the protocol endpoints say them (RFC 6749 §5.2, RFC 8628 §3.5, RFC 9449 §5, §8).

Descriptions are fixed sentences: no input is echoed (T16), and RFC 6749's restricted character set is kept.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Final

from authlib.oauth2 import OAuth2Error

from auth_service.domain.errors import GrantRefusedError, LicenseServiceAwayError, SigningKeyAwayError
from database.errors import DatabaseUnavailableError
from wire.errors import NonceWantedError, ProofRefusedError, UnreachableError

RETRY_AFTER_SECONDS: Final = 5
_AWAY: Final = (LicenseServiceAwayError, SigningKeyAwayError, DatabaseUnavailableError, UnreachableError)


class RefusedGrantError(OAuth2Error):
    """A GrantRefusedError on its way out, with the extra member `reason` when there is one."""

    def __init__(self, refused: GrantRefusedError) -> None:
        super().__init__(error=refused.code, description=str(refused).replace("'", ""), status_code=400)
        self.reason = refused.reason

    def get_body(self) -> list[tuple[str, Any]]:
        body: list[tuple[str, Any]] = super().get_body()
        return body if self.reason is None else [*body, ("reason", self.reason)]


class RefusedProofError(OAuth2Error):
    """A ProofRefusedError on its way out; where a nonce is wanted, the header DPoP-Nonce brings it."""

    def __init__(self, refused: ProofRefusedError) -> None:
        super().__init__(error=refused.code, description=str(refused), status_code=400)
        self.nonce = refused.nonce if isinstance(refused, NonceWantedError) else None

    def get_headers(self) -> list[tuple[str, str]]:
        headers: list[tuple[str, str]] = super().get_headers()
        return headers if self.nonce is None else [*headers, ("DPoP-Nonce", self.nonce)]


class TemporarilyUnavailableError(OAuth2Error):
    """A thing that the answer depends on is away: 503 with Retry-After, and nothing was changed."""

    error = "temporarily_unavailable"
    description = "Something we need does not answer. Nothing was changed; try again soon."
    status_code = 503

    def get_headers(self) -> list[tuple[str, str]]:
        headers: list[tuple[str, str]] = super().get_headers()
        return [*headers, ("Retry-After", str(RETRY_AFTER_SECONDS))]


def as_oauth_errors() -> AbstractContextManager[None]:
    """Turn the errors of an action into those of the protocol."""
    return _TRANSLATION


class _Translation(AbstractContextManager[None]):
    """It keeps nothing, so that one serves all; contextlib would make a generator at each of a request's three."""

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        if isinstance(fault, GrantRefusedError):
            raise RefusedGrantError(fault) from fault
        if isinstance(fault, ProofRefusedError):
            raise RefusedProofError(fault) from fault
        if isinstance(fault, _AWAY):
            raise TemporarilyUnavailableError from fault


_TRANSLATION: Final = _Translation()
