"""The entitlement document that license_service says and auth_service reads (S3-20, S3-21)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from wire.entitlement import Entitlement
from wire.license_documents import EntitlementSchema

_name = st.text(min_size=1, max_size=64)
_entitlements = st.builds(
    Entitlement,
    device_id=_name,
    organization_id=_name,
    license_id=_name,
    features=st.lists(_name).map(tuple),
    renewal_window_days=st.integers(0, 3660),
    stated_at=st.datetimes(timezones=st.just(UTC)),
    renewal_date=st.none() | st.dates(),
)


def _document(**changes: Any) -> dict[str, Any]:
    good = {
        "device_id": "device-1",
        "organization_id": "organization-1",
        "license_id": "license-1",
        "features": ["xms"],
        "renewal_window_days": 30,
        "stated_at": "2026-06-01T09:00:00+00:00",
        "renewal_date": "2027-01-31",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


@given(entitlement=_entitlements)
def test_entitlement_comes_back_as_it_went(entitlement: Entitlement) -> None:
    text = json.dumps(EntitlementSchema().dump(entitlement))

    assert EntitlementSchema().load(json.loads(text)) == entitlement


def test_document_is_read_by_its_names() -> None:
    assert EntitlementSchema().load(_document()) == Entitlement(
        device_id="device-1",
        organization_id="organization-1",
        license_id="license-1",
        features=("xms",),
        renewal_window_days=30,
        stated_at=datetime(2026, 6, 1, 9, tzinfo=UTC),
        renewal_date=date(2027, 1, 31),
    )


@pytest.mark.parametrize("value", [..., None], ids=repr)
def test_perpetual_license_has_no_renewal_date(value: object) -> None:
    """S3-20."""
    assert EntitlementSchema().load(_document(renewal_date=value)).renewal_date is None


def test_instant_of_another_zone_is_the_same_instant() -> None:
    entitlement = EntitlementSchema().load(_document(stated_at="2026-06-01T11:00:00+02:00"))

    assert entitlement.stated_at == datetime(2026, 6, 1, 11, tzinfo=timezone(timedelta(hours=2)))


def test_newer_service_may_say_more() -> None:
    """F15, F48: old and new run side by side."""
    assert EntitlementSchema().load(_document(region="EU")).device_id == "device-1"


WRONG = {
    "device_id": [..., None, "", "x" * 65, "\ud83e", 1],
    "organization_id": [..., None, "", "x" * 65, "\ud83e", 1],
    "license_id": [..., None, "", "x" * 65, "\ud83e", 1],
    "features": [..., None, "xms", [1], [""], ["x" * 65], ["\ud83e"], {}],
    "renewal_window_days": [..., None, -1, 3661, 1.5, "x"],
    "stated_at": [..., None, "", "2026-06-01T09:00:00", "yesterday", 0],
    "renewal_date": ["", "2027-02-30", "2027-01-31T00:00:00Z", 20270131],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_wrong_document_is_refused(name: str, value: object) -> None:
    """A naive instant is one of them: nobody could say when it was."""
    with pytest.raises(ValidationError) as refusal:
        EntitlementSchema().load(_document(**{name: value}))

    assert list(refusal.value.messages) == [name]
