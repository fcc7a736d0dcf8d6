"""Ask license_service for a seat, or for what a device is entitled to, with a service token of our own."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from marshmallow import ValidationError

from auth_service.domain.connecting_group import KeyVerdict
from auth_service.domain.errors import LicenseServiceAwayError, LicenseSuspendedError, NoLicenseError
from wire.errors import WireError
from wire.license_documents import EntitlementSchema
from wire.scopes import ENTITLEMENTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from auth_service.tokens.token_issuer import TokenIssuer
    from wire.entitlement import Entitlement
    from wire.http_client import HttpAnswer, HttpClient

CLIENT_ID: Final = "auth_service"

_SUSPENDED: Final = "license_suspended"

_SENTENCES: Final = {
    "no_license": "This organization has no license. Ask your vendor for one.",
    "license_expired": "This organization's license has expired. It must be renewed first.",
    _SUSPENDED: "This organization's license is suspended. Ask your vendor.",
    "component_not_licensed": "This organization's license does not cover POS servers. Ask your vendor.",
    "no_seat_free": "Every seat of this organization's license is taken.",
    "device_refused": "This device cannot get a license for this organization. Ask your vendor.",
    "no_seat": "This device holds no seat of a license any more.",
}


class LicenseApi:
    """license_service, as seen from here."""

    def __init__(self, http: HttpClient, base_url: str, issuer: TokenIssuer, *, now: Callable[[], datetime]) -> None:
        self._http = http
        self._base_url = base_url
        self._issuer = issuer
        self._now = now

    def claim_seat(self, device_id: str, organization_id: str) -> Entitlement:
        """Claim a seat for a device, again if it holds one.

        Raises NoLicenseError, or LicenseServiceAwayError when no usable answer came.
        """
        return self._entitlement(
            lambda: self._http.put_json(
                f"{self._base_url}/v1/devices/{device_id}/seat",
                {"organization_id": organization_id},
                headers=self._authorization(),
            )
        )

    def read_entitlement(self, device_id: str, organization_id: str) -> Entitlement:
        """Read what a device that holds a seat is entitled to.

        Raises as `claim_seat`, and LicenseSuspendedError of the NoLicenseErrors for one that may come back.
        """
        query = urlencode({"organization_id": organization_id})
        return self._entitlement(
            lambda: self._http.get(
                f"{self._base_url}/v1/devices/{device_id}/entitlement?{query}", headers=self._authorization()
            )
        )

    def validate_access_key(self, access_key: str, organization_id: str) -> KeyVerdict:
        """Ask what a license key that was entered at a site of this organization is worth (S1-38, S1-41).

        Raises LicenseServiceAwayError when no usable answer came.
        """
        asked = {"organization_id": organization_id, "registration": "activated", "access_key": access_key}
        url = f"{self._base_url}/v1/access-key-validations"
        try:
            answer = self._http.send_json("POST", url, asked, headers=self._authorization())
            document = answer.json()
        except WireError as fault:
            raise LicenseServiceAwayError("The license service does not answer.") from fault
        told = document if isinstance(document, dict) else {}
        if answer.status == HTTPStatus.OK and isinstance(told.get("active"), bool):
            return KeyVerdict(None, is_active=told["active"])
        if answer.status == HTTPStatus.CONFLICT and str(told.get("code")).startswith("access_key_"):
            return KeyVerdict(told["code"])
        raise LicenseServiceAwayError(f"The license service answered with status {answer.status}.")

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._issuer.service_token(CLIENT_ID, ENTITLEMENTS, self._now())}"}

    def _entitlement(self, ask: Callable[[], HttpAnswer]) -> Entitlement:
        try:
            answer = ask()
            document = answer.json()
            if answer.status == HTTPStatus.OK:
                entitlement: Entitlement = EntitlementSchema().load(document)
                return entitlement
        except (WireError, ValidationError) as fault:
            raise LicenseServiceAwayError("The license service does not answer.") from fault
        code = document.get("code") if isinstance(document, dict) else None
        if code == _SUSPENDED:
            raise LicenseSuspendedError(code, _SENTENCES[code])
        if isinstance(code, str) and code in _SENTENCES:
            raise NoLicenseError(code, _SENTENCES[code])
        raise LicenseServiceAwayError(f"The license service answered with status {answer.status}.")
