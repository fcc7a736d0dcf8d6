"""The gunicorn entry of the Manage License page (`gunicorn pos_client.wsgi:app`), with what is done daily beside it.

One worker: more would each run the refresh, and the lock would let only one of them do anything.
"""

from __future__ import annotations

import atexit
import logging
import os

from pos_client.app import create_app
from pos_client.daily_refresh import DailyRefresh
from pos_client.daily_update_check import DailyUpdateCheck
from pos_client.settings import load_settings
from pos_client.wiring import wire_up

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

_wired = wire_up(load_settings(os.environ))
app = create_app(_wired)

_daily_refresh = DailyRefresh(_wired.device_license)
_daily_refresh.start()
atexit.register(_daily_refresh.stop)
if _wired.update_check is not None:
    DailyUpdateCheck(_wired.update_check).start()
