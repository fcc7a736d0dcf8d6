"""An entitlement in a column, as JSON.

It was checked when license_service answered it; to check it again at each refresh would cost as much as a signature.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import orjson

from wire.entitlement import Entitlement


def dump_entitlement(entitlement: Entitlement) -> str:
    renewal_date = entitlement.renewal_date
    document = orjson.dumps(
        {
            "device_id": entitlement.device_id,
            "organization_id": entitlement.organization_id,
            "license_id": entitlement.license_id,
            "features": entitlement.features,
            "renewal_window_days": entitlement.renewal_window_days,
            "stated_at": entitlement.stated_at.isoformat(),
            "renewal_date": None if renewal_date is None else renewal_date.isoformat(),
        }
    )
    return document.decode()


def load_entitlement(text: str) -> Entitlement:
    kept: dict[str, Any] = orjson.loads(text)
    return Entitlement(
        device_id=kept["device_id"],
        organization_id=kept["organization_id"],
        license_id=kept["license_id"],
        features=tuple(kept["features"]),
        renewal_window_days=kept["renewal_window_days"],
        stated_at=datetime.fromisoformat(kept["stated_at"]),
        renewal_date=None if kept["renewal_date"] is None else date.fromisoformat(kept["renewal_date"]),
    )
