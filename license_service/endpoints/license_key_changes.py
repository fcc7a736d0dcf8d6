"""What the vendor's tools change of a license key: ID #, status, date and contents (S2-17, S2-24, S3-16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from flask import url_for

from license_service.actions.edit_id_number import edit_id_number
from license_service.actions.reinstate_key import reinstate_key
from license_service.actions.renew_key import renew_key
from license_service.actions.replace_key import replace_key
from license_service.actions.revoke_key import revoke_key
from license_service.actions.suspend_key import suspend_key
from license_service.actions.switch_key import switch_key
from license_service.domain.errors import (
    IdNumberTakenError,
    KeyEndedError,
    KeyNotFoundError,
    KeyStatusError,
    RenewalDateError,
    SeatsInUseError,
    UnknownComponentError,
    UnknownProfileError,
)
from license_service.endpoints.entity_tags import if_match, tagged
from license_service.endpoints.idempotency import idempotent
from license_service.endpoints.license_key_documents import (
    KEY_EXAMPLE,
    TERMS_EXAMPLE,
    IdNumberSchema,
    KeyContentsSchema,
    KeyTermsSchema,
    LicenseKeySchema,
    RenewalSchema,
    key_values,
    seats_of,
)
from license_service.endpoints.refusals import LOCATION, refuses
from license_service.endpoints.request_parser import ApiBlueprint
from wire.scopes import LICENSES_WRITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from database.engine import Database
    from license_service.domain.license_key import KeyTerms
    from wire.serving.bearer import BearerGuard

_CONTENTS_EXAMPLE: Final = {name: TERMS_EXAMPLE[name] for name in ("profile_code", "components")}


def license_key_change_routes(database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint(
        "license_key_changes", __name__, url_prefix="/v1/license-keys", description="Changes of license keys"
    )
    _add_moves(routes, database, guard, now)
    _add_edits(routes, database, guard, now)
    _add_replacement(routes, database, guard, now)
    return routes


def _add_moves(routes: ApiBlueprint, database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> None:
    @routes.route("/<uuid:key_id>/suspend", methods=["POST"])
    @guard.requires(LICENSES_WRITE)
    @idempotent(routes, database, now)
    @if_match(routes)
    @tagged(routes)
    @routes.response(200, LicenseKeySchema, example=KEY_EXAMPLE, description="The license key")
    @refuses(routes, KeyNotFoundError, KeyStatusError)
    @routes.doc(operationId="suspend_key", security=[{"bearer": [LICENSES_WRITE]}])
    def suspend(key_id: UUID, expected_version: int) -> dict[str, Any]:
        """Suspend a license key: nobody may use it until it is reinstated."""
        at = now()
        return key_values(suspend_key(database, str(key_id), now=at, expected_version=expected_version), at)

    @routes.route("/<uuid:key_id>/reinstate", methods=["POST"])
    @guard.requires(LICENSES_WRITE)
    @idempotent(routes, database, now)
    @if_match(routes)
    @tagged(routes)
    @routes.response(200, LicenseKeySchema, example=KEY_EXAMPLE, description="The license key")
    @refuses(routes, KeyNotFoundError, KeyStatusError)
    @routes.doc(operationId="reinstate_key", security=[{"bearer": [LICENSES_WRITE]}])
    def reinstate(key_id: UUID, expected_version: int) -> dict[str, Any]:
        """Reinstate a license key that was suspended."""
        return key_values(reinstate_key(database, str(key_id), now=now(), expected_version=expected_version), now())

    @routes.route("/<uuid:key_id>/revoke", methods=["POST"])
    @guard.requires(LICENSES_WRITE)
    @idempotent(routes, database, now)
    @if_match(routes)
    @tagged(routes)
    @routes.response(200, LicenseKeySchema, example=KEY_EXAMPLE, description="The license key")
    @refuses(routes, KeyNotFoundError, KeyStatusError)
    @routes.doc(operationId="revoke_key", security=[{"bearer": [LICENSES_WRITE]}])
    def revoke(key_id: UUID, expected_version: int) -> dict[str, Any]:
        """Revoke a license key for good; its seats are released."""
        at = now()
        return key_values(revoke_key(database, str(key_id), now=at, expected_version=expected_version), at)


def _add_edits(routes: ApiBlueprint, database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> None:
    @routes.route("/<uuid:key_id>", methods=["PATCH"])
    @guard.requires(LICENSES_WRITE)
    @routes.arguments(IdNumberSchema, example={"id_number": "Shops south"})
    @if_match(routes)
    @tagged(routes)
    @routes.response(200, LicenseKeySchema, example=KEY_EXAMPLE, description="The license key")
    @refuses(routes, KeyNotFoundError, KeyStatusError, IdNumberTakenError, body=True)
    @routes.doc(operationId="edit_id_number", security=[{"bearer": [LICENSES_WRITE]}])
    def edit(body: dict[str, Any], key_id: UUID, expected_version: int) -> dict[str, Any]:
        """Change the ID # of a license key, and nothing else."""
        return key_values(
            edit_id_number(database, str(key_id), body["id_number"], expected_version=expected_version), now()
        )

    @routes.route("/<uuid:key_id>/renew", methods=["POST"])
    @guard.requires(LICENSES_WRITE)
    @routes.arguments(RenewalSchema, example={"renewal_date": "2028-01-31"})
    @idempotent(routes, database, now)
    @if_match(routes)
    @tagged(routes)
    @routes.response(200, LicenseKeySchema, example=KEY_EXAMPLE, description="The license key")
    @refuses(routes, KeyNotFoundError, KeyStatusError, KeyEndedError, RenewalDateError, body=True)
    @routes.doc(operationId="renew_key", security=[{"bearer": [LICENSES_WRITE]}])
    def renew(body: dict[str, Any], key_id: UUID, expected_version: int) -> dict[str, Any]:
        """Renew a license key in place, on or before its renewal date.

        After that date it has ended, and is replaced instead.
        """
        renewed_at = now()
        return key_values(
            renew_key(database, str(key_id), body["renewal_date"], now=renewed_at, expected_version=expected_version),
            renewed_at,
        )

    @routes.route("/<uuid:key_id>/switch", methods=["POST"])
    @guard.requires(LICENSES_WRITE)
    @routes.arguments(KeyContentsSchema, example=_CONTENTS_EXAMPLE)
    @idempotent(routes, database, now)
    @if_match(routes)
    @tagged(routes)
    @routes.response(200, LicenseKeySchema, example=KEY_EXAMPLE, description="The license key")
    @refuses(
        routes, KeyNotFoundError, KeyStatusError, UnknownProfileError, UnknownComponentError, SeatsInUseError, body=True
    )
    @routes.doc(operationId="switch_key", security=[{"bearer": [LICENSES_WRITE]}])
    def switch(body: dict[str, Any], key_id: UUID, expected_version: int) -> dict[str, Any]:
        """Switch a license key to another profile or other components; one that is not named goes."""
        wanted = {**body, "now": now(), "expected_version": expected_version}
        return key_values(switch_key(database, str(key_id), seats=seats_of(wanted.pop("components")), **wanted), now())


def _add_replacement(routes: ApiBlueprint, database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> None:
    @routes.route("/<uuid:key_id>/replace", methods=["POST"])
    @guard.requires(LICENSES_WRITE)
    @routes.arguments(KeyTermsSchema, example=TERMS_EXAMPLE)
    @idempotent(routes, database, now)
    @if_match(routes)
    @tagged(routes)
    @routes.response(201, LicenseKeySchema, example=KEY_EXAMPLE, description="The new license key", headers=LOCATION)
    @refuses(
        routes,
        KeyNotFoundError,
        KeyStatusError,
        IdNumberTakenError,
        UnknownProfileError,
        UnknownComponentError,
        SeatsInUseError,
        body=True,
    )
    @routes.doc(operationId="replace_key", security=[{"bearer": [LICENSES_WRITE]}])
    def replace(terms: KeyTerms, key_id: UUID, expected_version: int) -> tuple[dict[str, Any], dict[str, str]]:
        """Replace a license key by a new one of the same agreement; its devices go on sitting on that."""
        replaced_at = now()
        key = replace_key(
            database, str(key_id), terms, new_key_id=str(uuid4()), now=replaced_at, expected_version=expected_version
        )
        return key_values(key, replaced_at), {"Location": url_for("license_keys.read", key_id=key.id)}
