"""The command `license-service export`: the records as a whole, for a spreadsheet or another system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from license_service.actions.export_records import export_records
from license_service.endpoints.access_groups import AccessGroupSchema, group_values
from license_service.endpoints.agreements import AgreementSchema
from license_service.endpoints.license_key_documents import LicenseKeySchema, key_values
from license_service.endpoints.seats import SeatSchema
from license_service.key_commands import organization_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from license_service.actions.export_records import Records
    from license_service.catalog_commands import AddVerb, Answer
    from license_service.wiring import Wired


def add_export_command(commands: Any, add: AddVerb) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add `license-service export`."""
    text = "give what was sold and who sits on it as a whole; all of it with --json"
    export = add(commands, "export", _export, text)
    export.add_argument("--organization-id", metavar="UUID", help="only that of this organization")


def _export(wired: Wired, asked: argparse.Namespace) -> Answer:
    now = wired.now()
    records = export_records(wired.database, organization_id=organization_of(asked))
    keys = [key_values(key, now) for key in records.license_keys]
    document = {
        "exported_at": now.isoformat(),
        "agreements": AgreementSchema(many=True).dump(records.agreements),
        "license_keys": LicenseKeySchema(many=True).dump(keys),
        "seats": SeatSchema(many=True).dump(records.seats),
        "access_groups": AccessGroupSchema(many=True).dump(map(group_values, records.access_groups)),
    }
    return document, _rows(records, keys)


def _rows(records: Records, keys: Sequence[dict[str, Any]]) -> list[Sequence[str]]:
    """Give a row for each component of each key."""
    numbers = {agreement.id: agreement.number for agreement in records.agreements}
    heads = ("ORGANIZATION", "AGREEMENT", "ID #", "PROFILE", "COMPONENT", "SEATS", "TAKEN", "LICENSE STATUS", "RENEWAL")
    rows = (
        (
            key["organization_id"],
            numbers.get(key["agreement_id"], ""),
            key["id_number"],
            key["profile_code"],
            component["component_code"],
            str(component["seats"]),
            str(component["seats_claimed"]),
            key["license_status"] if key["status"] == "active" else key["status"],
            str(key["renewal_date"] or "none"),
        )
        for key in keys
        for component in key["components"]
    )
    return [heads, *rows]
