"""The command `license-service contacts` (S1-9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from license_service.actions.list_contacts import list_contacts
from license_service.domain.contact import ContactState
from license_service.endpoints.check_in_documents import ContactSchema, contact_values
from license_service.key_commands import organization_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from license_service.catalog_commands import AddVerb, Answer
    from license_service.wiring import Wired


def add_contacts_command(commands: Any, add: AddVerb) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add `license-service contacts`."""
    contacts = add(commands, "contacts", _list, "list when devices were last in contact, the longest ago first")
    contacts.add_argument("--organization-id", metavar="UUID", help="only those of this organization")
    contacts.add_argument("--state", choices=[state.value for state in ContactState], help="only those in this state")


def _list(wired: Wired, asked: argparse.Namespace) -> Answer:
    now = wired.now()
    organization_id = organization_of(asked)
    state = None if asked.state is None else ContactState(asked.state)
    found = list_contacts(wired.database, now=now, state=state, organization_id=organization_id)
    values = [contact_values(contact, now) for contact in found]
    return {"contacts": ContactSchema(many=True).dump(values)}, _rows(values)


def _rows(contacts: Sequence[dict[str, Any]]) -> list[Sequence[str]]:
    heads = (
        "DEVICE",
        "ORGANIZATION",
        "STATE",
        "LAST CONTACT",
        "DEACTIVATED",
        "VERSION",
        "CLOCK",
        "IN USE",
        "REGISTERS",
    )
    return [heads, *(_row(each) for each in contacts)]


def _row(contact: dict[str, Any]) -> Sequence[str]:
    skew = contact["clock_skew_seconds"]
    return (
        contact["device_id"],
        contact["organization_id"],
        contact["state"],
        contact["last_contact_at"].isoformat(timespec="seconds"),
        contact["deactivated_at"].isoformat(timespec="seconds"),
        contact["software_version"] or "",
        "" if skew is None else f"{skew:+d} s",
        ", ".join(f"{each['component_code']} {each['seats']}" for each in contact["seats_in_use"]),
        str(len(contact["registers"])),
    )
