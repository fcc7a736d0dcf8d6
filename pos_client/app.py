"""Build the Flask app that serves the Manage License page: its session, its guards and its plain error pages."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import Flask, Response, redirect, render_template, request, url_for
from flask_bootstrap import Bootstrap5
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import BadRequest, HTTPException, SecurityError

from pos_client.errors import StateError
from pos_client.manage_license.page import manage_license_routes

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from pos_client.wiring import Wired

LARGEST_BODY: Final = 16 * 1024
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}

_log = logging.getLogger(__name__)


def create_app(wired: Wired) -> Flask:
    """Build the app around the parts. Raises StateError when the page's secret cannot be kept."""
    app = Flask("pos_client", static_folder=None, static_url_path="/static", template_folder=None)
    public_url = urlsplit(wired.settings.public_url)
    app.config.update(
        SECRET_KEY=wired.store.page_secret(),
        TRUSTED_HOSTS=[public_url.hostname],
        # Cookies are shared by all ports of a host, so the name is our own.
        SESSION_COOKIE_NAME="tillpass_pos",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=public_url.scheme == "https",
        # The token lives as long as its session: a page left open overnight still works.
        WTF_CSRF_TIME_LIMIT=None,
        BOOTSTRAP_SERVE_LOCAL=True,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        MAX_FORM_PARTS=16,
    )
    Bootstrap5(app)
    app.before_request(_read_the_body)
    CSRFProtect(app)
    app.register_blueprint(manage_license_routes(wired.device_license, wired.update_check))
    app.add_url_rule("/", view_func=_to_the_page, endpoint="root", methods=["GET"])
    app.add_url_rule("/healthz", view_func=_alive, endpoint="healthz", methods=["GET"])
    app.after_request(_guard)
    _install_problem_pages(app)
    return app


def _to_the_page() -> AnyResponse:
    return redirect(url_for("manage_license.show"))


def _alive() -> dict[str, str]:
    return {"status": "alive"}


def _read_the_body() -> None:
    # It is small, so it is read whole, and here: the WSGI server's own errors over a malformed body (bad chunks, an
    # early end) have no class in common, and nothing of ours runs in between.
    try:
        request.get_data()
    except HTTPException:
        raise
    except Exception as fault:
        raise BadRequest("The body of the request is malformed.") from fault


def _guard(response: Response) -> Response:
    response.headers.update(_HEADERS)
    if request.endpoint is None or not request.endpoint.endswith(".static"):
        response.headers["Cache-Control"] = "no-store"
    return response


def _install_problem_pages(app: Flask) -> None:
    app.register_error_handler(SecurityError, _from_foreign_host)
    app.register_error_handler(CSRFError, _from_csrf)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(StateError, _from_state)
    app.register_error_handler(Exception, _from_anything)


def _problem(status: int, title: str, sentence: str | None = None) -> Response:
    return Response(render_template("manage_license/problem.html", title=title, sentence=sentence), status=status)


def _from_foreign_host(_error: SecurityError) -> Response:
    # Without a host that we trust no address can be built, and so no styled page.
    return Response("This is not the address of the Manage License page.\n", status=400, mimetype="text/plain")


def _from_csrf(_error: CSRFError) -> Response:
    sentence = "The request did not come from a page of this server, or that page is too old. Go back and try again."
    return _problem(400, "Please try again", sentence)


def _from_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status in {404, 405}:
        response = _problem(status, "There is no such page")
    else:
        response = _problem(status, error.name, error.description)
    if status == 405:
        response.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
    return response


def _from_state(error: StateError) -> Response:
    _log.error("the state cannot be used: %s", error)
    return _problem(503, "The license cannot be read or changed at the moment", str(error))


def _from_anything(error: Exception) -> Response:
    number = uuid.uuid4().hex
    _log.error("unexpected error %s", number, exc_info=error)
    return _problem(500, "Something went wrong", f"This is our fault. Quote this number to us: {number}")
