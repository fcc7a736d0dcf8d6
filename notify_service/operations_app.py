"""Build the Flask app of the operations port: the status page and the metrics, for whoever runs the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from database.errors import DatabaseUnavailableError
from notify_service.endpoints.ledger_metrics import LedgerMetrics
from notify_service.endpoints.status_page import status_routes
from wire.serving.metrics import metrics_routes
from wire.serving.operations_port import refuse_named_hosts
from wire.serving.problem_handler import install_problem_handler
from wire.serving.request_id import install_request_log

if TYPE_CHECKING:
    from notify_service.wiring import Wired


def create_operations_app(wired: Wired) -> Flask:
    """Build the app. It asks nobody for a token: who reaches its port may look."""
    app = Flask("notify_service", static_folder=None)
    install_request_log(app, "notify_service")
    refuse_named_hosts(app)
    app.register_blueprint(status_routes(wired.database, now=wired.office.now))
    app.register_blueprint(metrics_routes(LedgerMetrics(wired.database, wired.office.now)))
    install_problem_handler(app, unavailable=(DatabaseUnavailableError,))
    return app
