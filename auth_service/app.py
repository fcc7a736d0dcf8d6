"""Build the app of one process: the protocol and the portal, two Flask apps that are told apart by the path.

Sign-in, form tokens and cookies work by hooks that run at every request of their app; a POS server that polls has no
use for them, and pays nothing for them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import Flask

from auth_service.authorization_server import AuthorizationServer
from auth_service.endpoints.device_authorization import device_authorization_routes
from auth_service.endpoints.direct_answers import DirectAnswers
from auth_service.endpoints.failures import install_failures
from auth_service.endpoints.introspection import introspection_routes
from auth_service.endpoints.jwks import JWKS_PATH, jwks_routes
from auth_service.endpoints.metadata import METADATA_PATH, metadata_routes
from auth_service.endpoints.pending_poll_gate import PendingPollGate
from auth_service.endpoints.ready_documents import ReadyDocuments
from auth_service.endpoints.recipients import recipient_routes
from auth_service.endpoints.registrations import registration_routes
from auth_service.endpoints.revocation import revocation_routes
from auth_service.endpoints.status_lists import status_list_routes
from auth_service.endpoints.token import token_routes
from auth_service.portal.frame import error_page, install_portal, install_security_headers
from wire.scopes import AUTH_AUDIENCE
from wire.serving.bearer import BearerGuard
from wire.serving.health import health_routes
from wire.serving.problem_handler import http_problem_response
from wire.serving.redis_fitness import check_redis
from wire.serving.request_id import install_request_log
from wire.status_list import STATUS_LIST_PATH
from wire.token_verification import TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auth_service.wiring import Wired
    from wire.serving.request_body import Application

PROTOCOL_PATHS: Final = ("/oauth/", "/v1/", "/.well-known/", STATUS_LIST_PATH, "/healthz", "/readyz")


def create_app(wired: Wired) -> Flask:
    """Build the app of one process; it is the portal's, with the protocol's in front of it."""
    portal = _new_app(wired)
    install_portal(portal, wired.desk, wired.settings)
    install_failures(portal, error_page)
    protocol = _new_app(wired)
    server = AuthorizationServer(wired.protocol)
    _install_protocol(protocol, wired, server)
    protocol.wsgi_app = DirectAnswers(protocol, server)  # type: ignore[method-assign]
    protocol.wsgi_app = PendingPollGate(protocol, server)  # type: ignore[method-assign]
    install_failures(protocol, http_problem_response)
    versions = {METADATA_PATH: lambda: "", JWKS_PATH: lambda: wired.keys.published.etag}
    protocol.wsgi_app = ReadyDocuments(protocol, protocol.wsgi_app, versions)  # type: ignore[method-assign]
    portal.wsgi_app = _by_path(protocol.wsgi_app, portal.wsgi_app)  # type: ignore[method-assign, assignment]
    return portal


def _new_app(wired: Wired) -> Flask:
    app = Flask("auth_service", static_folder=None, static_url_path="/static")
    # Any other Host is refused: it must not steer links (T40).
    app.config["TRUSTED_HOSTS"] = [urlsplit(wired.settings.issuer).hostname, "127.0.0.1", "localhost"]
    # A redirect to the tidy address would lead to the Host and scheme that the request itself says (T40).
    app.url_map.merge_slashes = False
    install_request_log(app, "auth_service")
    install_security_headers(app, wired.settings)
    return app


def _install_protocol(app: Flask, wired: Wired, server: AuthorizationServer) -> None:
    for routes in (
        device_authorization_routes(server),
        token_routes(server),
        revocation_routes(server),
        introspection_routes(server),
        registration_routes(wired.registering, wired.protocol.proxies, wired.protocol.now),
        status_list_routes(wired.status_lists, wired.settings.issuer, wired.protocol.now),
        metadata_routes(wired.settings.issuer),
        jwks_routes(wired.keys),
        recipient_routes(wired.database, _guard(wired)),
        health_routes({"database": wired.database.check, "redis": partial(check_redis, wired.redis)}),
    ):
        app.register_blueprint(routes)


def _guard(wired: Wired) -> BearerGuard:
    verifier = TokenVerifier(keys=wired.keys, issuer=wired.settings.issuer, audience=AUTH_AUDIENCE)
    return BearerGuard(verifier, wired.protocol.proofs, wired.settings.issuer)


def _by_path(protocol: Application, portal: Application) -> Application:
    def told_apart(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI's own
        chosen = protocol if environ["PATH_INFO"].startswith(PROTOCOL_PATHS) else portal
        return chosen(environ, start_response)

    return told_apart
