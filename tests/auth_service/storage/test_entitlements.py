"""What is kept of an entitlement is all of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from auth_service.storage.entitlements import dump_entitlement, load_entitlement
from wire.entitlement import Entitlement

ENTITLEMENT = Entitlement(
    device_id="device-1",
    organization_id="organization-1",
    license_id="license-1",
    features=("xms", "küche"),
    renewal_window_days=30,
    stated_at=datetime(2026, 6, 1, 8, 30, 0, 250_000, tzinfo=UTC),
)


@pytest.mark.parametrize("renewal_date", [None, date(2027, 1, 31)])
def test_what_was_kept_comes_back(renewal_date: date | None) -> None:
    entitlement = replace(ENTITLEMENT, renewal_date=renewal_date)

    assert load_entitlement(dump_entitlement(entitlement)) == entitlement


def test_a_new_member_of_the_entitlement_is_not_forgotten() -> None:
    """Whoever adds one finds this test before a device misses it."""
    assert set(ENTITLEMENT.__slots__) == set(json.loads(dump_entitlement(ENTITLEMENT)))
