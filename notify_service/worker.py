"""Celery entry: `celery -A notify_service.worker worker` and `celery -A notify_service.worker beat`."""

from __future__ import annotations

import os

from notify_service.beat_thread import add_beat_thread
from notify_service.celery_app import create_celery
from notify_service.schedule import CALENDAR_SCHEDULE, SCHEDULE, leased_scheduler
from notify_service.settings import load_settings
from notify_service.wiring import wire_up

_settings = load_settings(os.environ)
_wired = wire_up(_settings)
app = create_celery(_settings.redis_url, _wired.office, _wired.calendar)
app.conf.beat_schedule = SCHEDULE if _wired.calendar is None else {**SCHEDULE, **CALENDAR_SCHEDULE}
app.conf.beat_scheduler = leased_scheduler(_wired.database, _wired.office.now)
add_beat_thread(app)
