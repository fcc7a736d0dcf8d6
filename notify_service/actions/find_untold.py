"""Find which reminders are still to be told.

The ledger is asked before anybody else is asked for anything: a run that finds nothing new costs the others nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from notify_service.storage import calendar_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notify_service.actions.calendar_parts import CalendarParts
    from notify_service.domain.calendar import Reminder


def find_untold(parts: CalendarParts, reminders: Sequence[Reminder]) -> list[Reminder]:
    """Give those that were not told. Raises DatabaseUnavailableError."""
    with parts.database.reading() as connection:
        told = calendar_rows.told(connection, [each.occasion.about for each in reminders])
    return [each for each in reminders if each.occasion.about not in told]
