"""Cancel the emails of the calendar that still wait and are about something that is no longer so (F25).

Renewed, back in contact, revoked, or told anew by a later window. Only after a run that saw all there is.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from notify_service.storage import calendar_rows, notifications
from notify_service.storage.calendar_rows import NO_LONGER_SO

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from notify_service.actions.calendar_parts import CalendarParts

_log = logging.getLogger(__name__)


def cancel_untrue(parts: CalendarParts, templates: Sequence[str], so: Collection[str]) -> int:
    """Cancel those of these templates whose occasion is not among `so`, and give how many there were.

    What is being sent at this moment is not held back. Raises DatabaseUnavailableError.
    """
    with parts.database.reading() as connection:
        waiting = calendar_rows.waiting(connection, templates)
    untrue = [one for one, about in waiting.items() if about not in so]
    if not untrue:
        return 0
    with parts.database.transaction() as connection:
        cancelled = [
            one for one in untrue if notifications.cancel(connection, one, now=parts.now(), reason=NO_LONGER_SO)
        ]
    for one in cancelled:
        _log.info("notification cancelled", extra={"notification_id": one, "reason": "no longer so"})
    return len(cancelled)
