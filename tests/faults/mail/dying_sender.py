"""`python -m tests.faults.mail.dying_sender RECIPIENT`: commit a change with its email, and die at once."""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from uuid import uuid4

from auth_service.storage.outbox import add_outgoing
from database.engine import Database
from tests.notify_service.doubles import context
from wire.notification_message import NotificationMessage, seal_message

if __name__ == "__main__":
    told = context(devices_url=f"{os.environ['AUTH_ISSUER']}/devices")
    message = NotificationMessage(id=uuid4(), template="device_authorized", recipient=sys.argv[1], context=told)
    sealed = seal_message(message, os.environ["AUTH_NOTIFICATION_KEY"])
    with Database(os.environ["AUTH_DATABASE_URL"]).transaction() as connection:
        add_outgoing(connection, message, sealed, datetime.now(UTC))
    os.kill(os.getpid(), signal.SIGKILL)
