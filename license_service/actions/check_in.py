"""Take a device's check-in: what its site uses, against what is owned (S1-9 … S1-11).

The seat is held fast first, then the contact, then the counts of the organization, so that of check-ins at the same
time the last one judges what all of them said. A suspended key does not end contact: the answer says how it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.check_in import next_check_in_after
from license_service.domain.errors import NoSeatError
from license_service.domain.event import EventKind, over_data
from license_service.domain.over_count import judged
from license_service.signing.server_time import sign_server_time
from license_service.storage import check_ins, contacts, over_counts, seats
from license_service.storage.events import record_event
from wire.check_in import CheckInAnswer, OverCountOutcome
from wire.license_status import license_status
from wire.server_time import ServerTime

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from database.engine import Database
    from license_service.domain.check_in import CheckIn
    from license_service.signing.key_folder import KeyFolder
    from wire.check_in import ComponentUse


@dataclass(frozen=True, slots=True)
class CheckInParts:
    """What check-ins need; `issuer` is this service's URL, which signed times name."""

    database: Database
    signing_keys: KeyFolder
    issuer: str


@retried
def check_in(parts: CheckInParts, said: CheckIn, *, chance: float) -> CheckInAnswer:
    """Note the check-in and answer it. `chance` is a random number from 0 to 1.

    Raises NoSeatError, in the same words when the device sits in another organization (T44), or
    SigningKeyUnavailableError; then nothing was noted.
    """
    time = ServerTime(parts.issuer, said.device_id, said.report.device_time, said.at)
    server_time = sign_server_time(time, parts.signing_keys.current_key())
    with parts.database.transaction() as connection:
        held = seats.kept_of_device(connection, said.device_id)
        if held is None or held.seat.organization_id != said.organization_id:
            raise NoSeatError
        contacts.note_check_in(connection, said)
        check_ins.add(connection, said)
        check_ins.forget_old(connection, said.at)
        return CheckInAnswer(
            device_id=said.device_id,
            organization_id=said.organization_id,
            license_id=held.seat.key_id,
            key_status=held.key_status,
            license_status=license_status(held.renewal_date, held.renewal_window_days, said.at),
            renewal_date=held.renewal_date,
            components=_judge(connection, said),
            server_time=server_time,
            next_check_in_after=next_check_in_after(chance, check_ins.recent(connection, said.at)),
        )


def _judge(connection: Connection, said: CheckIn) -> tuple[ComponentUse, ...]:
    sold = over_counts.sold(connection, said.organization_id)
    codes = {each.component_code for each in sold} | said.report.seats_in_use.keys()
    codes |= over_counts.known(connection, said.organization_id).keys()
    before = over_counts.locked(connection, said.organization_id, codes)
    in_use = contacts.seats_in_use(connection, said.organization_id)
    since = {code: at for code, at in before.items() if at is not None}
    uses = judged(sold, in_use, since, said.at)
    for code in before.keys() - {use.component_code for use in uses}:
        over_counts.forget(connection, said.organization_id, code)
    for use in uses:
        is_over = use.outcome is not OverCountOutcome.OK
        if is_over and over_counts.begin(connection, said.organization_id, use.component_code, said.at):
            _tell(connection, said, use)
        elif not is_over and use.component_code in since:
            over_counts.end(connection, said.organization_id, use.component_code)
    return uses


def _tell(connection: Connection, said: CheckIn, use: ComponentUse) -> None:
    record_event(
        connection,
        kind=EventKind.SEAT_OVER,
        organization_id=said.organization_id,
        subject_id=said.device_id,
        data=over_data(use, license_key_id=None),
        now=said.at,
    )
