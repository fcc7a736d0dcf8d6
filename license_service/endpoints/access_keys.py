"""Access keys: given out again and again, and validated for "Connect to a Group" (S1-36 … S1-43, S2-9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import EXCLUDE, RAISE, Schema, fields, validate

from license_service.actions.sign_access_key import sign_access_key
from license_service.actions.validate_access_key import validate_access_key
from license_service.domain.access_key import OrganizationFacts
from license_service.domain.errors import (
    AccessKeyUnknownError,
    GroupNotActivatedError,
    KeyNotActiveError,
    KeyNotFoundError,
)
from license_service.endpoints.entity_tags import unless_known
from license_service.endpoints.idempotency import idempotent
from license_service.endpoints.license_key_documents import KEY_EXAMPLE
from license_service.endpoints.refusals import refuses
from license_service.endpoints.request_parser import ApiBlueprint
from license_service.endpoints.tenancy import visible_organization
from license_service.endpoints.texts import UuidText
from wire.errors import (
    AccessKeyForgedError,
    AccessKeyMistypedError,
    AccessKeyOfAnotherOrganizationError,
    AccessKeySignerUnknownError,
    AccessKeyUnreadableError,
)
from wire.scopes import ENTITLEMENTS, LICENSE, LICENSES_READ

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from database.engine import Database
    from license_service.actions.sign_access_key import SignedAccessKey
    from license_service.domain.access_key import ValidatedAccessKey
    from license_service.signing.key_folder import KeyFolder
    from wire.serving.bearer import BearerGuard

TEXT_EXAMPLE: Final = (
    "04CS0-X75KW-QKRS0-DHD5G-X9FKF-8ESMF-TW445-RMEJJ-BNF4R-74F1R-QPYKT-FD88G-7ZD00-7RT40-"
    "8Y11S-Q8RBE-CHGQ4-S010D-W6TWR-5M910-JQ1W6-RP34A-DR53C-H352R-0K49N-H86FB-JW2WN-WBWCX-"
    "P4J0Y-DA5ZE-T7RGD-XQ7XS-MVY9Y-246NC-QPEFY-S1P60-RJ1PP-8K0TR-W4W2J-7ZCGE-VV5NA"
)
_ACTIVATED: Final = "activated"
_KEY: Final = {"key_id": KEY_EXAMPLE["id"]}
_OWNER: Final = {"organization_id": KEY_EXAMPLE["organization_id"]}

_REASONS: Final = (
    GroupNotActivatedError,
    AccessKeyUnknownError,
    AccessKeyUnreadableError,
    AccessKeyMistypedError,
    AccessKeySignerUnknownError,
    AccessKeyForgedError,
    AccessKeyOfAnotherOrganizationError,
)


class AccessKeySchema(Schema):
    """The access key of a license key."""

    class Meta:
        """A newer license_service may say more."""

        unknown = EXCLUDE

    key_id = UuidText(required=True)
    version = fields.Integer(required=True, metadata={"description": "Of the license key's record."})
    access_key = fields.String(required=True, metadata={"description": "The text that is pasted at the site."})


class ValidationSchema(Schema):
    """An access key that was pasted at a site, and the organization that the site connects to."""

    class Meta:
        """A field that is not known is refused (T45)."""

        unknown = RAISE

    organization_id = UuidText(required=True)
    registration = fields.String(
        required=True,
        validate=validate.OneOf([_ACTIVATED, "pending"]),
        metadata={"description": "How the registration of the organization stands."},
    )
    access_key = fields.String(
        required=True,
        metadata={"description": "In either case, with or without white space and hyphens."},
    )


class ValidatedSchema(Schema):
    """The license key behind an access key."""

    class Meta:
        """As AccessKeySchema."""

        unknown = EXCLUDE

    key_id = UuidText(required=True)
    organization_id = UuidText(required=True)
    active = fields.Boolean(
        required=True,
        attribute="is_active",
        metadata={"description": "False when the license key is suspended, revoked, replaced or expired."},
    )


def access_key_routes(
    database: Database, guard: BearerGuard, now: Callable[[], datetime], signing_keys: KeyFolder
) -> ApiBlueprint:
    routes = ApiBlueprint("access_keys", __name__, url_prefix="/v1", description="Access keys of license keys")

    @routes.route("/license-keys/<uuid:key_id>/access-key", methods=["GET"])
    @guard.requires(LICENSES_READ, LICENSE)
    @unless_known(routes)
    @routes.response(
        200,
        AccessKeySchema,
        example={**_KEY, "version": 3, "access_key": TEXT_EXAMPLE},
        description="The text, the same until the license key changes",
    )
    @refuses(routes, KeyNotFoundError, KeyNotActiveError)
    @routes.doc(operationId="read_access_key", security=[{"bearer": [LICENSES_READ]}, {"bearer": [LICENSE]}])
    def read(key_id: UUID) -> SignedAccessKey:
        """Read the access key of a license key.

        A device reads those of its own organization.
        """
        return sign_access_key(database, signing_keys, str(key_id), visible_to=visible_organization())

    @routes.route("/access-key-validations", methods=["POST"])
    @guard.requires(ENTITLEMENTS)
    @routes.arguments(ValidationSchema, example={**_OWNER, "registration": _ACTIVATED, "access_key": TEXT_EXAMPLE})
    @idempotent(routes, database, now)
    @routes.response(
        200, ValidatedSchema, example={**_KEY, **_OWNER, "active": True}, description="It is of the organization"
    )
    @refuses(routes, *_REASONS, body=True)
    @routes.doc(operationId="validate_access_key", security=[{"bearer": [ENTITLEMENTS]}])
    def check(body: dict[str, Any]) -> ValidatedAccessKey:
        """Validate an access key for an organization.

        Changes nothing. Each reason to refuse has a code of its own, for the audit; a stranger is told one for all but
        `group_not_activated`.
        """
        organization = OrganizationFacts(body["organization_id"], is_activated=body["registration"] == _ACTIVATED)
        return validate_access_key(database, signing_keys, organization, body["access_key"], now=now())

    return routes
