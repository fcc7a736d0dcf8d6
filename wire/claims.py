"""The claim sets of our two JWTs: the access token (RFC 9068 §2.2) and the license token (S3-13 … S3-29).

Both may name the key of their holder, as the thumbprint in `cnf` (RFC 7800 §3.1, RFC 9449 §6.1): who cannot prove to
hold it may not use the token.

Both ends load and dump them here, so that a claim is named and typed in one place. Instants are NumericDate
(whole seconds since 1970, UTC; RFC 7519 §2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from wire.errors import TokenRefusedError

LATEST_INSTANT: Final = 253_402_300_799
"""The last second of the year 9999: what a date can show. A token that says more would be one for ever."""


@dataclass(frozen=True, slots=True)
class AccessTokenClaims:
    """What an access token says. `sub` is a device's Server ID, or the client itself for client_credentials."""

    iss: str
    sub: str
    aud: tuple[str, ...]
    client_id: str
    scope: str
    iat: int
    exp: int
    jti: str
    organization_id: str | None = None
    jkt: str | None = None

    def payload(self) -> dict[str, Any]:
        """Give the JWT claims set; `aud` is always a list, absent members are left out."""
        claims: dict[str, Any] = {
            "iss": self.iss,
            "sub": self.sub,
            "aud": list(self.aud),
            "client_id": self.client_id,
            "scope": self.scope,
            "iat": self.iat,
            "exp": self.exp,
            "jti": self.jti,
        }
        if self.organization_id is not None:
            claims["organization_id"] = self.organization_id
        return {**claims, **_confirmation(self.jkt)}

    @classmethod
    def from_payload(cls, claims: dict[str, Any]) -> AccessTokenClaims:
        """Read a verified claims set.

        Raises TokenRefusedError when a claim is missing or of the wrong type.
        """
        if "nbf" in claims:
            # Not ours, but kept to where it stands (RFC 7519 §4.1.5).
            _instant(claims, "nbf")
        return cls(
            iss=_text(claims, "iss"),
            sub=_text(claims, "sub"),
            aud=_audience(claims),
            client_id=_text(claims, "client_id"),
            scope=_text(claims, "scope"),
            iat=_instant(claims, "iat"),
            exp=_instant(claims, "exp"),
            jti=_text(claims, "jti"),
            organization_id=_optional_text(claims, "organization_id"),
            jkt=_jkt(claims),
        )


@dataclass(frozen=True, slots=True)
class StatusReference:
    """Where the status of a token is told: a place in one status list (Token Status List §6.2)."""

    uri: str
    index: int

    def payload(self) -> dict[str, Any]:
        """Give the value of the claim `status`."""
        return {"status_list": {"idx": self.index, "uri": self.uri}}


@dataclass(frozen=True, slots=True)
class LicenseTokenClaims:
    """What a license token says, for the POS server that holds it and the peers that check it offline.

    `exp` is the Token Expiry (S3-25); `renewal_date` is the License Renewal Date (S3-20), a day in UTC, absent for a
    perpetual license. The two are different clocks (S3-32). The hub is absent at a top server (S3-24).
    """

    iss: str
    sub: str
    aud: tuple[str, ...]
    iat: int
    nbf: int
    exp: int
    jti: str
    organization_id: str
    organization_name: str
    device_name: str
    license_id: str
    features: tuple[str, ...]
    renewal_window_days: int
    renewal_date: date | None = None
    hub_server_name: str | None = None
    hub_server_url: str | None = None
    status: StatusReference | None = None
    jkt: str | None = None

    def payload(self) -> dict[str, Any]:
        """Give the JWT claims set; absent members are left out."""
        claims: dict[str, Any] = {
            "iss": self.iss,
            "sub": self.sub,
            "aud": list(self.aud),
            "iat": self.iat,
            "nbf": self.nbf,
            "exp": self.exp,
            "jti": self.jti,
            "organization_id": self.organization_id,
            "organization_name": self.organization_name,
            "device_name": self.device_name,
            "license_id": self.license_id,
            "features": list(self.features),
            "renewal_window_days": self.renewal_window_days,
        }
        if self.renewal_date is not None:
            claims["renewal_date"] = self.renewal_date.isoformat()
        if self.hub_server_name is not None:
            claims["hub_server_name"] = self.hub_server_name
        if self.hub_server_url is not None:
            claims["hub_server_url"] = self.hub_server_url
        if self.status is not None:
            claims["status"] = self.status.payload()
        return {**claims, **_confirmation(self.jkt)}

    @classmethod
    def from_payload(cls, claims: dict[str, Any]) -> LicenseTokenClaims:
        """Read a verified claims set.

        Raises TokenRefusedError when a claim is missing or of the wrong type.
        """
        return cls(
            iss=_text(claims, "iss"),
            sub=_text(claims, "sub"),
            aud=_audience(claims),
            iat=_instant(claims, "iat"),
            nbf=_instant(claims, "nbf"),
            exp=_instant(claims, "exp"),
            jti=_text(claims, "jti"),
            organization_id=_text(claims, "organization_id"),
            organization_name=_text(claims, "organization_name"),
            device_name=_text(claims, "device_name"),
            license_id=_text(claims, "license_id"),
            features=_texts(claims, "features"),
            renewal_window_days=_whole(claims, "renewal_window_days"),
            renewal_date=_optional_day(claims, "renewal_date"),
            hub_server_name=_optional_text(claims, "hub_server_name"),
            hub_server_url=_optional_text(claims, "hub_server_url"),
            status=_optional_status(claims),
            jkt=_jkt(claims),
        )


def _refuse(name: str, wanted: str) -> TokenRefusedError:
    return TokenRefusedError(f"The claim '{name}' must be {wanted}.")


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise _refuse(name, "a text")
    return value


def _confirmation(jkt: str | None) -> dict[str, Any]:
    return {} if jkt is None else {"cnf": {"jkt": jkt}}


def _jkt(claims: dict[str, Any]) -> str | None:
    cnf = claims.get("cnf")
    if cnf is None:
        return None
    # A token that is bound by a method we do not know must not pass as one that is not bound.
    if not isinstance(cnf, dict) or not isinstance(cnf.get("jkt"), str) or not cnf["jkt"]:
        raise _refuse("cnf", "an object with a jkt")
    return str(cnf["jkt"])


def _optional_text(claims: dict[str, Any], name: str) -> str | None:
    return None if claims.get(name) is None else _text(claims, name)


def _texts(claims: dict[str, Any], name: str) -> tuple[str, ...]:
    value = claims.get(name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _refuse(name, "a list of texts")
    return tuple(value)


def _audience(claims: dict[str, Any]) -> tuple[str, ...]:
    # RFC 7519 §4.1.3: one audience may stand as a bare text.
    return (claims["aud"],) if isinstance(claims.get("aud"), str) else _texts(claims, "aud")


def _whole(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refuse(name, "a whole number")
    return value


def _instant(claims: dict[str, Any], name: str) -> int:
    value = _whole(claims, name)
    if not 0 <= value <= LATEST_INSTANT:
        raise _refuse(name, "an instant before the year 10000")
    return value


def _optional_day(claims: dict[str, Any], name: str) -> date | None:
    value = _optional_text(claims, name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError as fault:
        raise _refuse(name, "a date such as 2027-01-31") from fault


def _optional_status(claims: dict[str, Any]) -> StatusReference | None:
    if claims.get("status") is None:
        return None
    place = claims["status"].get("status_list") if isinstance(claims["status"], dict) else None
    if not isinstance(place, dict):
        raise _refuse("status", "a place in a status list")
    index = _whole(place, "idx")
    if index < 0:
        raise _refuse("idx", "a whole number from 0 on")
    return StatusReference(uri=_text(place, "uri"), index=index)
