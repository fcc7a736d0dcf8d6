"""Send one notification of the ledger, if it is anybody's turn to (F09 … F12, F25, F34, F38).

The lease is taken and the outcome settled in a transaction each; between them no transaction is open, so a slow mail
server holds no lock. Whoever does not get the lease does nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify_service.actions.make_attempt import make_attempt
from notify_service.actions.take_notification import take_notification

if TYPE_CHECKING:
    from notify_service.actions.post_office import PostOffice
    from notify_service.domain.errors import DeliveryError


def deliver_notification(office: PostOffice, notification_id: str) -> DeliveryError | None:
    """Try once to send it. Gives the fault that ended the attempt; None when it was sent, or is not to be sent now.

    Raises DatabaseUnavailableError; the lease then runs out, and a redrive takes the notification up again.
    """
    attempt = take_notification(office, notification_id)
    return None if attempt is None else make_attempt(office, attempt)
