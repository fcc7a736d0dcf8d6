"""Check-ins of devices, and how each stands by its last contact (S1-9 … S1-11)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from license_service.actions.check_in import check_in
from license_service.actions.list_contacts import list_contacts
from license_service.actions.read_contact import read_contact
from license_service.domain.check_in import CheckIn
from license_service.domain.errors import NoSeatError
from license_service.domain.page import Page
from license_service.endpoints.check_in_documents import (
    ANSWER_EXAMPLE,
    CONTACT_EXAMPLE,
    CONTACT_WITH_USE_EXAMPLE,
    REPORT_EXAMPLE,
    CheckInReportSchema,
    ContactPageSchema,
    ContactQuerySchema,
    ContactWithUseSchema,
    contact_values,
)
from license_service.endpoints.idempotency import idempotent
from license_service.endpoints.paging import page_document, page_example
from license_service.endpoints.refusals import refuses
from license_service.endpoints.request_parser import ApiBlueprint
from license_service.endpoints.tenancy import visible_organization
from wire.check_in import CHECK_IN_PATH
from wire.check_in_documents import CheckInAnswerSchema
from wire.scopes import LICENSE, LICENSES_READ
from wire.serving.bearer import caller

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from license_service.actions.check_in import CheckInParts
    from wire.check_in import CheckInAnswer, CheckInReport
    from wire.serving.bearer import BearerGuard

_CHANCES: Final = 2**32


def check_in_routes(parts: CheckInParts, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint("check_ins", __name__, description="Check-ins, and the last contacts of devices")

    @routes.route(CHECK_IN_PATH, methods=["POST"])
    @guard.requires(LICENSE)
    @routes.arguments(CheckInReportSchema, example=REPORT_EXAMPLE)
    @idempotent(routes, parts.database, now)
    @routes.response(200, CheckInAnswerSchema, example=ANSWER_EXAMPLE, description="How the license stands")
    @refuses(routes, NoSeatError, body=True)
    @routes.doc(operationId="check_in", security=[{"bearer": [LICENSE]}])
    def report(body: CheckInReport) -> CheckInAnswer:
        """Check in: a device says what its site uses, and learns how its license stands.

        What is used is counted over all sites of the organization. More than is owned is told, and refuses nobody here.
        """
        claims = caller()
        said = CheckIn(claims.sub, str(claims.organization_id), now(), body)
        return check_in(parts, said, chance=secrets.randbelow(_CHANCES) / _CHANCES)

    @routes.route("/v1/contacts", methods=["GET"])
    @guard.requires(LICENSES_READ)
    @routes.arguments(ContactQuerySchema, location="query")
    @routes.response(200, ContactPageSchema, example=page_example(CONTACT_EXAMPLE), description="Perhaps none")
    @refuses(routes, query=True)
    @routes.doc(operationId="list_contacts", security=[{"bearer": [LICENSES_READ]}])
    def every(query: dict[str, Any]) -> dict[str, Any]:
        """List when devices were last in contact, those of the longest ago first.

        A device that comes into contact meanwhile moves to the end.
        """
        read_at = now()
        found = list_contacts(parts.database, **query, now=read_at)
        return page_document(Page((contact_values(contact, read_at) for contact in found), found.end))

    @routes.route("/v1/devices/<uuid:device_id>/contact", methods=["GET"])
    @guard.requires(LICENSES_READ, LICENSE)
    @routes.response(200, ContactWithUseSchema, example=CONTACT_WITH_USE_EXAMPLE, description="How the device stands")
    @refuses(routes, NoSeatError)
    @routes.doc(operationId="read_contact", security=[{"bearer": [LICENSES_READ]}, {"bearer": [LICENSE]}])
    def read(device_id: UUID) -> dict[str, Any]:
        """Read when a device was last in contact, and what its organization owns against what it uses.

        A device reads those of its own organization.
        """
        read_at = now()
        found = read_contact(parts.database, str(device_id), now=read_at, visible_to=visible_organization())
        return {**contact_values(found.contact, read_at), "components": found.components}

    return routes
