"""Build the Flask app: protocol endpoints, portal, health, and how failures are said."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask

from auth_service.authorization_server import AuthorizationServer
from auth_service.endpoints.device_authorization import device_authorization_routes
from auth_service.endpoints.failures import install_failures
from auth_service.endpoints.jwks import jwks_routes
from auth_service.endpoints.metadata import metadata_routes
from auth_service.endpoints.token import token_routes
from auth_service.portal.frame import error_page, install_portal
from wire.serving.health import health_routes
from wire.serving.request_id import install_request_log

if TYPE_CHECKING:
    from auth_service.wiring import Wired


def create_app(wired: Wired) -> Flask:
    """Build the app of one process."""
    app = Flask("auth_service", static_folder=None, static_url_path="/static")
    # Any other Host is refused: it must not steer links (T40).
    app.config["TRUSTED_HOSTS"] = [urlsplit(wired.settings.issuer).hostname, "127.0.0.1", "localhost"]
    install_request_log(app, "auth_service")
    server = AuthorizationServer(wired.protocol)
    protocol = [device_authorization_routes(server), token_routes(server)]
    for routes in (
        *protocol,
        metadata_routes(wired.settings.issuer),
        jwks_routes(wired.keys),
        health_routes({"database": wired.database.check, "redis": wired.redis.ping}),
    ):
        app.register_blueprint(routes)
    install_portal(app, wired.desk, wired.settings, exempt=protocol)
    install_failures(app, error_page)
    return app
