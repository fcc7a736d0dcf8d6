"""What the calendar reads of license_service and auth_service, page by page and checked by wire's schemas."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from notify_service.domain.errors import OrganizationUnreadableError, ServiceAwayError
from wire.calendar_documents import (
    ComponentOverCountSchema,
    DeviceNamesSchema,
    DueRenewalSchema,
    LicenseCountsSchema,
    MissingContactSchema,
    OrganizationRecipientsSchema,
    VendorRecipientsSchema,
)
from wire.calendar_records import (
    DUE_RENEWALS_PATH,
    LICENSE_COUNTS_PATH,
    MISSING_CONTACTS_PATH,
    MOST_DEVICES,
    OVER_COUNTS_PATH,
    VENDOR_RECIPIENTS_PATH,
    devices_path,
    recipients_path,
)
from wire.errors import AnswerRefusedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from notify_service.outbound.service_token import ServiceToken
    from wire.calendar_records import (
        DueRenewal,
        LicenseCounts,
        MissingContact,
        OrganizationRecipients,
        OverCount,
    )
    from wire.http_client import HttpAnswer, HttpClient

PAGE: Final = 200
_NOT_NOW: Final = frozenset({401, 403, 408, 429, 502, 503, 504})
"""Statuses that every other request would meet too."""


class _PageSchema(Schema):
    class Meta:
        """A newer service may say more."""

        unknown = EXCLUDE

    items = fields.List(fields.Dict(), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class _Reads:
    """One service, and the token that opens it."""

    def __init__(self, http: HttpClient, base_url: str, token: ServiceToken, name: str) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._token = token
        self._name = name

    def get(self, path: str, query: Sequence[tuple[str, object]] = ()) -> HttpAnswer:
        """Give an answer that is about what was asked for. Raises ServiceAwayError, or AnswerRefusedError."""
        url = f"{self._base_url}{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            answer = self._http.get(url, headers=self._token.headers())
        except UnreachableError as fault:
            raise ServiceAwayError(f"{self._name} does not answer.") from fault
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._token.forget()
        if answer.status in _NOT_NOW:
            raise ServiceAwayError(f"{self._name} answers with status {answer.status}.")
        return answer

    def document(self, path: str, schema: Schema, query: Sequence[tuple[str, object]] = ()) -> Any:  # noqa: ANN401 - what the schema makes
        """Read one document. Raises ServiceAwayError, or AnswerRefusedError for one that cannot be used."""
        answer = self.get(path, query)
        if answer.status != HTTPStatus.OK:
            raise AnswerRefusedError(f"{self._name} answers with status {answer.status}.")
        try:
            return schema.load(answer.json())
        except ValidationError as fault:
            raise AnswerRefusedError(f"{self._name} answers what it should not.") from fault


class LicenseReads:
    """license_service, as the calendar sees it. Every method raises ServiceAwayError: then the rest is not known."""

    def __init__(self, http: HttpClient, base_url: str, token: ServiceToken) -> None:
        self._reads = _Reads(http, base_url, token, "license_service")

    def due_renewals(self, *, within_days: int, expired_within_days: int) -> Iterator[list[DueRenewal]]:
        """Give pages of the keys that are to be renewed."""
        query = [("within_days", within_days), ("expired_within_days", expired_within_days)]
        return self._pages(DUE_RENEWALS_PATH, DueRenewalSchema(many=True), query)

    def missing_contacts(self, *, at_least_days: int, at_most_days: int) -> Iterator[list[MissingContact]]:
        """Give pages of the devices that were not in contact for so many days."""
        query = [("at_least_days", at_least_days), ("at_most_days", at_most_days)]
        return self._pages(MISSING_CONTACTS_PATH, MissingContactSchema(many=True), query)

    def over_counts(self) -> Iterator[list[OverCount]]:
        """Give pages of the over-counts."""
        return self._pages(OVER_COUNTS_PATH, ComponentOverCountSchema(many=True), [])

    def counts(self) -> LicenseCounts:
        """Give how many there are of each."""
        found: LicenseCounts = self._read(LICENSE_COUNTS_PATH, LicenseCountsSchema())
        return found

    def _pages(self, path: str, schema: Schema, query: list[tuple[str, int]]) -> Iterator[list[Any]]:
        cursor: list[tuple[str, object]] = []
        while True:
            page = self._read(path, _PageSchema(), [*query, ("limit", PAGE), *cursor])
            try:
                yield schema.load(page["items"])
            except ValidationError as fault:
                raise ServiceAwayError("license_service answers what it should not.") from fault
            if page["next_cursor"] is None:
                return
            cursor = [("cursor", page["next_cursor"])]

    def _read(self, path: str, schema: Schema, query: Sequence[tuple[str, object]] = ()) -> Any:  # noqa: ANN401 - as above
        try:
            return self._reads.document(path, schema, query)
        except AnswerRefusedError as fault:
            # Whatever comes after it is not known either.
            raise ServiceAwayError(str(fault)) from fault


class OrganizationReads:
    """auth_service, as the calendar sees it. Every method raises ServiceAwayError."""

    def __init__(self, http: HttpClient, base_url: str, token: ServiceToken) -> None:
        self._reads = _Reads(http, base_url, token, "auth_service")

    def recipients(self, organization_id: str) -> OrganizationRecipients:
        """Give who is told. Raises OrganizationUnreadableError where that is this organization's fault alone."""
        found: OrganizationRecipients = self._read(recipients_path(organization_id), OrganizationRecipientsSchema())
        return found

    def device_names(self, organization_id: str, device_ids: Sequence[str]) -> dict[str, str]:
        """Give the names of those devices that are known there. Raises as `recipients`."""
        names: dict[str, str] = {}
        for first in range(0, len(device_ids), MOST_DEVICES):
            query = [("id", one) for one in device_ids[first : first + MOST_DEVICES]]
            found = self._read(devices_path(organization_id), DeviceNamesSchema(), query)
            names |= {device["id"]: device["name"] for device in found["devices"]}
        return names

    def vendor_addresses(self) -> list[str]:
        """Give the addresses of the vendor's staff."""
        try:
            found: list[str] = self._reads.document(VENDOR_RECIPIENTS_PATH, VendorRecipientsSchema())["addresses"]
        except AnswerRefusedError as fault:
            raise ServiceAwayError(str(fault)) from fault
        return found

    def _read(self, path: str, schema: Schema, query: Sequence[tuple[str, object]] = ()) -> Any:  # noqa: ANN401 - as above
        try:
            return self._reads.document(path, schema, query)
        except AnswerRefusedError as fault:
            raise OrganizationUnreadableError(str(fault)) from fault
