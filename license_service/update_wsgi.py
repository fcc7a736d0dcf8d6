"""The WSGI entry of the update service: `gunicorn license_service.update_wsgi:app`."""

import os

from license_service.endpoints.update_manifest import UpdateService
from license_service.storage.update_folder import UpdateFolder
from license_service.update_settings import load_update_settings
from wire.serving.logs import configure_logs

configure_logs()
app = UpdateService(UpdateFolder(load_update_settings(os.environ).folder))
