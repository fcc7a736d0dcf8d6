"""Sites: their deployment mode, and whether their license keys are to be activated (S2-6, S2-19, S2-20)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from marshmallow import EXCLUDE, RAISE, Schema, fields, validate

from license_service.actions.activate_site import activate_site
from license_service.actions.read_site import read_site
from license_service.actions.set_deployment_mode import set_deployment_mode
from license_service.domain.errors import RevisionChangedError, SiteNotFoundError
from license_service.domain.site import DeploymentMode
from license_service.endpoints.entity_tags import if_match, tagged, unless_known
from license_service.endpoints.idempotency import idempotent
from license_service.endpoints.refusals import refuses
from license_service.endpoints.request_parser import ApiBlueprint
from license_service.endpoints.synchronization_documents import RUN_EXAMPLE, RunSchema
from license_service.endpoints.tenancy import visible_organization
from license_service.endpoints.texts import UuidText
from wire.scopes import LICENSE, LICENSES_READ, LICENSES_WRITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from database.engine import Database
    from license_service.actions.read_site import SiteState
    from wire.serving.bearer import BearerGuard

HIGHEST_REVISION: Final = 2**31 - 1
_EXAMPLE: Final = {
    "organization_id": RUN_EXAMPLE["organization_id"],
    "deployment_mode": "cloud",
    "revision": 4,
    "activation_needed": True,
    "activation_needed_since": "2026-06-01T08:55:00+00:00",
    "activated_at": "2026-05-30T10:00:00+00:00",
    "last_synchronization": RUN_EXAMPLE,
    "version": 1,
}


class ModeSchema(Schema):
    """What is set of a site."""

    class Meta:
        """A field that is not known is refused (T45)."""

        unknown = RAISE

    deployment_mode = fields.String(
        required=True,
        validate=validate.OneOf([each.value for each in DeploymentMode]),
        metadata={"description": "In `on_premise` there is no synchronization; access keys are registered by hand."},
    )


class ActivationSchema(Schema):
    """What a site has activated."""

    class Meta:
        """As ModeSchema."""

        unknown = RAISE

    revision = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=0, max=HIGHEST_REVISION),
        metadata={"description": "The one that came with the license keys that the site has registered."},
    )


class SiteSchema(Schema):
    """A site."""

    class Meta:
        """A newer license_service may say more."""

        unknown = EXCLUDE

    organization_id = UuidText(required=True)
    deployment_mode = fields.String(required=True, validate=validate.OneOf([each.value for each in DeploymentMode]))
    revision = fields.Integer(
        required=True, metadata={"description": "Goes up with each change of the organization's license keys."}
    )
    activation_needed = fields.Boolean(required=True)
    activation_needed_since = fields.AwareDateTime(required=True, allow_none=True, format="iso")
    activated_at = fields.AwareDateTime(required=True, allow_none=True, format="iso")
    last_synchronization = fields.Nested(RunSchema, required=True, allow_none=True)
    version = fields.Integer(required=True)


def site_document(state: SiteState) -> dict[str, Any]:
    """Give what SiteSchema dumps."""
    needed = state.site.activation_needed_since is not None
    return {**asdict(state.site), "activation_needed": needed, "last_synchronization": state.last_synchronization}


def site_routes(database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint("sites", __name__, url_prefix="/v1", description="Sites of organizations")

    @routes.route("/sites/<uuid:organization_id>", methods=["GET"])
    @guard.requires(LICENSES_READ, LICENSE)
    @unless_known(routes)
    @routes.response(200, SiteSchema, example=_EXAMPLE, description="The site")
    @refuses(routes, SiteNotFoundError)
    @routes.doc(operationId="read_site", security=[{"bearer": [LICENSES_READ]}, {"bearer": [LICENSE]}])
    def read(organization_id: UUID) -> dict[str, Any]:
        """Read how the site of an organization stands.

        A device reads that of its own organization.
        """
        return site_document(read_site(database, str(organization_id), now=now(), visible_to=visible_organization()))

    @routes.route("/sites/<uuid:organization_id>", methods=["PUT"])
    @guard.requires(LICENSES_WRITE)
    @routes.arguments(ModeSchema, example={"deployment_mode": "on_premise"})
    @if_match(routes)
    @tagged(routes)
    @routes.response(200, SiteSchema, example=_EXAMPLE, description="The site")
    @refuses(routes, SiteNotFoundError, body=True)
    @routes.doc(operationId="set_deployment_mode", security=[{"bearer": [LICENSES_WRITE]}])
    def put(body: dict[str, Any], organization_id: UUID, expected_version: int) -> dict[str, Any]:
        """Set the deployment mode of the site of an organization."""
        mode = DeploymentMode(body["deployment_mode"])
        set_deployment_mode(database, str(organization_id), mode, expected_version=expected_version)
        return site_document(read_site(database, str(organization_id), now=now()))

    @routes.route("/activations", methods=["POST"])
    @guard.requires(LICENSE)
    @routes.arguments(ActivationSchema, example={"revision": _EXAMPLE["revision"]})
    @idempotent(routes, database, now)
    @tagged(routes)
    @routes.response(200, SiteSchema, example={**_EXAMPLE, "activation_needed": False, "activation_needed_since": None})
    @refuses(routes, RevisionChangedError, body=True)
    @routes.doc(operationId="activate_site", security=[{"bearer": [LICENSE]}])
    def activate(body: dict[str, Any]) -> dict[str, Any]:
        """Say that the site of the caller has activated the license keys that it has registered."""
        organization_id = str(visible_organization())
        activate_site(database, organization_id, revision=body["revision"], now=now())
        return site_document(read_site(database, organization_id, now=now()))

    return routes
