"""The commands that change license keys, and those for seats (S2-17, S2-24, S3-16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from license_service.actions.edit_id_number import edit_id_number
from license_service.actions.list_seats import list_seats
from license_service.actions.reinstate_key import reinstate_key
from license_service.actions.release_seat import release_seat
from license_service.actions.renew_key import renew_key
from license_service.actions.replace_key import replace_key
from license_service.actions.revoke_key import revoke_key
from license_service.actions.suspend_key import suspend_key
from license_service.actions.switch_key import switch_key
from license_service.actions.transfer_seat import transfer_seat
from license_service.endpoints.license_key_documents import (
    IdNumberSchema,
    KeyContentsSchema,
    KeyTermsSchema,
    RenewalSchema,
    seats_of,
)
from license_service.endpoints.seats import SeatSchema, TransferSchema
from license_service.key_commands import OPTIONS, add_contents, add_terms, components_of, key_answer, terms_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from license_service.catalog_commands import AddVerb, Answer
    from license_service.domain.license_key import LicenseKey
    from license_service.domain.seat import Seat
    from license_service.wiring import Wired


def add_key_change_commands(verbs: Any, add: AddVerb) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add the verbs of `license-service key` that change one."""
    edit = add(verbs, "edit", _edit, "change the ID # of a license key")
    edit.add_argument("--id-number", metavar="TEXT", required=True)
    renew = add(verbs, "renew", _renew, "renew a license key, on or before its renewal date")
    until = renew.add_mutually_exclusive_group(required=True)
    until.add_argument("--until", metavar="YYYY-MM-DD", help="the new renewal date")
    until.add_argument("--for-ever", action="store_true", help="make it a perpetual one")
    renew.set_defaults(options={"renewal_date": "--until"})
    switch = add(verbs, "switch", _switch, "give a license key another profile or other components")
    add_contents(switch)
    switch.set_defaults(options=OPTIONS)
    replace = add(verbs, "replace", _replace, "issue a new license key in place of one; its seats move")
    add_terms(replace)
    replace.set_defaults(options=OPTIONS)
    moves = [
        add(verbs, "suspend", _move(suspend_key), "let nobody use a license key until it is reinstated"),
        add(verbs, "reinstate", _move(reinstate_key), "end the suspension of a license key"),
        add(verbs, "revoke", _move(revoke_key), "end a license key for good, and release its seats"),
    ]
    for verb in (edit, renew, switch, replace, *moves):
        verb.add_argument("key_id", metavar="KEY", type=str.lower, help="the id of the license key")


def add_seat_commands(verbs: Any, add: AddVerb) -> None:  # noqa: ANN401 - as above
    """Add the verbs of `license-service seats`."""
    listing = add(verbs, "list", _list_seats, "show who sits on a license key")
    listing.add_argument("key_id", metavar="KEY", type=str.lower, help="the id of the license key")
    release = add(verbs, "release", _release, "take a device off its seat")
    transfer = add(verbs, "transfer", _transfer, "give the seat of a device to another device")
    for verb in (release, transfer):
        verb.add_argument("--organization-id", metavar="UUID", required=True, type=str.lower)
        verb.add_argument("--device-id", metavar="UUID", required=True, type=str.lower, help="who sits there")
    transfer.add_argument("--to-device-id", metavar="UUID", required=True)


def _move(act: Callable[..., LicenseKey]) -> Callable[[Wired, argparse.Namespace], Answer]:
    return lambda wired, asked: key_answer(act(wired.database, asked.key_id, now=wired.now()), wired)


def _edit(wired: Wired, asked: argparse.Namespace) -> Answer:
    id_number = IdNumberSchema().load({"id_number": asked.id_number})["id_number"]
    return key_answer(edit_id_number(wired.database, asked.key_id, id_number), wired)


def _renew(wired: Wired, asked: argparse.Namespace) -> Answer:
    until = RenewalSchema().load({"renewal_date": asked.until})["renewal_date"]
    return key_answer(renew_key(wired.database, asked.key_id, until, now=wired.now()), wired)


def _switch(wired: Wired, asked: argparse.Namespace) -> Answer:
    contents = KeyContentsSchema().load({"profile_code": asked.profile, "components": components_of(asked)})
    seats = seats_of(contents["components"])
    key = switch_key(wired.database, asked.key_id, profile_code=asked.profile, seats=seats, now=wired.now())
    return key_answer(key, wired)


def _replace(wired: Wired, asked: argparse.Namespace) -> Answer:
    terms = KeyTermsSchema().load(terms_of(asked))
    key = replace_key(wired.database, asked.key_id, terms, new_key_id=str(uuid4()), now=wired.now())
    return key_answer(key, wired)


def _list_seats(wired: Wired, asked: argparse.Namespace) -> Answer:
    seats = list_seats(wired.database, asked.key_id)
    return {"seats": SeatSchema(many=True).dump(seats)}, _rows(seats)


def _release(wired: Wired, asked: argparse.Namespace) -> Answer:
    release_seat(wired.database, device_id=asked.device_id, organization_id=asked.organization_id)
    return {"released": asked.device_id}, [("RELEASED",), (asked.device_id,)]


def _transfer(wired: Wired, asked: argparse.Namespace) -> Answer:
    named = {"organization_id": asked.organization_id, "device_id": asked.device_id, "to_device_id": asked.to_device_id}
    seat = transfer_seat(wired.database, **TransferSchema().load(named), now=wired.now())
    return SeatSchema().dump(seat), _rows([seat])


def _rows(seats: Sequence[Seat]) -> list[Sequence[str]]:
    rows = ((each.device_id, each.component_code, each.claimed_at.isoformat(), each.key_id) for each in seats)
    return [("DEVICE", "COMPONENT", "SINCE", "KEY"), *rows]
