"""The entry of a gunicorn worker."""

from __future__ import annotations

import logging
import os

from sqlalchemy.exc import SQLAlchemyError

from auth_service.actions.record_settings import record_settings
from auth_service.app import create_app
from auth_service.settings import load_settings
from auth_service.wiring import utc_now, wire_up
from database.errors import DatabaseError
from wire.serving.logs import configure_logs

configure_logs()
_wired = wire_up(load_settings(os.environ))
try:
    record_settings(_wired.database, _wired.settings, now=utc_now())
except (DatabaseError, SQLAlchemyError) as fault:
    # The service starts all the same, and says itself by /readyz that its database is away.
    logging.getLogger(__name__).warning("the settings could not be recorded", extra={"reason": str(fault)})
app = create_app(_wired)
