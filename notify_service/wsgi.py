"""Gunicorn entry of the status API."""

from __future__ import annotations

import os

from notify_service.app import create_app
from notify_service.settings import load_settings
from notify_service.wiring import wire_up
from wire.serving.logs import configure_logs

configure_logs()
app = create_app(wire_up(load_settings(os.environ)))
