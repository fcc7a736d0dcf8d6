"""The API described: OpenAPI 3.1 at `/openapi.json`, and the same as a page at `/docs`, made here without any script.

Whatever flask-smorest and webargs would answer to a bad request becomes our one kind of error (RFC 9457).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NoReturn

from flask import Blueprint, make_response, render_template
from flask_smorest import Api
from flask_smorest import Blueprint as ApiBlueprint
from marshmallow import Schema, fields
from webargs.flaskparser import FlaskParser

from wire.problem import PROBLEM_TYPE
from wire.serving.problem_handler import ProblemError

if TYPE_CHECKING:
    from flask import Flask, Response
    from marshmallow import ValidationError

API_VERSION: Final = "1"
PAGE_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class ProblemSchema(Schema):
    """A problem document (RFC 9457); `code` is for machines, `errors` names the fields at fault."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    errors = fields.Dict()


class ProblemParser(FlaskParser):
    """Ends in a problem document that names each argument at fault."""

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:  # noqa: ANN401 - webargs' signature
        """Raise ProblemError 422."""
        # webargs groups by the place of the argument: {"query": {"id": […]}}.
        (errors,) = error.messages_dict.values()
        raise ProblemError(
            422, "invalid_parameters", "Some parameters are missing or wrong: see errors.", errors=errors
        ) from error


class ProblemBlueprint(ApiBlueprint):
    """A group of routes whose arguments are parsed so."""

    ARGUMENTS_PARSER = ProblemParser()


class ProblemApi(Api):
    """flask-smorest's description, with problem documents as the errors described."""

    def _register_pagination_header(self) -> None:
        # No answer here has pages.
        pass

    def _register_responses(self) -> None:
        described = {status.name: status.phrase for status in HTTPStatus} | {"DEFAULT_ERROR": "Any other error"}
        for name, description in described.items():
            response = {"description": description, "content": {PROBLEM_TYPE: {"schema": ProblemSchema}}}
            self.spec.components.response(name, response, lazy=True)


def describe_api(app: Flask, public_url: str) -> ProblemApi:
    """Serve `/openapi.json` and `/docs`, and give the Api on which the described routes are registered."""
    app.config.update(
        API_TITLE="Tillpass notify_service",
        API_VERSION=API_VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        API_SPEC_OPTIONS={
            "info": {"description": "The state of the emails that the services of Tillpass asked for."},
            "servers": [{"url": public_url}],
            "components": {
                "securitySchemes": {"access_token": {"type": "http", "scheme": "bearer", "bearerFormat": "at+jwt"}}
            },
        },
    )
    api = ProblemApi(app)
    app.register_blueprint(_page(api))
    return api


def _page(api: ProblemApi) -> Blueprint:
    page = Blueprint(
        "docs", __name__, template_folder="templates", static_folder="static", static_url_path="/docs/static"
    )

    @page.get("/docs")
    def docs() -> Response:
        response = make_response(render_template("docs.html", spec=api.spec.to_dict()))
        response.headers.update(PAGE_HEADERS)
        return response

    return page
