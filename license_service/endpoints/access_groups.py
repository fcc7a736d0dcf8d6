"""Access groups: who at a site has access to which components of a license key (S2-25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from flask import url_for
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, post_load, validate

from license_service.actions.create_access_group import create_access_group
from license_service.actions.delete_access_group import delete_access_group
from license_service.actions.edit_access_group import edit_access_group
from license_service.actions.list_access_groups import list_access_groups
from license_service.actions.read_access_group import read_access_group
from license_service.domain.access_group import AccessTerms, Member, MemberKind
from license_service.domain.errors import (
    AccessGroupNotFoundError,
    ComponentNotOnKeyError,
    GroupNameTakenError,
    KeyNotFoundError,
    KeyNotRegisteredError,
    MemberElsewhereError,
    NoPlaceFreeError,
)
from license_service.domain.page import Page
from license_service.endpoints.entity_tags import if_match, tagged, unless_known
from license_service.endpoints.idempotency import idempotent
from license_service.endpoints.license_key_documents import MOST_COMPONENTS
from license_service.endpoints.paging import PageQuerySchema, PageSchema, page_document, page_example
from license_service.endpoints.refusals import LOCATION, refuses
from license_service.endpoints.request_parser import ApiBlueprint
from license_service.endpoints.tenancy import visible_organization
from license_service.endpoints.texts import UuidText, all_different, code_text, label_text
from wire.scopes import LICENSE, LICENSES_READ, LICENSES_WRITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from database.engine import Database
    from license_service.domain.access_group import AccessGroup
    from wire.serving.bearer import BearerGuard

MOST_MEMBERS: Final = 500

_TERMS_EXAMPLE: Final = {
    "name": "Front tills",
    "component_codes": ["xms"],
    "members": [
        {"kind": "register", "id": "R-01", "name": "Till 1"},
        {"kind": "user", "id": "maria.silva", "name": "Maria Silva"},
    ],
}
_NEW_EXAMPLE: Final = {"key_id": "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21", **_TERMS_EXAMPLE}
_EXAMPLE: Final = {
    "id": "c1b7a5de-3f7e-4d7b-8c53-2b9a6f0d4e31",
    "organization_id": "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11",
    **_NEW_EXAMPLE,
    "version": 1,
    "created_at": "2026-06-01T09:00:00+00:00",
}
_READERS: Final = [{"bearer": [LICENSES_READ]}, {"bearer": [LICENSE]}]
_WRITERS: Final = [{"bearer": [LICENSES_WRITE]}]
_REFUSALS: Final = (
    KeyNotRegisteredError,
    ComponentNotOnKeyError,
    GroupNameTakenError,
    MemberElsewhereError,
    NoPlaceFreeError,
)


def each_member_once(members: list[Member]) -> None:
    """Raise ValidationError when two entries are of one register or user."""
    if len({member.identity for member in members}) != len(members):
        raise ValidationError("Name each once.")


class MemberSchema(Schema):
    """A register or a user of the site."""

    class Meta:
        """A field that is not known is refused (T45)."""

        unknown = RAISE

    kind = fields.String(required=True, validate=validate.OneOf([each.value for each in MemberKind]))
    id = label_text(required=True, metadata={"description": "What the site knows it by."})
    name = label_text(required=True, metadata={"description": "What people call it."})

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> Member:
        return Member(MemberKind(values["kind"]), values["id"], values["name"])


class AccessTermsSchema(Schema):
    """What a person says of an access group."""

    class Meta:
        """As MemberSchema."""

        unknown = RAISE

    name = label_text(required=True, metadata={"description": "Unique on the license key."})
    component_codes = fields.List(
        code_text(),
        required=True,
        validate=[validate.Length(min=1, max=MOST_COMPONENTS), all_different],
        metadata={"uniqueItems": True, "description": "Components of the license key."},
    )
    members = fields.List(
        fields.Nested(MemberSchema),
        required=True,
        validate=[validate.Length(max=MOST_MEMBERS), each_member_once],
        metadata={"description": "Each has access to each of the components."},
    )

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> Any:  # noqa: ANN401 - AccessTerms here, more in a child
        return access_terms(values)


class NewAccessGroupSchema(AccessTermsSchema):
    """An access group to be created."""

    class Meta:
        """As MemberSchema."""

        unknown = RAISE

    key_id = UuidText(required=True)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> tuple[str, AccessTerms]:
        return values.pop("key_id"), access_terms(values)


class AccessGroupSchema(Schema):
    """An access group."""

    class Meta:
        """A newer license_service may say more."""

        unknown = EXCLUDE

    id = UuidText(required=True)
    key_id = UuidText(required=True)
    organization_id = UuidText(required=True)
    name = label_text(required=True)
    component_codes = fields.List(code_text(), required=True)
    members = fields.List(fields.Nested(MemberSchema), required=True)
    version = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True, format="iso")


class AccessGroupPageSchema(PageSchema):
    """Access groups, the oldest first."""

    class Meta:
        """As AccessGroupSchema."""

        unknown = EXCLUDE

    items = fields.List(fields.Nested(AccessGroupSchema), required=True)


class AccessGroupQuerySchema(PageQuerySchema):
    """Which access groups are listed."""

    class Meta:
        """As PageQuerySchema."""

        unknown = RAISE

    organization_id = UuidText()
    key_id = UuidText()


def access_terms(values: dict[str, Any]) -> AccessTerms:
    """Make the terms from what AccessTermsSchema has loaded."""
    return AccessTerms(values["name"], tuple(sorted(values["component_codes"])), tuple(values["members"]))


def group_values(group: AccessGroup) -> dict[str, Any]:
    """Give a group as AccessGroupSchema dumps it."""
    terms = group.terms
    return {
        "id": group.id,
        "key_id": group.key_id,
        "organization_id": group.organization_id,
        "name": terms.name,
        "component_codes": terms.component_codes,
        "members": terms.members,
        "version": group.version,
        "created_at": group.created_at,
    }


def access_group_routes(database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint(
        "access_groups", __name__, url_prefix="/v1/access-groups", description="Who has access to what of a license key"
    )
    _add_reads(routes, database, guard)
    _add_changes(routes, database, guard, now)
    return routes


def _add_reads(routes: ApiBlueprint, database: Database, guard: BearerGuard) -> None:
    @routes.route("", methods=["GET"])
    @guard.requires(LICENSES_READ, LICENSE)
    @routes.arguments(AccessGroupQuerySchema, location="query")
    @routes.response(200, AccessGroupPageSchema, example=page_example(_EXAMPLE), description="Perhaps none")
    @refuses(routes, query=True)
    @routes.doc(operationId="list_access_groups", security=_READERS)
    def every(query: dict[str, Any]) -> dict[str, Any]:
        """List access groups, the oldest first.

        A device is given those of its own organization.
        """
        groups = list_access_groups(database, **query, visible_to=visible_organization())
        return page_document(Page(map(group_values, groups), groups.end))

    @routes.route("/<uuid:group_id>", methods=["GET"])
    @guard.requires(LICENSES_READ, LICENSE)
    @unless_known(routes)
    @routes.response(200, AccessGroupSchema, example=_EXAMPLE, description="The access group")
    @refuses(routes, AccessGroupNotFoundError)
    @routes.doc(operationId="read_access_group", security=_READERS)
    def read(group_id: UUID) -> dict[str, Any]:
        """Read one access group."""
        return group_values(read_access_group(database, str(group_id), visible_to=visible_organization()))


def _add_changes(routes: ApiBlueprint, database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> None:
    @routes.route("", methods=["POST"])
    @guard.requires(LICENSES_WRITE)
    @routes.arguments(NewAccessGroupSchema, example=_NEW_EXAMPLE)
    @idempotent(routes, database, now)
    @tagged(routes)
    @routes.response(201, AccessGroupSchema, example=_EXAMPLE, description="Created", headers=LOCATION)
    @refuses(routes, KeyNotFoundError, *_REFUSALS, body=True)
    @routes.doc(operationId="create_access_group", security=_WRITERS)
    def create(asked: tuple[str, AccessTerms]) -> tuple[dict[str, Any], dict[str, str]]:
        """Create an access group on a license key that is registered.

        No component gets more members than it has seats, and no register or user is in two groups of a key.
        """
        key_id, terms = asked
        group = create_access_group(database, terms, key_id=key_id, group_id=str(uuid4()), now=now())
        return group_values(group), {"Location": url_for(".read", group_id=group.id)}

    @routes.route("/<uuid:group_id>", methods=["PUT"])
    @guard.requires(LICENSES_WRITE)
    @routes.arguments(AccessTermsSchema, example=_TERMS_EXAMPLE)
    @if_match(routes)
    @tagged(routes)
    @routes.response(200, AccessGroupSchema, example=_EXAMPLE, description="The access group")
    @refuses(routes, AccessGroupNotFoundError, *_REFUSALS, body=True)
    @routes.doc(operationId="edit_access_group", security=_WRITERS)
    def edit(terms: AccessTerms, group_id: UUID, expected_version: int) -> dict[str, Any]:
        """Give an access group another name, other components or other members: all of it is as said."""
        return group_values(edit_access_group(database, str(group_id), terms, expected_version=expected_version))

    @routes.route("/<uuid:group_id>", methods=["DELETE"])
    @guard.requires(LICENSES_WRITE)
    @if_match(routes)
    @routes.response(204, description="Deleted")
    @refuses(routes, AccessGroupNotFoundError)
    @routes.doc(operationId="delete_access_group", security=_WRITERS)
    def delete(group_id: UUID, expected_version: int) -> None:
        """Delete an access group; its members have no access by it any more."""
        delete_access_group(database, str(group_id), expected_version=expected_version)
