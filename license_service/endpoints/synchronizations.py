"""Synchronizations of license keys: run at a site's wish, and kept as its History (S2-7 … S2-13)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from flask import url_for

from license_service.actions.list_synchronizations import list_synchronizations
from license_service.actions.read_synchronization import read_synchronization
from license_service.actions.synchronize import SynchronizationAsked, synchronize
from license_service.domain.errors import (
    OnPremiseError,
    SiteNotFoundError,
    SynchronizationLostError,
    SynchronizationNotFoundError,
    SynchronizationUnderWayError,
)
from license_service.domain.synchronization import Trigger
from license_service.endpoints.access_keys import TEXT_EXAMPLE
from license_service.endpoints.entity_tags import unless_known
from license_service.endpoints.idempotency import idempotent
from license_service.endpoints.license_key_documents import KEY_EXAMPLE
from license_service.endpoints.paging import page_document, page_example
from license_service.endpoints.refusals import LOCATION, refuses
from license_service.endpoints.request_parser import ApiBlueprint
from license_service.endpoints.synchronization_documents import (
    ANY_TRIGGER,
    ASKED_EXAMPLE,
    RECEIPT_EXAMPLE,
    RUN_EXAMPLE,
    AskedSchema,
    DeliveredSchema,
    RunPageSchema,
    RunQuerySchema,
    RunWithReceiptSchema,
)
from license_service.endpoints.tenancy import visible_organization
from wire.scopes import LICENSE, LICENSES_READ, LICENSES_WRITE
from wire.serving.bearer import caller

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from database.engine import Database
    from license_service.domain.synchronization import Synchronization
    from license_service.signing.key_folder import KeyFolder
    from wire.serving.bearer import BearerGuard

_READERS: Final = [{"bearer": [LICENSES_READ]}, {"bearer": [LICENSE]}]
_RECEIPT: Final = {**RUN_EXAMPLE, "receipt": RECEIPT_EXAMPLE}
_DELIVERED: Final = {
    **_RECEIPT,
    "keys": [{"key_id": KEY_EXAMPLE["id"], "version": 3, "access_key": TEXT_EXAMPLE}],
    "revision": 4,
}


def synchronization_routes(
    database: Database, guard: BearerGuard, now: Callable[[], datetime], signing_keys: KeyFolder
) -> ApiBlueprint:
    routes = ApiBlueprint(
        "synchronizations", __name__, url_prefix="/v1/synchronizations", description="Synchronizations of license keys"
    )

    @routes.route("", methods=["POST"])
    @guard.requires(LICENSES_WRITE, LICENSE)
    @routes.arguments(AskedSchema, example=ASKED_EXAMPLE)
    # Not joined: a run is to be seen while it goes on, and when it was cut off; it changes nothing but its own record.
    @idempotent(routes, database, now, joined=False)
    @routes.response(201, DeliveredSchema, example=_DELIVERED, description="Done", headers=LOCATION)
    @refuses(
        routes, SiteNotFoundError, OnPremiseError, SynchronizationUnderWayError, SynchronizationLostError, body=True
    )
    @routes.doc(operationId="synchronize", security=[{"bearer": [LICENSES_WRITE]}, {"bearer": [LICENSE]}])
    def run(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Synchronize the license keys of a site at once.

        The answer says what the site has to add, change and remove, and delivers every access key that it is to have.
        A device synchronizes its own organization.
        """
        delivered = synchronize(database, signing_keys, _asked(body), run_id=str(uuid4()), clock=now)
        document = {**asdict(delivered.run), "keys": delivered.keys, "revision": delivered.revision}
        return document, {"Location": url_for(".read", run_id=delivered.run.id)}

    _add_history(routes, database, guard, now)
    return routes


def _add_history(routes: ApiBlueprint, database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> None:
    @routes.route("", methods=["GET"])
    @guard.requires(LICENSES_READ, LICENSE)
    @routes.arguments(RunQuerySchema, location="query")
    @routes.response(200, RunPageSchema, example=page_example(RUN_EXAMPLE), description="Perhaps none")
    @refuses(routes, query=True)
    @routes.doc(operationId="list_synchronizations", security=_READERS)
    def every(query: dict[str, Any]) -> dict[str, Any]:
        """List synchronizations, the newest first: those run by hand, unless others are asked for.

        A device is given those of its own organization.
        """
        trigger = query.pop("trigger")
        wanted = None if trigger == ANY_TRIGGER else Trigger(trigger)
        return page_document(
            list_synchronizations(database, **query, trigger=wanted, now=now(), visible_to=visible_organization())
        )

    @routes.route("/<uuid:run_id>", methods=["GET"])
    @guard.requires(LICENSES_READ, LICENSE)
    @unless_known(routes)
    @routes.response(200, RunWithReceiptSchema, example=_RECEIPT, description="The synchronization")
    @refuses(routes, SynchronizationNotFoundError)
    @routes.doc(operationId="read_synchronization", security=_READERS)
    def read(run_id: UUID) -> Synchronization:
        """Read one synchronization with its receipt."""
        return read_synchronization(database, str(run_id), now=now(), visible_to=visible_organization())


def _asked(body: dict[str, Any]) -> SynchronizationAsked:
    own = visible_organization()
    if own not in {None, body["organization_id"]}:
        raise SiteNotFoundError
    return SynchronizationAsked(
        organization_id=body["organization_id"],
        device_id=None if own is None else caller().sub,
        started_by=body["started_by"] or caller().sub,
        trigger=Trigger(body["trigger"]),
        held={key["key_id"]: key["version"] for key in body["held"]},
    )
