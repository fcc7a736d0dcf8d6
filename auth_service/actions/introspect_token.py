"""Say whether a token is active and what it is (RFC 7662 §2.2), to one who may know of its audience (§4; T22, T28).

An access token is active while its grant lives and it was not revoked; a license token while its grant lives; a refresh
token while it is the live one of its family. Everything else is not active, and nothing is said of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auth_service.domain.refresh_token import read_refresh_token
from auth_service.domain.secret_digest import digest
from auth_service.domain.status_place import status_index_at
from auth_service.outbound.license_api import CLIENT_ID
from auth_service.storage.grants import find_grant
from auth_service.storage.live_tokens import is_access_token_live, is_license_token_live, is_service_token_live
from wire.errors import TokenRefusedError
from wire.scopes import AUTH_AUDIENCE, POS_AUDIENCE

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.domain.refresh_token import RefreshToken
    from auth_service.storage.recent_clients import RecentClients
    from auth_service.tokens.token_issuer import TokenIssuer
    from database.engine import Database
    from wire.claims import AccessTokenClaims, LicenseTokenClaims


def introspect_token(
    database: Database,
    clients: RecentClients,
    issuer: TokenIssuer,
    *,
    token: str,
    audiences: tuple[str, ...],
    now: datetime,
) -> dict[str, Any]:
    """Give the introspection answer for a client that may know of tokens for `audiences`.

    Raises DatabaseUnavailableError.
    """
    shown = read_refresh_token(token)
    if shown is not None:
        found = _refresh_token(database, clients, issuer, shown, now) if AUTH_AUDIENCE in audiences else None
    else:
        found = _access_token(database, clients, issuer, token, audiences, now)
        if found is None and POS_AUDIENCE in audiences:
            found = _license_token(database, issuer, token, now)
    return {"active": False} if found is None else {"active": True, **found}


def _access_token(
    database: Database,
    clients: RecentClients,
    issuer: TokenIssuer,
    token: str,
    audiences: tuple[str, ...],
    now: datetime,
) -> dict[str, Any] | None:
    try:
        claims = issuer.returned.access_token(token, audiences)
    except TokenRefusedError:
        return None
    if _is_over(claims, now) or not _is_client_known(clients, claims.client_id):
        return None
    with database.reading() as connection:
        if claims.organization_id is None:
            live = is_service_token_live(connection, claims.jti)
        else:
            live = is_access_token_live(
                connection, claims.jti, device_id=claims.sub, client_id=claims.client_id, issued_at=claims.iat
            )
    payload = claims.payload()
    return {**payload, "token_type": "DPoP" if "cnf" in payload else "Bearer"} if live else None


def _license_token(database: Database, issuer: TokenIssuer, token: str, now: datetime) -> dict[str, Any] | None:
    try:
        claims = issuer.returned.license_token(token)
    except TokenRefusedError:
        return None
    status_index = None if claims.status is None else status_index_at(issuer.issuer, claims.status)
    if _is_over(claims, now) or status_index is None:
        return None
    with database.reading() as connection:
        return claims.payload() if is_license_token_live(connection, status_index, claims.sub) else None


def _refresh_token(
    database: Database, clients: RecentClients, issuer: TokenIssuer, shown: RefreshToken, now: datetime
) -> dict[str, Any] | None:
    with database.reading() as connection:
        kept = find_grant(connection, shown.grant_id)
    if kept is None or kept.refresh_token_digest != digest(shown.text) or kept.end_reason(now) is not None:
        return None
    grant = kept.grant
    if not _is_client_known(clients, grant.client_id):
        return None
    answer = {
        "iss": issuer.issuer,
        "sub": grant.device.id,
        "aud": [AUTH_AUDIENCE],
        "client_id": grant.client_id,
        "scope": grant.scope,
        "iat": int(kept.family.rotated_at.timestamp()),
        "exp": int(kept.expires_at.timestamp()),
        "organization_id": grant.device.organization_id,
    }
    return answer if grant.dpop_jkt is None else {**answer, "cnf": {"jkt": grant.dpop_jkt}}


def _is_over(claims: AccessTokenClaims | LicenseTokenClaims, now: datetime) -> bool:
    # Here the clock is the issuer's own: no difference between clocks is to be allowed for.
    return now.timestamp() >= claims.exp


def _is_client_known(clients: RecentClients, client_id: str) -> bool:
    # What this service signs for itself, when it calls the others, has no registration.
    return client_id == CLIENT_ID or clients.find(client_id) is not None
