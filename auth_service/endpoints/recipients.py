"""Whom notify_service is to write to, and what a device is called: reads for services, by the scope organizations.read.

Nothing here lists organizations: who asks knows of which one, and learns addresses and names that an email needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, request
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from auth_service.actions.read_device_names import read_device_names
from auth_service.actions.read_recipients import read_recipients
from auth_service.actions.read_vendor_recipients import read_vendor_recipients
from auth_service.domain.errors import OrganizationUnknownError
from wire.calendar_documents import DeviceNamesSchema, OrganizationRecipientsSchema, VendorRecipientsSchema
from wire.calendar_records import MOST_DEVICES, VENDOR_RECIPIENTS_PATH, devices_path, recipients_path
from wire.scopes import ORGANIZATIONS_READ
from wire.serving.problem_handler import ProblemError

if TYPE_CHECKING:
    from uuid import UUID

    from flask import Response

    from database.engine import Database
    from wire.serving.bearer import BearerGuard


class _DevicesQuerySchema(Schema):
    id = fields.List(fields.UUID(), required=True, validate=validate.Length(1, MOST_DEVICES))


def recipient_routes(database: Database, guard: BearerGuard) -> Blueprint:
    """Make the routes."""
    routes = Blueprint("recipients", __name__)

    @routes.after_request
    def keep_out_of_caches(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return response

    @routes.get(recipients_path("<uuid:organization_id>"))
    @guard.requires(ORGANIZATIONS_READ)
    def of_organization(organization_id: UUID) -> Any:  # noqa: ANN401 - a JSON document
        try:
            found = read_recipients(database, str(organization_id))
        except OrganizationUnknownError as fault:
            raise ProblemError(404, fault.code, str(fault)) from fault
        return OrganizationRecipientsSchema().dump(found)

    @routes.get(devices_path("<uuid:organization_id>"))
    @guard.requires(ORGANIZATIONS_READ)
    def devices(organization_id: UUID) -> Any:  # noqa: ANN401 - as above
        names = read_device_names(database, str(organization_id), _asked_ids())
        return DeviceNamesSchema().dump({"devices": [{"id": one, "name": name} for one, name in names.items()]})

    @routes.get(VENDOR_RECIPIENTS_PATH)
    @guard.requires(ORGANIZATIONS_READ)
    def of_vendor() -> Any:  # noqa: ANN401 - as above
        return VendorRecipientsSchema().dump({"addresses": read_vendor_recipients(database)})

    return routes


def _asked_ids() -> list[str]:
    try:
        query = _DevicesQuerySchema(unknown=RAISE).load(request.args.to_dict(flat=False))
    except ValidationError as fault:
        sentence = "Some parameters are missing or wrong: see errors."
        raise ProblemError(422, "invalid_parameters", sentence, errors=fault.messages_dict) from fault
    return [str(one) for one in query["id"]]
