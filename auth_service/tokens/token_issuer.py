"""Sign access tokens (RFC 9068 §2) and license tokens, and put them into a token answer (RFC 6749 §5.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

import jwt
import orjson
from jwt.utils import base64url_encode

from auth_service.domain.grant import ACCESS_TOKEN_SECONDS, LICENSE_TOKEN_SECONDS
from auth_service.domain.status_place import status_place
from auth_service.tokens.returned_tokens import ReturnedTokens
from wire.claims import AccessTokenClaims, LicenseTokenClaims
from wire.scopes import POS_AUDIENCE, audiences_of
from wire.token_types import ACCESS_TOKEN_TYPE, LICENSE_TOKEN_TYPE, SIGNING_ALGORITHM

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.domain.grant import Grant
    from auth_service.tokens.signing_keys import SigningKeys

_JTI_BYTES: Final = 16
_ALGORITHM: Final = jwt.get_algorithm_by_name(SIGNING_ALGORITHM)


@dataclass(frozen=True)
class TokenIssuer:
    """Signs what this authorization server says."""

    keys: SigningKeys
    issuer: str

    @cached_property
    def returned(self) -> ReturnedTokens:
        """Verifies what was signed here."""
        return ReturnedTokens(self.keys, self.issuer)

    def device_answer(self, grant: Grant, refresh_token: str, now: datetime) -> dict[str, Any]:
        """Give the token answer of a device: access, refresh and license token."""
        access_token = self._access_token(
            subject=grant.device.id,
            client_id=grant.client_id,
            scope=grant.scope,
            now=now,
            organization_id=grant.device.organization_id,
            jkt=grant.dpop_jkt,
        )
        return {
            "access_token": access_token,
            "token_type": _token_type(grant.dpop_jkt),
            "expires_in": ACCESS_TOKEN_SECONDS,
            "refresh_token": refresh_token,
            "scope": grant.scope,
            "license_token": self._license_token(grant, now),
        }

    def service_answer(self, client_id: str, scope: str, now: datetime, *, jkt: str | None = None) -> dict[str, Any]:
        """Give the token answer of a client that acts for itself (RFC 6749 §4.4.3)."""
        return {
            "access_token": self.service_token(client_id, scope, now, jkt=jkt),
            "token_type": _token_type(jkt),
            "expires_in": ACCESS_TOKEN_SECONDS,
            "scope": scope,
        }

    def service_token(self, client_id: str, scope: str, now: datetime, *, jkt: str | None = None) -> str:
        """Give an access token whose subject is the client itself (RFC 9068 §2.2)."""
        return self._access_token(
            subject=client_id, client_id=client_id, scope=scope, now=now, organization_id=None, jkt=jkt
        )

    def _access_token(
        self,
        *,
        subject: str,
        client_id: str,
        scope: str,
        now: datetime,
        organization_id: str | None,
        jkt: str | None,
    ) -> str:
        issued_at = int(now.timestamp())
        claims = AccessTokenClaims(
            iss=self.issuer,
            sub=subject,
            aud=tuple(audiences_of(scope)),
            client_id=client_id,
            scope=scope,
            iat=issued_at,
            exp=issued_at + ACCESS_TOKEN_SECONDS,
            jti=token_hex(_JTI_BYTES),
            organization_id=organization_id,
            jkt=jkt,
        )
        return self.sign(claims.payload(), ACCESS_TOKEN_TYPE)

    def _license_token(self, grant: Grant, now: datetime) -> str:
        issued_at = int(now.timestamp())
        claims = LicenseTokenClaims(
            iss=self.issuer,
            sub=grant.device.id,
            aud=(POS_AUDIENCE,),
            iat=issued_at,
            nbf=issued_at,
            exp=issued_at + LICENSE_TOKEN_SECONDS,
            jti=token_hex(_JTI_BYTES),
            organization_id=grant.device.organization_id,
            organization_name=grant.organization_name,
            device_name=grant.device.name,
            license_id=grant.entitlement.license_id,
            features=grant.entitlement.features,
            renewal_window_days=grant.entitlement.renewal_window_days,
            renewal_date=grant.entitlement.renewal_date,
            hub_server_name=grant.device.hub_server_name,
            hub_server_url=grant.device.hub_server_url,
            status=status_place(self.issuer, grant.status_index),
            jkt=grant.dpop_jkt,
        )
        return self.sign(claims.payload(), LICENSE_TOKEN_TYPE)

    def sign(self, payload: dict[str, Any], token_type: str) -> str:
        """Sign any claims set as a JWT of this `typ`, in the compact serialization (RFC 7515 §3.1, §5.1)."""
        key = self.keys.current
        signing_input = _header(token_type, key.kid) + b"." + base64url_encode(orjson.dumps(payload))
        signature = _ALGORITHM.sign(signing_input, key.private_key)
        return (signing_input + b"." + base64url_encode(signature)).decode()


@lru_cache(maxsize=64)
def _header(token_type: str, kid: str) -> bytes:
    # The same for every token of one kind and key: PyJWT's `encode` would write it anew each time.
    return base64url_encode(orjson.dumps({"alg": SIGNING_ALGORITHM, "kid": kid, "typ": token_type}))


def _token_type(jkt: str | None) -> str:
    # RFC 9449 §5: only a token that is bound to a key is of the type DPoP.
    return "Bearer" if jkt is None else "DPoP"
