"""Runs of the calendar over a real ledger: each occasion once, what is no longer so is cancelled, faults stay small."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from notify_service.actions.deliver_notification import deliver_notification
from notify_service.actions.run_calendar import run_calendar
from notify_service.actions.run_scan import LONGEST_RUN
from notify_service.actions.scan_contacts import scan_contacts
from notify_service.actions.scan_over_counts import scan_over_counts
from notify_service.actions.scan_renewals import scan_renewals
from notify_service.actions.write_vendor_digest import write_vendor_digest
from notify_service.domain.errors import RunTooLongError, ServerUnreachableError, ServiceAwayError
from notify_service.domain.limit import LIMITS
from notify_service.domain.notification import State
from notify_service.domain.page import NotificationsWanted
from notify_service.storage.notification_pages import list_page
from notify_service.storage.tables import notifications as ledger
from tests.notify_service.calendar_doubles import ORGANIZATION, OTHER_ORGANIZATION
from tests.notify_service.doubles import NOW, OWNER
from wire.calendar_records import DueRenewal, MissingContact, OrganizationRecipients, OverCount
from wire.notification_message import open_message

if TYPE_CHECKING:
    from notify_service.actions.calendar_parts import CalendarParts
    from notify_service.actions.post_office import PostOffice
    from notify_service.domain.notification import Notification
    from tests.notify_service.calendar_doubles import Licenses, Organizations
    from tests.notify_service.doubles import Clock, Letterbox

DAY = timedelta(days=1)
TODAY = NOW.date()
KEY = DueRenewal("key-1", ORGANIZATION, "Shops north", TODAY + 7 * DAY, NOW - 300 * DAY)
SILENT = MissingContact("device-1", ORGANIZATION, NOW - 3 * DAY)
OVER = OverCount(ORGANIZATION, "xms", NOW - DAY, 5, 6, NOW + 13 * DAY)


def rows(parts: CalendarParts) -> list[Notification]:
    with parts.database.reading() as connection:
        ids = list(connection.execute(select(ledger.c.id).order_by(ledger.c.about, ledger.c.recipient)).scalars())
        found = {
            row.id: row for row in list_page(connection, NotificationsWanted(ids=list(ids), limit=200)).notifications
        }
    return [found[one] for one in ids]


def states(parts: CalendarParts) -> list[State]:
    return [row.state for row in rows(parts)]


def said(parts: CalendarParts, row: Notification) -> dict[str, Any]:
    return dict(open_message(row.sealed or "", parts.notification_key).context)


def test_a_renewal_that_comes_near_is_told_to_every_owner(
    parts: CalendarParts, licenses: Licenses, organizations: Organizations
) -> None:
    """S3-16: sealed as a message from the queue is, in the organization's language."""
    owners = (OWNER, "second@shop.example")
    organizations.known[ORGANIZATION] = replace(organizations.known[ORGANIZATION], owners=owners)
    licenses.due = [KEY]

    scan_renewals(parts)

    first, second = rows(parts)
    assert (first.recipient, second.recipient) == owners
    assert (first.template, first.state, first.attempts) == ("requires_renewal", State.QUEUED, 0)
    assert first.message_id == f"<{first.id}@tillpass.example>"
    message = open_message(first.sealed or "", parts.notification_key)
    assert (str(message.id), message.locale, message.organization_id) == (first.id, "es", ORGANIZATION)
    assert message.context == {
        "organization_name": "Corner Shops",
        "id_number": "Shops north",
        "renewal_date": KEY.renewal_date,
        "days_left": 7,
        "portal_url": "http://127.0.0.1:8001",
    }


def test_an_expired_license_is_told(parts: CalendarParts, licenses: Licenses) -> None:
    """S3-17."""
    licenses.due = [replace(KEY, renewal_date=TODAY - DAY)]

    scan_renewals(parts)

    (row,) = rows(parts)
    assert row.template == "license_expired"
    assert "days_left" not in said(parts, row)


def test_a_device_that_is_silent_is_told_by_its_name(parts: CalendarParts, licenses: Licenses) -> None:
    """S1-6; and one that has no name any more by its id."""
    nameless = replace(SILENT, device_id="device-2", last_contact_at=NOW - 8 * DAY)
    licenses.missing = [nameless, SILENT]

    scan_contacts(parts)

    first, second = (said(parts, row) for row in rows(parts))
    assert (first["device_name"], first["days"], first["deactivated"]) == ("Till 1", 3, False)
    assert first["last_contact_at"] == SILENT.last_contact_at
    assert (second["device_name"], second["days"], second["deactivated"]) == ("device-2", 8, True)


def test_an_organization_whose_line_is_cut_is_not_buried_in_emails(
    parts: CalendarParts, licenses: Licenses, organizations: Organizations, clock: Clock
) -> None:
    """T54: twenty devices a day, the deactivated first; another organization is not held up."""
    silent = [replace(SILENT, device_id=f"device-{number:02}") for number in range(30)]
    dark = replace(SILENT, device_id="dark", last_contact_at=NOW - 8 * DAY)
    elsewhere = replace(SILENT, organization_id=OTHER_ORGANIZATION)
    licenses.missing = [*silent, dark, elsewhere]
    licenses.page = 40
    owners = (OWNER, "second@shop.example")
    organizations.known[ORGANIZATION] = replace(organizations.known[ORGANIZATION], owners=owners)
    for _ in range(2):
        scan_contacts(parts)

    told = [row for row in rows(parts) if row.organization_id == ORGANIZATION]
    assert len({row.about for row in told}) == 20
    assert len(told) == 40
    assert any("/dark/" in str(row.about) for row in told)
    assert len(rows(parts)) == 41
    clock.pass_by(days=1, seconds=1)
    scan_contacts(parts)

    assert len({row.about for row in rows(parts) if row.organization_id == ORGANIZATION}) == 31


def test_reminders_count_for_the_limits_as_all_emails_do(
    parts: CalendarParts, licenses: Licenses, clock: Clock
) -> None:
    """T54: what goes over one waits, and is cancelled when it is no longer so."""
    limited = replace(parts, limits=replace(LIMITS, address=replace(LIMITS.address, most=1)))
    licenses.due = [KEY, replace(KEY, key_id="key-2", renewal_date=TODAY + 8 * DAY)]

    scan_renewals(limited)

    assert states(parts) == [State.QUEUED, State.DEFERRED]
    assert rows(parts)[1].fault == "over_limit"
    licenses.due = licenses.due[:1]
    scan_renewals(limited)
    assert states(parts) == [State.QUEUED, State.CANCELLED]


def test_an_over_count_is_told_at_its_beginning_only(parts: CalendarParts, licenses: Licenses, clock: Clock) -> None:
    """S1-11."""
    licenses.over = [OVER]
    scan_over_counts(parts)
    clock.pass_by(days=1)
    licenses.over = [replace(OVER, seats_in_use=9)]

    scan_over_counts(parts)

    (row,) = rows(parts)
    assert (said(parts, row)["used"], said(parts, row)["allowed_until"]) == (6, OVER.until)


def test_the_vendors_staff_is_told_the_numbers_once_a_day(
    parts: CalendarParts, organizations: Organizations, clock: Clock
) -> None:
    organizations.vendor = ["staff@vendor.example", "more@vendor.example"]
    clock.now = NOW.replace(hour=5)
    write_vendor_digest(parts)
    assert rows(parts) == []

    clock.now = NOW
    for _ in range(3):
        write_vendor_digest(parts)
        clock.pass_by(hours=1)

    assert len(rows(parts)) == 2
    assert said(parts, rows(parts)[0]) == {
        "day": TODAY,
        "renewals_due": 4,
        "expired": 3,
        "dark": 2,
        "over_count": 1,
        "failed_emails": 0,
        "portal_url": "http://127.0.0.1:8001",
    }
    clock.pass_by(days=1)
    write_vendor_digest(parts)
    # Yesterday's numbers that still waited are of no use today.
    assert sorted(states(parts)) == [State.CANCELLED, State.CANCELLED, State.QUEUED, State.QUEUED]


def test_without_vendor_staff_nobody_is_told_and_nothing_is_asked(parts: CalendarParts, licenses: Licenses) -> None:
    licenses.away_after = 0

    write_vendor_digest(parts)

    assert rows(parts) == []


@pytest.mark.parametrize("times", [2, 5])
def test_a_run_that_is_repeated_writes_nothing_and_asks_nobody(
    parts: CalendarParts, licenses: Licenses, organizations: Organizations, times: int
) -> None:
    """F12, F25."""
    licenses.due, licenses.missing, licenses.over = [KEY], [SILENT], [OVER]
    for _ in range(times):
        for scan in (scan_renewals, scan_contacts, scan_over_counts):
            scan(parts)

    assert len(rows(parts)) == 3
    assert len(organizations.asked) == 4


def test_nights_that_were_missed_are_caught_up_by_the_newest_window(
    parts: CalendarParts, licenses: Licenses, clock: Clock
) -> None:
    """Not one email for each window that was crossed meanwhile."""
    licenses.due = [replace(KEY, renewal_date=TODAY + 30 * DAY)]
    scan_renewals(parts)
    clock.pass_by(days=25)

    scan_renewals(parts)

    windows = [row.about.rpartition("/")[2] for row in rows(parts) if row.about is not None]
    assert sorted(windows) == ["30", "7"]


def test_what_is_no_longer_so_is_cancelled_while_it_waits(
    parts: CalendarParts, office: PostOffice, licenses: Licenses, letterbox: Letterbox, clock: Clock
) -> None:
    """F25, S1-8: renewed, revoked, back in contact, or told anew by a later window."""
    revoked = replace(KEY, key_id="key-2")
    licenses.due, licenses.missing, licenses.over = [KEY, revoked], [SILENT], [OVER]
    for scan in (scan_renewals, scan_contacts, scan_over_counts):
        scan(parts)
    letterbox.fault = ServerUnreachableError("away")
    deliver_notification(office, rows(parts)[0].id)
    clock.pass_by(days=1)

    licenses.due = [replace(KEY, renewal_date=TODAY + 365 * DAY)]
    licenses.missing, licenses.over = [replace(SILENT, last_contact_at=NOW)], []
    for scan in (scan_renewals, scan_contacts, scan_over_counts):
        scan(parts)

    assert states(parts) == [State.CANCELLED] * 4
    assert {row.sealed for row in rows(parts)} == {None}
    letterbox.fault = None
    assert deliver_notification(office, rows(parts)[0].id) is None
    assert len(letterbox.emails) == 1


def test_an_earlier_window_that_still_waits_gives_way_to_the_later(
    parts: CalendarParts, licenses: Licenses, clock: Clock
) -> None:
    licenses.due = [KEY]
    scan_renewals(parts)
    clock.pass_by(days=6)

    scan_renewals(parts)

    assert {row.about.rpartition("/")[2]: row.state for row in rows(parts) if row.about is not None} == {
        "7": State.CANCELLED,
        "1": State.QUEUED,
    }


def test_what_was_sent_stays_sent(
    parts: CalendarParts, office: PostOffice, licenses: Licenses, letterbox: Letterbox
) -> None:
    licenses.due = [KEY]
    scan_renewals(parts)
    deliver_notification(office, rows(parts)[0].id)
    licenses.due = []
    scan_renewals(parts)
    licenses.due = [KEY]

    scan_renewals(parts)

    assert states(parts) == [State.SENT]
    assert len(letterbox.emails) == 1


def test_what_was_cancelled_and_is_so_again_is_told(parts: CalendarParts, licenses: Licenses) -> None:
    """A key that was suspended and reinstated, or an answer that was wrong for an hour, loses no email."""
    licenses.due = [KEY]
    scan_renewals(parts)
    before = rows(parts)[0]
    licenses.due = []
    scan_renewals(parts)
    assert states(parts) == [State.CANCELLED]
    licenses.due = [KEY]

    scan_renewals(parts)

    (row,) = rows(parts)
    assert (row.state, row.id, row.message_id, row.smtp_answer) == (State.QUEUED, before.id, before.message_id, None)
    assert said(parts, row)["days_left"] == 7


def test_while_license_service_is_away_nothing_is_cancelled_and_the_next_run_catches_up(
    parts: CalendarParts, licenses: Licenses
) -> None:
    """What is not listed because nobody answers may well be so."""
    keys = [replace(KEY, key_id=f"key-{number}") for number in range(4)]
    licenses.due = keys[:1]
    scan_renewals(parts)
    licenses.due, licenses.away_after = keys[1:], 1

    with pytest.raises(ServiceAwayError):
        scan_renewals(parts)

    assert states(parts) == [State.QUEUED] * 3
    licenses.due, licenses.away_after = keys, None
    scan_renewals(parts)
    assert states(parts) == [State.QUEUED] * 4


def test_while_auth_service_is_away_the_run_ends_and_the_next_one_catches_up(
    parts: CalendarParts, licenses: Licenses, organizations: Organizations
) -> None:
    licenses.due, organizations.away = [KEY, replace(KEY, organization_id=OTHER_ORGANIZATION)], True
    with pytest.raises(ServiceAwayError):
        scan_renewals(parts)
    assert rows(parts) == []
    assert len(organizations.asked) == 1

    organizations.away = False
    scan_renewals(parts)

    assert len(rows(parts)) == 2


def test_one_organization_s_fault_does_not_stop_the_others(
    parts: CalendarParts, licenses: Licenses, organizations: Organizations, caplog: pytest.LogCaptureFixture
) -> None:
    del organizations.known[ORGANIZATION]
    elsewhere = replace(KEY, organization_id=OTHER_ORGANIZATION)
    licenses.due, licenses.missing = [KEY, elsewhere], [SILENT, replace(SILENT, organization_id=OTHER_ORGANIZATION)]

    scan_renewals(parts)
    scan_contacts(parts)

    assert [row.recipient for row in rows(parts)] == ["other@shop.example"] * 2
    assert "an organization is passed over" in caplog.text
    organizations.known[ORGANIZATION] = OrganizationRecipients("Corner Shops", "es", (OWNER,))
    scan_renewals(parts)
    assert len(rows(parts)) == 3


def test_an_owner_who_cannot_be_written_to_does_not_keep_it_from_the_others(
    parts: CalendarParts, licenses: Licenses, organizations: Organizations
) -> None:
    """T51."""
    owners = ("owner@shop.example\r\nBcc: x@y.example", OWNER)
    organizations.known[ORGANIZATION] = replace(organizations.known[ORGANIZATION], owners=owners)
    licenses.due = [KEY]

    scan_renewals(parts)

    assert [row.recipient for row in rows(parts)] == [OWNER]


def test_a_run_ends_before_its_lease_and_keeps_what_it_did(
    parts: CalendarParts, licenses: Licenses, organizations: Organizations, clock: Clock
) -> None:
    """F39: it looks at the clock after each organization."""
    both = (ORGANIZATION, OTHER_ORGANIZATION)
    licenses.due = [replace(KEY, key_id=f"key-{number}", organization_id=both[number % 2]) for number in range(6)]
    whole = organizations.recipients

    def slowly(organization_id: str) -> OrganizationRecipients:
        clock.pass_by(seconds=LONGEST_RUN.total_seconds())
        return whole(organization_id)

    organizations.recipients = slowly  # type: ignore[method-assign]

    with pytest.raises(RunTooLongError):
        scan_renewals(parts)

    assert len(rows(parts)) == 1
    organizations.recipients = whole  # type: ignore[method-assign]
    scan_renewals(parts)
    assert len(rows(parts)) == 6


def test_the_whole_calendar_is_run_when_somebody_says_so(
    parts: CalendarParts, licenses: Licenses, organizations: Organizations
) -> None:
    organizations.vendor = ["staff@vendor.example"]
    assert run_calendar(parts)
    licenses.due, licenses.missing, licenses.over = [KEY], [SILENT], [OVER]

    assert run_calendar(parts)

    told = {"requires_renewal", "contact_missing", "over_count", "vendor_digest"}
    assert {row.template for row in rows(parts)} == told
    licenses.away_after = 0
    assert not run_calendar(parts)
