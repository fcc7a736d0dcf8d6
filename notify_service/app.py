"""Build the Flask app of the status API."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask

from database.errors import DatabaseUnavailableError
from notify_service.domain.errors import NotificationNotFoundError, ResendRefusedError
from notify_service.endpoints.notifications import notification_routes
from notify_service.endpoints.resend import resend_routes
from notify_service.endpoints.sending import sending_routes
from wire.problem import Problem
from wire.scopes import NOTIFY_AUDIENCE
from wire.serving.api_document import About, document_api
from wire.serving.health import health_routes
from wire.serving.problem_handler import install_problem_handler, problem_response
from wire.serving.protected_resource import ProtectedResource, install_protected_resource
from wire.serving.request_id import install_request_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response

    from notify_service.domain.errors import NotifyError
    from notify_service.wiring import Wired


def create_app(wired: Wired) -> Flask:
    """Build the app; only requests to the public URL's host, or to loopback, are answered."""
    app = Flask("notify_service", static_folder=None)
    app.config["TRUSTED_HOSTS"] = [urlsplit(wired.public_url).hostname, "127.0.0.1", "localhost", "[::1]"]
    app.json.sort_keys = False  # type: ignore[attr-defined] # of Flask's DefaultJSONProvider
    install_request_log(app, "notify_service")
    install_protected_resource(app, _resource(wired))
    api = document_api(app, _about(wired))
    api.register_blueprint(notification_routes(wired.database, wired.guard))
    for routes in (resend_routes, sending_routes):
        api.register_blueprint(routes(wired.database, wired.guard, now=wired.office.now))
    app.register_blueprint(health_routes(wired.readiness_checks))
    # After flask-smorest, whose own handler it replaces.
    install_problem_handler(app, unavailable=(DatabaseUnavailableError,))
    app.register_error_handler(NotificationNotFoundError, _refusal(404))
    app.register_error_handler(ResendRefusedError, _refusal(409))
    return app


def _resource(wired: Wired) -> ProtectedResource:
    return ProtectedResource(
        identifier=wired.public_url,
        issuer=wired.issuer,
        audience=NOTIFY_AUDIENCE,
        name="Tillpass Notify service",
    )


def _about(wired: Wired) -> About:
    return About(
        title="Tillpass Notify service",
        description="The state of the emails that the services of Tillpass asked for.",
        audience=NOTIFY_AUDIENCE,
        public_url=wired.public_url,
        issuer=wired.issuer,
    )


def _refusal(status: int) -> Callable[[NotifyError], Response]:
    def answer(fault: NotifyError) -> Response:
        return problem_response(Problem(status=status, code=fault.code, detail=str(fault)))

    return answer
