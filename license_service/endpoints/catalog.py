"""The catalog: components and licensing profiles, kept by the vendor's tools (S2-23)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import RAISE, Schema, fields, post_load, validate

from license_service.actions.add_component import add_component
from license_service.actions.add_profile import add_profile
from license_service.actions.list_components import list_components
from license_service.actions.list_profiles import list_profiles
from license_service.domain.catalog import Component, Profile
from license_service.domain.errors import CodeTakenError, UnknownComponentError
from license_service.domain.page import Page
from license_service.endpoints.idempotency import idempotent
from license_service.endpoints.paging import CodesPageQuerySchema, PageSchema, page_document, page_example
from license_service.endpoints.refusals import refuses
from license_service.endpoints.request_parser import ApiBlueprint
from license_service.endpoints.texts import LONGEST_NAME, all_different, code_text, each_component_once, label_text
from wire.scopes import LICENSE, LICENSES_READ, LICENSES_WRITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from database.engine import Database
    from wire.serving.bearer import BearerGuard

MOST_FEATURES: Final = 32
MOST_COMPONENTS: Final = 100

_COMPONENT_EXAMPLE: Final = {"code": "kds", "name": "Kitchen display"}
_PROFILE_EXAMPLE: Final = {
    "code": "premium",
    "name": "Premium",
    "components": [{"component_code": "xms", "features": ["xms", "loyalty"]}],
}

_READERS: Final = [{"bearer": [LICENSES_READ]}, {"bearer": [LICENSE]}]


class ComponentSchema(Schema):
    """One thing that is sold by seats."""

    class Meta:
        """A field that is not known is refused (T45)."""

        unknown = RAISE

    code = code_text(required=True)
    name = label_text(LONGEST_NAME, required=True)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> Component:
        return Component(**values)


class ComponentPageSchema(PageSchema):
    """Components, by their codes."""

    items = fields.List(fields.Nested(ComponentSchema), required=True)


class ProfileFeaturesSchema(Schema):
    """The features that a profile gives for one component."""

    class Meta:
        """As ComponentSchema."""

        unknown = RAISE

    component_code = code_text(required=True)
    features = fields.List(
        code_text(),
        required=True,
        validate=[validate.Length(max=MOST_FEATURES), all_different],
        metadata={"uniqueItems": True},
    )


class ProfileSchema(Schema):
    """A licensing profile; a component that is not named gets no features by it."""

    class Meta:
        """As ComponentSchema."""

        unknown = RAISE

    code = code_text(required=True)
    name = label_text(LONGEST_NAME, required=True)
    components = fields.List(
        fields.Nested(ProfileFeaturesSchema),
        required=True,
        validate=[validate.Length(max=MOST_COMPONENTS), each_component_once],
    )

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> Profile:
        features = {each["component_code"]: tuple(each["features"]) for each in values["components"]}
        return Profile(values["code"], values["name"], features)


class ProfilePageSchema(PageSchema):
    """Licensing profiles, by their codes."""

    items = fields.List(fields.Nested(ProfileSchema), required=True)


def component_routes(database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint("components", __name__, url_prefix="/v1/components", description="What is sold by seats")

    @routes.route("", methods=["POST"])
    @guard.requires(LICENSES_WRITE)
    @routes.arguments(ComponentSchema, example=_COMPONENT_EXAMPLE)
    @idempotent(routes, database, now)
    @routes.response(201, ComponentSchema, example=_COMPONENT_EXAMPLE, description="Added")
    @refuses(routes, CodeTakenError, body=True)
    @routes.doc(operationId="add_component", security=[{"bearer": [LICENSES_WRITE]}])
    def add(component: Component) -> Component:
        """Add a component to the catalog."""
        add_component(database, component)
        return component

    @routes.route("", methods=["GET"])
    @guard.requires(LICENSES_READ, LICENSE)
    @routes.arguments(CodesPageQuerySchema, location="query")
    @routes.response(200, ComponentPageSchema, example=page_example(_COMPONENT_EXAMPLE), description="By their codes")
    @refuses(routes, query=True)
    @routes.doc(operationId="list_components", security=_READERS)
    def every(query: dict[str, Any]) -> dict[str, Any]:
        """List the components of the catalog."""
        return page_document(list_components(database, **query))

    return routes


def profile_routes(database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint("profiles", __name__, url_prefix="/v1/profiles", description="Which features are given")

    @routes.route("", methods=["POST"])
    @guard.requires(LICENSES_WRITE)
    @routes.arguments(ProfileSchema, example=_PROFILE_EXAMPLE)
    @idempotent(routes, database, now)
    @routes.response(201, ProfileSchema, example=_PROFILE_EXAMPLE, description="Added")
    @refuses(routes, CodeTakenError, UnknownComponentError, body=True)
    @routes.doc(operationId="add_profile", security=[{"bearer": [LICENSES_WRITE]}])
    def add(profile: Profile) -> dict[str, Any]:
        """Add a licensing profile to the catalog."""
        add_profile(database, profile)
        return profile_document(profile)

    @routes.route("", methods=["GET"])
    @guard.requires(LICENSES_READ, LICENSE)
    @routes.arguments(CodesPageQuerySchema, location="query")
    @routes.response(200, ProfilePageSchema, example=page_example(_PROFILE_EXAMPLE), description="By their codes")
    @refuses(routes, query=True)
    @routes.doc(operationId="list_profiles", security=_READERS)
    def every(query: dict[str, Any]) -> dict[str, Any]:
        """List the licensing profiles of the catalog."""
        profiles = list_profiles(database, **query)
        return page_document(Page(map(profile_document, profiles), profiles.end))

    return routes


def profile_document(profile: Profile) -> dict[str, Any]:
    """Give a profile as ProfileSchema dumps it."""
    components = [{"component_code": code, "features": list(each)} for code, each in sorted(profile.features.items())]
    return {"code": profile.code, "name": profile.name, "components": components}
