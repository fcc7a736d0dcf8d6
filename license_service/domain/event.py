"""What happened to a license, a seat or a device, as the vendor's other systems are told of it (Standard Webhooks)."""

from __future__ import annotations

import json
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from wire.check_in import ComponentUse


class EventKind(StrEnum):
    """Every kind of event; what stands before the dot is what it happened to."""

    LICENSE_ACTIVATED = "license.activated"
    """A license key counts from now on: it was issued, or reinstated."""
    LICENSE_RENEWED = "license.renewed"
    LICENSE_REQUIRES_RENEWAL = "license.requires_renewal"
    """The renewal window of a license key has opened."""
    LICENSE_EXPIRED = "license.expired"
    """The renewal date of a license key has passed."""
    SEAT_CLAIMED = "seat.claimed"
    SEAT_OVER = "seat.over"
    """More is used than is owned: by who sits on a license key, or by what an organization's sites say."""
    DEVICE_DARK = "device.dark"
    """A device has not been in contact for so long that it is deactivated."""


_SUBJECT: Final = {"license": "license_key_id", "seat": "device_id", "device": "device_id"}


def event_body(kind: EventKind, *, organization_id: str, subject_id: str, data: Mapping[str, Any], at: datetime) -> str:
    """Give the document that is sent, the same bytes at each attempt: they are what is signed.

    The subject is a `license_key_id` or a `device_id`, by the kind; `data` is what else there is to say.
    """
    subject = _SUBJECT[kind.partition(".")[0]]
    said = {"organization_id": organization_id, subject: subject_id, **data}
    document = {"type": kind.value, "timestamp": at.astimezone(UTC).isoformat(), "data": said}
    return json.dumps(document, separators=(",", ":"))


def over_data(use: ComponentUse, *, license_key_id: str | None) -> dict[str, Any]:
    """Give what there is to say of over-use, in one form.

    Counted are the devices that sit on a key, when one is named, else what the sites of the organization use of all.
    """
    return {
        "counted_by": "check_ins" if license_key_id is None else "seats",
        "license_key_id": license_key_id,
        "component_code": use.component_code,
        "seats_owned": use.seats_owned,
        "seats_in_use": use.seats_in_use,
        "outcome": use.outcome.value,
        "over_count_since": None if use.over_count_since is None else use.over_count_since.isoformat(),
        "over_count_until": None if use.over_count_until is None else use.over_count_until.isoformat(),
    }
