"""The process `license-service deliver-webhooks`: sends what is due, looks which days have come, forgets what is old.

Any number may run at a time; what one is at, the others leave alone.
"""

from __future__ import annotations

import logging
import signal
import threading
from itertools import count
from typing import TYPE_CHECKING, Final

from database.errors import DatabaseUnavailableError
from license_service.actions.deliver_webhooks import deliver_webhooks
from license_service.actions.raise_dated_events import raise_dated_events
from license_service.actions.sweep_webhooks import sweep_webhooks
from license_service.wiring import delivery_parts
from wire.serving.logs import configure_logs

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from license_service.actions.deliver_webhooks import DeliveryParts
    from license_service.wiring import Wired

PAUSE_SECONDS: Final = 1.0
ROUNDS_A_LOOK: Final = 60

_log = logging.getLogger(__name__)


def keep_delivering(wired: Wired, _asked: argparse.Namespace) -> None:
    """Go on until told to stop by SIGTERM or SIGINT. Raises WebhooksNotSetUpError."""
    configure_logs()
    parts = delivery_parts(wired)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _log.info("webhook delivery started")
    deliver_until(parts, stop.wait)


def deliver_until(parts: DeliveryParts, wait: Callable[[float], bool]) -> None:
    """Do round after round; `wait` waits that many seconds, or less when it is told to stop, and then gives True."""
    for round_number in count():
        sent = 0
        try:
            sent = deliver_webhooks(parts)
            if round_number % ROUNDS_A_LOOK == 0:
                _look(parts)
        except DatabaseUnavailableError as fault:
            _log.warning("the database is away; webhooks wait", extra={"reason": str(fault)})
        # Where something was sent, more may be due.
        if wait(0 if sent else PAUSE_SECONDS):
            break


def _look(parts: DeliveryParts) -> None:
    while raise_dated_events(parts.database, now=parts.now()):
        pass
    sweep_webhooks(parts.database, now=parts.now())
