"""The migration of accesses when a license key was replaced or switched, and its preview (S2-24)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema

from license_service.actions.migrate_accesses import migrate_accesses
from license_service.domain.access_migration import MigrationWanted, Obstacle
from license_service.domain.errors import KeyNotFoundError, KeyNotRegisteredError, StalePreviewError
from license_service.endpoints.access_groups import MemberSchema
from license_service.endpoints.idempotency import idempotent
from license_service.endpoints.refusals import refuses
from license_service.endpoints.request_parser import ApiBlueprint
from license_service.endpoints.texts import UuidText, Whole, code_text, label_text
from wire.scopes import LICENSES_WRITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from database.engine import Database
    from license_service.domain.access_migration import AccessMigration, GroupMove
    from wire.serving.bearer import BearerGuard

_TO: Final = {"to_key_id": "2d1b8c3f-6a4e-4f0d-9b7c-5e8f1a2b3c4d"}
_STATE: Final = {"state": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"}
_TILL: Final = {"kind": "register", "id": "R-01", "name": "Till 1"}
_SECOND_TILL: Final = {"kind": "register", "id": "R-02", "name": "Till 2"}
_EXAMPLE: Final = {
    "key_id": "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21",
    **_TO,
    "preview": True,
    **_STATE,
    "groups": [
        {
            "access_group_id": "c1b7a5de-3f7e-4d7b-8c53-2b9a6f0d4e31",
            "name": "Front tills",
            "component_codes": ["xms"],
            "missing_component_codes": ["kds"],
            "moved": [_TILL],
            "left_behind": [{"member": _SECOND_TILL, "reason": "seats_too_few", "component_codes": ["xms"]}],
        }
    ],
}


class TrueOrFalse(fields.Boolean):
    """A boolean as JSON writes it: no word and no number stands for one."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:  # noqa: ANN401 - as marshmallow declares them
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return bool(super()._deserialize(value, *args, **kwargs))


class MigrationWantedSchema(Schema):
    """Where the accesses go, and whether that is to be shown or done.

    Without `to_key_id`: to the license key that replaced this one, or within this one after a switch.
    """

    class Meta:
        """A field that is not known is refused (T45)."""

        unknown = RAISE

    to_key_id = UuidText(load_default=None, allow_none=True)
    preview = TrueOrFalse(required=True, metadata={"description": "Only say what would be done."})
    state = fields.String(
        load_default=None,
        allow_none=True,
        validate=Whole("^[0-9a-f]{64}$", error="Must be the state that a preview gave."),
        metadata={"description": "What the preview gave; without a preview it must be there."},
    )

    @validates_schema
    def _check_state(self, values: dict[str, Any], **_: object) -> None:
        if not values["preview"] and values["state"] is None:
            raise ValidationError("Ask for a preview first, and send its state.", "state")

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> MigrationWanted:
        return MigrationWanted(values["to_key_id"], values["preview"], values["state"])


class LeftBehindSchema(Schema):
    """A member that does not move, and why."""

    class Meta:
        """A newer license_service may say more."""

        unknown = EXCLUDE

    member = fields.Nested(MemberSchema, required=True)
    reason = fields.String(required=True, validate=validate.OneOf([each.value for each in Obstacle]))
    component_codes = fields.List(code_text(), required=True, metadata={"description": "What the reason is about."})


class GroupMoveSchema(Schema):
    """What becomes of one access group."""

    class Meta:
        """As LeftBehindSchema."""

        unknown = EXCLUDE

    access_group_id = UuidText(required=True)
    name = label_text(required=True)
    component_codes = fields.List(
        code_text(), required=True, metadata={"description": "To which the members that move have access afterwards."}
    )
    missing_component_codes = fields.List(
        code_text(), required=True, metadata={"description": "Components of the group that the other key lacks."}
    )
    moved = fields.List(fields.Nested(MemberSchema), required=True)
    left_behind = fields.List(fields.Nested(LeftBehindSchema), required=True)


class AccessMigrationSchema(Schema):
    """What is done with the accesses of a license key, or would be."""

    class Meta:
        """As LeftBehindSchema."""

        unknown = EXCLUDE

    key_id = UuidText(required=True)
    to_key_id = UuidText(required=True)
    preview = fields.Boolean(required=True)
    state = fields.String(required=True, metadata={"description": "Of the records that this was decided on."})
    groups = fields.List(fields.Nested(GroupMoveSchema), required=True)


def migration_values(migration: AccessMigration, *, is_preview: bool) -> dict[str, Any]:
    """Give a migration as AccessMigrationSchema dumps it."""
    return {
        "key_id": migration.key_id,
        "to_key_id": migration.to_key_id,
        "preview": is_preview,
        "state": migration.state,
        "groups": [_move_values(move) for move in migration.moves],
    }


def access_migration_routes(database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint(
        "access_migrations", __name__, url_prefix="/v1/license-keys", description="When a key changes"
    )

    @routes.route("/<uuid:key_id>/access-migrations", methods=["POST"])
    @guard.requires(LICENSES_WRITE)
    @routes.arguments(MigrationWantedSchema, example={**_TO, "preview": True})
    @idempotent(routes, database, now)
    @routes.response(200, AccessMigrationSchema, example=_EXAMPLE, description="What was done, or would be")
    @refuses(routes, KeyNotFoundError, KeyNotRegisteredError, StalePreviewError, body=True)
    @routes.doc(operationId="migrate_accesses", security=[{"bearer": [LICENSES_WRITE]}])
    def migrate(wanted: MigrationWanted, key_id: UUID) -> dict[str, Any]:
        """Move the access groups of a license key to the one that replaced it, or fit them to what a switch left.

        A preview says exactly what would move, what would not and why; sent again with its `state`, exactly that is
        done, or 412 when a key or a group was changed in between.
        """
        done = migrate_accesses(database, str(key_id), wanted, new_id=lambda: str(uuid4()), now=now())
        return migration_values(done, is_preview=wanted.is_preview)

    return routes


def _move_values(move: GroupMove) -> dict[str, Any]:
    left = [
        {"member": each.member, "reason": each.obstacle.value, "component_codes": each.component_codes}
        for each in move.left
    ]
    return {
        "access_group_id": move.group.id,
        "name": move.group.terms.name,
        "component_codes": move.moving.component_codes,
        "missing_component_codes": move.missing,
        "moved": move.moving.members,
        "left_behind": left,
    }
