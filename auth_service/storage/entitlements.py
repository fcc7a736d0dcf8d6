"""An entitlement in a column: the very document that license_service answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from wire.license_documents import EntitlementSchema

if TYPE_CHECKING:
    from wire.entitlement import Entitlement

_SCHEMA = EntitlementSchema()


def dump_entitlement(entitlement: Entitlement) -> str:
    return json.dumps(_SCHEMA.dump(entitlement))


def load_entitlement(text: str) -> Entitlement:
    loaded: Entitlement = _SCHEMA.load(json.loads(text))
    return loaded
