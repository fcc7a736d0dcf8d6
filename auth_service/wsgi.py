"""The entry of a gunicorn worker."""

from __future__ import annotations

import os

from auth_service.app import create_app
from auth_service.settings import load_settings
from auth_service.wiring import wire_up
from wire.serving.logs import configure_logs

configure_logs()
app = create_app(wire_up(load_settings(os.environ)))
