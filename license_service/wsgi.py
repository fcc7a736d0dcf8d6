"""The WSGI entry: `gunicorn license_service.wsgi:app`."""

import os

from license_service.app import create_app
from license_service.settings import load_settings
from license_service.wiring import wire_up
from wire.serving.logs import configure_logs

configure_logs()
_settings = load_settings(os.environ)
app = create_app(_settings, wire_up(_settings))
