"""The calendar with doubles of the services that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from notify_service.actions.calendar_parts import CalendarParts
from tests.notify_service.calendar_doubles import ORGANIZATION, OTHER_ORGANIZATION, Licenses, Organizations
from tests.notify_service.doubles import OWNER, SENDER
from wire.calendar_records import OrganizationRecipients

if TYPE_CHECKING:
    from database.engine import Database
    from tests.notify_service.doubles import Clock, Sender


@pytest.fixture
def licenses() -> Licenses:
    return Licenses()


@pytest.fixture
def organizations() -> Organizations:
    return Organizations(
        known={
            ORGANIZATION: OrganizationRecipients("Corner Shops", "es", (OWNER,)),
            OTHER_ORGANIZATION: OrganizationRecipients("Other Shops", "en", ("other@shop.example",)),
        },
        names={"device-1": "Till 1"},
    )


@pytest.fixture
def parts(
    database: Database, licenses: Licenses, organizations: Organizations, sender: Sender, clock: Clock
) -> CalendarParts:
    return CalendarParts(
        database=database,
        licenses=licenses,
        organizations=organizations,
        notification_key=sender.key,
        sender=SENDER,
        portal_url="http://127.0.0.1:8001",
        now=clock,
    )
