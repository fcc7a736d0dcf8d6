"""Take a token back at the wish of the client that it was issued to (RFC 7009 §2.1).

A refresh token ends its grant, and with it all that was issued of it; so does an older one of the same family, since a
client whose last answer was lost holds no newer. An access token is good no more by itself. What is unknown, forged or
over needs no revoking (§2.2).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.errors import InvalidGrantError, UnsupportedTokenTypeError
from auth_service.domain.grant_events import grant_ended
from auth_service.domain.refresh_token import is_ours, read_refresh_token
from auth_service.domain.secret_digest import digest
from auth_service.storage.audit_trail import append_event
from auth_service.storage.grants import end_grant, find_grant
from auth_service.storage.live_tokens import revoke_access_token
from wire.end_reason import EndReason
from wire.errors import TokenRefusedError
from wire.scopes import EVERY_AUDIENCE
from wire.token_verification import LicenseTokenVerifier, TokenVerifier

if TYPE_CHECKING:
    from auth_service.actions.issuing import IssuingParts
    from auth_service.domain.refresh_token import RefreshToken
    from auth_service.tokens.token_issuer import TokenIssuer
    from wire.claims import AccessTokenClaims


def revoke_token(parts: IssuingParts, issuer: TokenIssuer, *, token: str, client_id: str, now: datetime) -> None:
    """Revoke a token; harmless when there is nothing to revoke.

    Raises InvalidGrantError for another client's token, UnsupportedTokenTypeError for a license token, or
    DatabaseUnavailableError.
    """
    shown = read_refresh_token(token)
    if shown is not None:
        _end_grant(parts, shown, client_id, now)
        return
    claims = _access_token(issuer, token)
    if claims is None:
        return
    _check_owner(claims.client_id, client_id)
    # Another request may revoke it at the same moment: then it is revoked.
    with suppress(IntegrityError):
        _end_access_token(parts, claims, now)


def _end_access_token(parts: IssuingParts, claims: AccessTokenClaims, now: datetime) -> None:
    expires_at = datetime.fromtimestamp(claims.exp, UTC)
    with parts.database.transaction() as connection:
        if revoke_access_token(connection, claims.jti, expires_at=expires_at, now=now):
            append_event(connection, _event(claims, now))


def _end_grant(parts: IssuingParts, shown: RefreshToken, client_id: str, now: datetime) -> None:
    with parts.database.reading() as connection:
        kept = find_grant(connection, shown.grant_id)
    if kept is None:
        return
    if kept.refresh_token_digest != digest(shown.text) and not is_ours(shown, parts.refresh_token_key):
        return
    _check_owner(kept.grant.client_id, client_id)
    with parts.database.transaction() as connection:
        if end_grant(connection, kept.grant.id, reason=EndReason.REVOKED, now=now):
            append_event(connection, grant_ended(kept.grant.id, kept.grant.device, EndReason.REVOKED, now))


def _event(claims: AccessTokenClaims, now: datetime) -> AuditEvent:
    return AuditEvent(
        AuditEventName.ACCESS_TOKEN_REVOKED,
        now,
        organization_id=claims.organization_id,
        # Without an organization it is a service's own token (wire/claims.py).
        device_id=None if claims.organization_id is None else claims.sub,
        client_id=claims.client_id,
        details={"jti": claims.jti},
    )


def _access_token(issuer: TokenIssuer, token: str) -> AccessTokenClaims | None:
    try:
        return TokenVerifier(keys=issuer.keys, issuer=issuer.issuer, audience=EVERY_AUDIENCE).access_token(token)
    except TokenRefusedError:
        _refuse_license_token(issuer, token)
        return None


def _refuse_license_token(issuer: TokenIssuer, token: str) -> None:
    try:
        LicenseTokenVerifier(issuer.keys, issuer.issuer).license_token(token)
    except TokenRefusedError:
        return
    raise UnsupportedTokenTypeError("A license token ends with its refresh token. Revoke that.")


def _check_owner(owner: str, client_id: str) -> None:
    if owner != client_id:
        raise InvalidGrantError("The token was not issued to this client.")
