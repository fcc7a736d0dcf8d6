"""Gunicorn entry: the status API, and what is for whoever runs the service at the operations port."""

from __future__ import annotations

import os

from notify_service.app import create_app
from notify_service.operations_app import create_operations_app
from notify_service.settings import load_settings
from notify_service.wiring import wire_up
from wire.serving.logs import configure_logs
from wire.serving.operations_port import on_operations_port

configure_logs()
_settings = load_settings(os.environ)
_wired = wire_up(_settings)
app = on_operations_port(create_app(_wired), create_operations_app(_wired), _settings.operations_port)
