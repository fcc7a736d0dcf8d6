"""The Solutions Catalog, for everybody: a page at `/catalog` for people, `GET /v1/catalog` for programs (S2-23).

It says what is sold and nothing of who bought it, so no token is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, render_template
from marshmallow import EXCLUDE, Schema, fields

from license_service.actions.read_catalog import read_catalog
from license_service.endpoints.catalog import ComponentSchema, ProfileSchema, profile_document
from license_service.endpoints.entity_tags import unless_known
from license_service.endpoints.refusals import refuses
from license_service.endpoints.request_parser import ApiBlueprint

if TYPE_CHECKING:
    from database.engine import Database

CATALOG_PATH: Final = "/catalog"
_EXAMPLE: Final = {
    "components": [{"code": "kds", "name": "Kitchen display"}, {"code": "xms", "name": "XMS"}],
    "profiles": [
        {
            "code": "premium",
            "name": "Premium",
            "components": [{"component_code": "xms", "features": ["xms", "loyalty"]}],
        }
    ],
}


class CatalogSchema(Schema):
    """Every component and every licensing profile, by their codes."""

    class Meta:
        """A newer license_service may say more."""

        unknown = EXCLUDE

    components = fields.List(fields.Nested(ComponentSchema), required=True)
    profiles = fields.List(
        fields.Nested(ProfileSchema),
        required=True,
        metadata={"description": "Each with the features that it gives for a component."},
    )


def catalog_routes(database: Database) -> ApiBlueprint:
    routes = ApiBlueprint("solutions_catalog", __name__, url_prefix="/v1/catalog", description="What is sold")

    @routes.route("", methods=["GET"])
    @unless_known(routes)
    @routes.response(200, CatalogSchema, example=_EXAMPLE, description="The whole catalog")
    @refuses(routes, public=True)
    @routes.doc(operationId="read_catalog", security=[])
    def read() -> dict[str, Any]:
        """Read the Solutions Catalog: which features a component has under each licensing profile."""
        found = read_catalog(database)
        return {"components": found.components, "profiles": [profile_document(each) for each in found.profiles]}

    return routes


def catalog_page_routes(database: Database) -> Blueprint:
    """Make the page, which looks as `/docs` does."""
    routes = Blueprint("catalog_page", __name__, template_folder="templates")

    @routes.get(CATALOG_PATH)
    def page() -> str:
        return render_template("solutions_catalog.html", catalog=read_catalog(database))

    return routes
