"""Build the Flask app: routes, the one error handler and the request log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from database.errors import DatabaseUnavailableError
from license_service.actions.check_in import CheckInParts
from license_service.domain.errors import SigningKeyUnavailableError
from license_service.endpoints.access_groups import access_group_routes
from license_service.endpoints.access_keys import access_key_routes
from license_service.endpoints.access_migrations import access_migration_routes
from license_service.endpoints.agreements import agreement_routes
from license_service.endpoints.catalog import component_routes, profile_routes
from license_service.endpoints.check_ins import check_in_routes
from license_service.endpoints.devices import device_routes
from license_service.endpoints.license_key_changes import license_key_change_routes
from license_service.endpoints.license_keys import license_key_routes
from license_service.endpoints.refusals import install_refusals
from license_service.endpoints.reminders import reminder_routes
from license_service.endpoints.seats import seat_routes
from license_service.endpoints.signing_keys import JWKS_PATH, signing_key_routes
from license_service.endpoints.sites import site_routes
from license_service.endpoints.solutions_catalog import catalog_page_routes, catalog_routes
from license_service.endpoints.synchronizations import synchronization_routes
from license_service.endpoints.webhook_deliveries import webhook_delivery_routes
from license_service.endpoints.webhook_endpoints import webhook_endpoint_routes
from wire.scopes import LICENSE_AUDIENCE
from wire.serving.api_document import About, document_api
from wire.serving.health import health_routes
from wire.serving.problem_handler import install_problem_handler
from wire.serving.protected_resource import ProtectedResource, install_protected_resource
from wire.serving.request_id import install_request_log

if TYPE_CHECKING:
    from license_service.settings import Settings
    from license_service.wiring import Wired


def create_app(settings: Settings, wired: Wired) -> Flask:
    app = Flask("license_service", static_folder=None)
    app.config["TRUSTED_HOSTS"] = [settings.public_host, "127.0.0.1", "localhost"]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    api = document_api(app, _about(settings))
    # After the API, whose own handler of HTTP errors this takes the place of.
    install_problem_handler(app, unavailable=(DatabaseUnavailableError, SigningKeyUnavailableError))
    install_refusals(app)
    install_request_log(app, "license_service")
    install_protected_resource(app, _resource(settings))
    for routes in (
        device_routes,
        license_key_routes,
        license_key_change_routes,
        seat_routes,
        access_group_routes,
        access_migration_routes,
        agreement_routes,
        component_routes,
        profile_routes,
        site_routes,
        reminder_routes,
    ):
        api.register_blueprint(routes(wired.database, wired.guard, wired.now))
    for signing_routes in (access_key_routes, synchronization_routes):
        api.register_blueprint(signing_routes(wired.database, wired.guard, wired.now, wired.signing_keys))
    check_in_parts = CheckInParts(wired.database, wired.signing_keys, settings.public_url)
    api.register_blueprint(check_in_routes(check_in_parts, wired.guard, wired.now))
    app.register_blueprint(signing_key_routes(wired.signing_keys))
    api.register_blueprint(catalog_routes(wired.database))
    app.register_blueprint(catalog_page_routes(wired.database))
    for webhook_routes in (webhook_endpoint_routes, webhook_delivery_routes):
        api.register_blueprint(webhook_routes(wired.webhooks, wired.guard, wired.now))
    app.register_blueprint(
        health_routes({"database": wired.database.check, "keys": lambda: wired.keys.key("readiness")})
    )
    return app


def _resource(settings: Settings) -> ProtectedResource:
    return ProtectedResource(
        identifier=settings.public_url,
        issuer=settings.issuer,
        audience=LICENSE_AUDIENCE,
        name="Tillpass License service",
        jwks_uri=settings.public_url.rstrip("/") + JWKS_PATH,
    )


def _about(settings: Settings) -> About:
    return About(
        title="Tillpass License service",
        description="Who was sold what, which device holds a seat, and until when.",
        audience=LICENSE_AUDIENCE,
        public_url=settings.public_url,
        issuer=settings.issuer,
    )
