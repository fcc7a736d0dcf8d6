"""License keys: issued, read and listed by the vendor's tools (S2-5, S2-14, S2-15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from flask import url_for

from license_service.actions.issue_key import issue_key
from license_service.actions.list_license_keys import list_license_keys
from license_service.actions.read_license_key import read_license_key
from license_service.domain.errors import (
    AgreementNotFoundError,
    IdNumberTakenError,
    KeyNotFoundError,
    UnknownComponentError,
    UnknownProfileError,
)
from license_service.domain.page import Page
from license_service.endpoints.entity_tags import tagged, unless_known
from license_service.endpoints.idempotency import idempotent
from license_service.endpoints.license_key_documents import (
    KEY_EXAMPLE,
    TERMS_EXAMPLE,
    LicenseKeyPageSchema,
    LicenseKeyQuerySchema,
    LicenseKeySchema,
    NewKeySchema,
    key_values,
)
from license_service.endpoints.paging import page_document, page_example
from license_service.endpoints.refusals import LOCATION, refuses
from license_service.endpoints.request_parser import ApiBlueprint
from license_service.endpoints.tenancy import visible_organization
from wire.scopes import LICENSE, LICENSES_READ, LICENSES_WRITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from database.engine import Database
    from license_service.domain.license_key import KeyTerms
    from wire.serving.bearer import BearerGuard

_READERS: Final = [{"bearer": [LICENSES_READ]}, {"bearer": [LICENSE]}]


def license_key_routes(database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint("license_keys", __name__, url_prefix="/v1/license-keys", description="License keys")

    @routes.route("", methods=["POST"])
    @guard.requires(LICENSES_WRITE)
    @routes.arguments(NewKeySchema, example={"agreement_id": KEY_EXAMPLE["agreement_id"], **TERMS_EXAMPLE})
    @idempotent(routes, database, now)
    @tagged(routes)
    @routes.response(201, LicenseKeySchema, example=KEY_EXAMPLE, description="Issued", headers=LOCATION)
    @refuses(routes, AgreementNotFoundError, IdNumberTakenError, UnknownProfileError, UnknownComponentError, body=True)
    @routes.doc(operationId="issue_key", security=[{"bearer": [LICENSES_WRITE]}])
    def issue(asked: tuple[str, KeyTerms]) -> tuple[dict[str, Any], dict[str, str]]:
        """Issue a license key from an agreement."""
        agreement_id, terms = asked
        issued_at = now()
        key = issue_key(database, terms, agreement_id=agreement_id, key_id=str(uuid4()), now=issued_at)
        return key_values(key, issued_at), {"Location": url_for(".read", key_id=key.id)}

    @routes.route("", methods=["GET"])
    @guard.requires(LICENSES_READ, LICENSE)
    @routes.arguments(LicenseKeyQuerySchema, location="query")
    @routes.response(200, LicenseKeyPageSchema, example=page_example(KEY_EXAMPLE), description="Perhaps none")
    @refuses(routes, query=True)
    @routes.doc(operationId="list_license_keys", security=_READERS)
    def every(query: dict[str, Any]) -> dict[str, Any]:
        """List license keys, the oldest first.

        A device is given those of its own organization.
        """
        read_at = now()
        keys = list_license_keys(database, **query, visible_to=visible_organization())
        return page_document(Page((key_values(key, read_at) for key in keys), keys.end))

    @routes.route("/<uuid:key_id>", methods=["GET"])
    @guard.requires(LICENSES_READ, LICENSE)
    @unless_known(routes)
    @routes.response(200, LicenseKeySchema, example=KEY_EXAMPLE, description="The license key")
    @refuses(routes, KeyNotFoundError)
    @routes.doc(operationId="read_license_key", security=_READERS)
    def read(key_id: UUID) -> dict[str, Any]:
        """Read one license key."""
        return key_values(read_license_key(database, str(key_id), visible_to=visible_organization()), now())

    return routes
