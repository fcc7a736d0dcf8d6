"""Build the Flask app: routes, the one error handler, the request log, and the headers of every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Flask

from database.errors import DatabaseUnavailableError
from license_service.endpoints.devices import device_routes
from license_service.endpoints.licenses import license_routes
from license_service.endpoints.refusals import install_refusals
from wire.scopes import LICENSE_AUDIENCE
from wire.serving.api_document import About, document_api
from wire.serving.health import health_routes
from wire.serving.problem_handler import install_problem_handler
from wire.serving.request_id import install_request_log

if TYPE_CHECKING:
    from flask import Response

    from license_service.settings import Settings
    from license_service.wiring import Wired

# What a device may use is nobody's to keep (T33); the one page loads its own style and nothing else (T42, T43).
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


def create_app(settings: Settings, wired: Wired) -> Flask:
    app = Flask("license_service", static_folder=None)
    app.config["TRUSTED_HOSTS"] = [settings.public_host, "127.0.0.1", "localhost"]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    api = document_api(app, _about(settings))
    # After the API, whose own handler of HTTP errors this takes the place of.
    install_problem_handler(app, unavailable=(DatabaseUnavailableError,))
    install_refusals(app)
    install_request_log(app, "license_service")
    api.register_blueprint(device_routes(wired.database, wired.guard, wired.now))
    api.register_blueprint(license_routes(wired.database, wired.guard, wired.now))
    app.register_blueprint(
        health_routes({"database": wired.database.check, "keys": lambda: wired.keys.key("readiness")})
    )
    app.after_request(_protect)
    return app


def _about(settings: Settings) -> About:
    return About(
        title="Tillpass License service",
        description="Who was sold what, which device holds a seat, and until when.",
        audience=LICENSE_AUDIENCE,
        public_url=settings.public_url,
        issuer=settings.issuer,
    )


def _protect(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers[name] = value
    return response
