"""An API's OpenAPI 3.1 document at `/openapi.json`, and a page at `/docs` that shows it without scripts.

Both services that have an API describe it with this, so that who has read one page can read the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, render_template
from flask_smorest import Api
from markupsafe import Markup, escape
from marshmallow import EXCLUDE, Schema, fields

from wire.problem import PROBLEM_TYPE, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask import Flask, Response

ANY_ROUTE: Final = (
    Problem(401, "missing_token", "Send an access token as a bearer token."),
    Problem(401, "invalid_token", "The token has expired."),
    Problem(403, "insufficient_scope", "The token lacks the scope that this operation needs."),
    Problem(503, "temporarily_unavailable", "Something we need does not answer. Try again soon."),
)
"""The problems that any route behind a BearerGuard can end in."""

_DESCRIPTIONS: Final = {
    400: "The body is not JSON",
    401: "No good access token (RFC 6750 §3)",
    403: "The access token lacks the scope, or is a device's",
    404: "Not there",
    409: "Refused as the records stand",
    412: "The record was changed since it was read; `ETag` has its version",
    413: "The body is over 64 KiB",
    415: "The body does not say that it is JSON",
    422: "Something that was given is missing, wrong, unknown or given twice",
    428: "The request does not say which version of the record it is to change",
    503: "The database or the issuer's keys cannot be had; `Retry-After` says when to try again",
}
# No answer is anybody's to keep (T33); the one page loads its own style and nothing else (T42, T43).
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class ProblemSchema(Schema):
    """A problem document (RFC 9457 §3.1) with the extensions `code` and `errors` (§3.2)."""

    class Meta:
        """Readers pass over members that they do not know (§3.2)."""

        unknown = EXCLUDE

    type = fields.String(required=True, metadata={"description": "Always `about:blank`: the status says the type."})
    title = fields.String(required=True, metadata={"description": "The status in words."})
    status = fields.Integer(required=True, metadata={"description": "The HTTP status."})
    detail = fields.String(required=True, metadata={"description": "What was wrong and what to do, for people."})
    code = fields.String(required=True, metadata={"description": "Stable, for machines."})
    errors = fields.Dict(metadata={"description": "For each field that is wrong, what is wrong with it."})


@dataclass(frozen=True, slots=True)
class About:
    """What a service says of its API."""

    title: str
    description: str
    audience: str
    """What `aud` of an access token must hold."""
    public_url: str
    issuer: str
    """Where callers get their tokens."""


class DocumentedApi(Api):  # type: ignore[misc] # flask-smorest ships no types
    """Documents the errors that a route names, and no default one beside them."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None


def document_api(app: Flask, about: About) -> DocumentedApi:
    """Serve the document of the routes that are registered with what this gives back, and its page.

    Every answer of `app` gets the headers that keep it out of caches, frames and other types.
    """
    app.config.update(
        API_TITLE=about.title,
        API_VERSION=version("tillpass"),
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={"servers": [{"url": about.public_url}], "info": {"description": about.description}},
    )
    api = DocumentedApi(app)
    # flask-smorest describes its pagination in every document; no answer of ours has it.
    del api.spec.components.schemas["PaginationMetadata"]
    security = (
        f"An access token (RFC 9068) of auth_service whose audience holds `{about.audience}`; each operation names "
        "the scope it needs. A device's token opens only what its scope `license` is named for, and shows its own "
        "organization there: what belongs to another is answered as what is not there."
    )
    scheme = {"type": "http", "scheme": "bearer", "bearerFormat": "at+jwt", "description": security}
    api.spec.components.security_scheme("bearer", scheme)
    app.register_blueprint(_page_routes(about, api.spec.to_dict))
    app.after_request(_protect)
    return api


def problem_answers(problems: Iterable[Problem]) -> dict[int, dict[str, Any]]:
    """Give the document's part about the problems that an operation can end in, by status and in its order."""
    answers: dict[int, dict[str, Any]] = {}
    for problem in sorted(problems, key=lambda problem: problem.status):
        content = {PROBLEM_TYPE: {"schema": ProblemSchema, "examples": {}}}
        answer = answers.setdefault(problem.status, {"description": _DESCRIPTIONS[problem.status], "content": content})
        answer["content"][PROBLEM_TYPE]["examples"][problem.code] = {"value": problem.document()}
    return answers


def _page_routes(about: About, document: Callable[[], dict[str, Any]]) -> Blueprint:
    routes = Blueprint("docs", __name__, template_folder="templates", static_folder="static", url_prefix="/docs")

    @routes.get("")
    def page() -> str:
        return render_template("api_document.html", about=about, document=document(), words=_words)

    return routes


def _protect(response: Response) -> Response:
    response.headers.update(_HEADERS)
    return response


def _words(text: str) -> Markup:
    """Show what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just before
