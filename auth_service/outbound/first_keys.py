"""Have license_service make the first license key of a Group: asked for as often as it takes, made once (S1-34, S2-5).

What was asked for before and answered into the void is found again by the registration's own agreement, whose number
is unique; the `Idempotency-Key` keeps two relays apart (F47).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from auth_service.domain.errors import FirstKeyRefusedError, LicenseServiceAwayError
from auth_service.outbound.license_api import CLIENT_ID
from wire.errors import WireError
from wire.scopes import LICENSES_READ, LICENSES_WRITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from auth_service.domain.registration import Registration
    from auth_service.domain.trial import Trial
    from auth_service.tokens.token_issuer import TokenIssuer
    from wire.http_client import HttpClient

ID_NUMBER: Final = "Trial"
_MOST: Final = 200
_SCOPE: Final = f"{LICENSES_READ} {LICENSES_WRITE}"
_ACTIVE: Final = "active"


@dataclass(frozen=True, slots=True)
class FirstKey:
    """The license code of the third email, and what it says of itself."""

    access_key: str = field(repr=False)
    profile_name: str
    renewal_date: date | None


class FirstKeys:
    """license_service's records, as far as a new Group needs some."""

    def __init__(
        self, http: HttpClient, base_url: str, issuer: TokenIssuer, *, trial: Trial, now: Callable[[], datetime]
    ) -> None:
        self._http = http
        self._base_url = base_url
        self._issuer = issuer
        self._trial = trial
        self._now = now

    def issue(self, registration: Registration) -> FirstKey:
        """Give the first key of this registration's organization, made now or before.

        Raises LicenseServiceAwayError, or FirstKeyRefusedError when it says no and will again.
        """
        if registration.organization_id is None or registration.activated_at is None:
            raise ValueError("Only an activated registration has an organization.")
        signed_on = registration.activated_at.date()
        agreement_id = self._agreement(registration.id, registration.organization_id, signed_on)
        key = self._key(registration.id, agreement_id, self._trial.renewal_date(registration.activated_at))
        access_key = self._text(self._get(f"/v1/license-keys/{self._text(key, 'id')}/access-key"), "access_key")
        return FirstKey(access_key, self._profile_name(self._text(key, "profile_code")), self._renewal_date(key))

    def _agreement(self, registration_id: str, organization_id: str, signed_on: date) -> str:
        number = f"REG-{registration_id}"
        document = {"organization_id": organization_id, "number": number, "signed_on": signed_on.isoformat()}
        made = self._post("/v1/agreements", document, f"{registration_id}:agreement", unless="agreement_number_taken")
        if made is None:
            query = urlencode({"organization_id": organization_id, "limit": _MOST})
            items = self._items(f"/v1/agreements?{query}")
            made = next((one for one in items if one.get("number") == number), {})
        return self._text(made, "id")

    def _key(self, registration_id: str, agreement_id: str, renewal_date: date) -> dict[str, Any]:
        items = self._items(f"/v1/license-keys?{urlencode({'agreement_id': agreement_id, 'limit': _MOST})}")
        if items:
            # The vendor may have changed or replaced it since: who asks again gets what counts today, never one more.
            return next((one for one in items if one.get("status") == _ACTIVE), items[0])
        document = {
            "agreement_id": agreement_id,
            "id_number": ID_NUMBER,
            "profile_code": self._trial.profile_code,
            "components": [{"component_code": code, "seats": seats} for code, seats in self._trial.components],
            "renewal_date": renewal_date.isoformat(),
        }
        made: dict[str, Any] = self._post("/v1/license-keys", document, f"{registration_id}:license-key")
        return made

    def _profile_name(self, code: str) -> str:
        items = self._items(f"/v1/profiles?limit={_MOST}")
        return next((str(one["name"]) for one in items if one.get("code") == code and one.get("name")), code)

    def _get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        return self._ask("GET", path)

    def _items(self, path: str) -> list[dict[str, Any]]:
        document = self._get(path)
        items = document.get("items") if isinstance(document, dict) else None
        if not isinstance(items, list):
            raise LicenseServiceAwayError("The license service's answer is not a list.")
        return [one for one in items if isinstance(one, dict)]

    def _post(self, path: str, document: dict[str, Any], key: str, *, unless: str | None = None) -> Any:  # noqa: ANN401 - JSON
        """Give the answer, or None when it is refused because of `unless`."""
        return self._ask("POST", path, document, {"Idempotency-Key": key}, unless=unless)

    def _ask(
        self,
        method: str,
        path: str,
        document: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        *,
        unless: str | None = None,
    ) -> Any:  # noqa: ANN401 - JSON
        token = self._issuer.service_token(CLIENT_ID, _SCOPE, self._now())
        sent = {"Authorization": f"Bearer {token}", **(headers or {})}
        try:
            answer = self._http.send_json(method, self._base_url + path, document, headers=sent)
            told = answer.json()
        except WireError as fault:
            raise LicenseServiceAwayError("The license service does not answer.") from fault
        if answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
            return told
        code = told.get("code") if isinstance(told, dict) else None
        if code is not None and code == unless:
            return None
        if answer.status == HTTPStatus.CONFLICT and code != "request_under_way":
            raise FirstKeyRefusedError(f"The license service refuses the first key of a Group: {code}.")
        raise LicenseServiceAwayError(f"The license service answered with status {answer.status}.")

    @staticmethod
    def _renewal_date(key: dict[str, Any]) -> date | None:
        told = key.get("renewal_date")
        try:
            return None if told is None else date.fromisoformat(told)
        except (TypeError, ValueError) as fault:
            raise LicenseServiceAwayError("The license service's answer has no date.") from fault

    @staticmethod
    def _text(document: Any, member: str) -> str:  # noqa: ANN401 - JSON
        value = document.get(member) if isinstance(document, dict) else None
        if not isinstance(value, str) or not value:
            raise LicenseServiceAwayError(f"The license service's answer has no {member}.")
        return value
