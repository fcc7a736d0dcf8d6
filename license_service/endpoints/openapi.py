"""The OpenAPI 3.1 document at `/openapi.json`, and a page of our own at `/docs` that shows it without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, render_template
from flask_smorest import Api

from license_service.endpoints.refusals import ProblemSchema

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

_SECURITY: Final = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "at+jwt",
    "description": (
        "An access token (RFC 9068) of auth_service whose audience holds `license_service`; "
        "each operation names the scope it needs."
    ),
}


class DocumentedApi(Api):
    """Documents the errors that a route names, and no default one beside them."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None


def document_api(app: Flask, *, version: str, public_url: str) -> DocumentedApi:
    """Serve the document of the routes that are registered with what this gives back."""
    app.config.update(
        API_TITLE="Tillpass license service",
        API_VERSION=version,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "servers": [{"url": public_url}],
            "info": {"description": "Who was sold what, which device holds a seat, and until when."},
        },
    )
    api = DocumentedApi(app)
    # flask-smorest describes its pagination in every document; no answer of ours has it.
    del api.spec.components.schemas["PaginationMetadata"]
    api.spec.components.security_scheme("bearer", _SECURITY)
    return api


def docs_routes(document: Callable[[], dict[str, Any]]) -> Blueprint:
    """Make the route of the page that shows `document`."""
    routes = Blueprint("docs", __name__, template_folder="templates", static_folder="static", url_prefix="/docs")

    @routes.get("")
    def page() -> str:
        return render_template("docs.html", document=document())

    return routes
