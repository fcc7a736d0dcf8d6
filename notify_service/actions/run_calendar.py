"""Run the whole calendar now, whether it is due or not: when what kept it from its work is set right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from notify_service.actions.run_scan import run_scan
from notify_service.actions.scan_contacts import scan_contacts
from notify_service.actions.scan_over_counts import scan_over_counts
from notify_service.actions.scan_renewals import scan_renewals
from notify_service.actions.write_vendor_digest import write_vendor_digest
from notify_service.storage import scans

if TYPE_CHECKING:
    from collections.abc import Callable

    from notify_service.actions.calendar_parts import CalendarParts

_SCANS: Final[dict[str, Callable[[CalendarParts], None]]] = {
    "scan_renewals": scan_renewals,
    "scan_contacts": scan_contacts,
    "scan_over_counts": scan_over_counts,
    "write_vendor_digest": write_vendor_digest,
}


def run_calendar(parts: CalendarParts) -> bool:
    """Run each part that nobody is at, and tell whether all of the work was done. Raises DatabaseUnavailableError."""
    with parts.database.transaction() as connection:
        scans.make_due(connection, now=parts.now())
    done = [run_scan(parts, name, scan) for name, scan in _SCANS.items()]
    return all(done)
