"""What the rules say of keys, seats and dates, in plain Python: the model that the real actions are held against.

What they say of sites is in site_model.py, which is told of each change of a key. Written from the rules and not from
the code: it knows the records and the errors, and decides everything by itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from license_service.domain.errors import (
    ComponentNotLicensedError,
    DeviceRefusedError,
    DeviceSeatedError,
    IdNumberTakenError,
    KeyEndedError,
    KeyStatusError,
    LicenseExpiredError,
    LicenseSuspendedError,
    NoLicenseError,
    NoSeatError,
    NoSeatFreeError,
    RenewalDateError,
    SeatsInUseError,
    StaleVersionError,
)
from license_service.domain.license_key import KeyComponent, KeyStatus, LicenseKey
from license_service.domain.seat import Seat, SeatTerms
from wire.license_status import LicenseStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from license_service.domain.license_key import KeyTerms
    from tests.license_service.site_model import SiteModel

FEATURES: Final = {"standard": {"xms": ("xms",)}, "premium": {"xms": ("xms", "loyalty"), "kds": ("kds",)}}
ACTIVE, SUSPENDED, REVOKED, REPLACED = KeyStatus.ACTIVE, KeyStatus.SUSPENDED, KeyStatus.REVOKED, KeyStatus.REPLACED


@dataclass
class Terms:
    """A key's record as it is to be, but for who sits on it."""

    record: LicenseKey
    seats: dict[str, int]
    over_since: dict[str, datetime]


class LicenseModel:
    """Every key and every seat there should be, and which days should have been told of."""

    def __init__(self, sites: SiteModel) -> None:
        self.sites = sites
        self.keys: dict[str, Terms] = {}
        self.seats: dict[str, Seat] = {}
        self.told: set[tuple[str, str, date]] = set()

    # --- keys ----------------------------------------------------------------------------------------------------

    def issue(self, terms: KeyTerms, organization_id: str, agreement_id: str, key_id: str, now: datetime) -> LicenseKey:
        self._add(terms, organization_id, agreement_id, key_id, now)
        self.sites.key_changed(organization_id, now)
        return self.key(key_id)

    def _add(self, terms: KeyTerms, organization_id: str, agreement_id: str, key_id: str, now: datetime) -> None:
        self._check_id_number(organization_id, terms.id_number, None)
        record = LicenseKey(
            id=key_id,
            agreement_id=agreement_id,
            organization_id=organization_id,
            id_number=terms.id_number,
            profile_code=terms.profile_code,
            components=(),
            status=ACTIVE,
            renewal_date=terms.renewal_date,
            renewal_window_days=terms.renewal_window_days,
            over_count=terms.over_count,
            version=1,
            issued_at=now,
        )
        self.keys[key_id] = Terms(record, dict(terms.seats), {})

    def edit(self, key_id: str, id_number: str, expected: int | None) -> LicenseKey:
        record = self._held(key_id, expected)
        self._check_id_number(record.organization_id, id_number, key_id)
        # A label: there is nothing to activate.
        return self._change(key_id, None, id_number=id_number)

    def suspend(self, key_id: str, expected: int | None, now: datetime) -> LicenseKey:
        self._in(key_id, expected, ACTIVE)
        return self._change(key_id, now, status=SUSPENDED)

    def reinstate(self, key_id: str, expected: int | None, now: datetime) -> LicenseKey:
        self._in(key_id, expected, SUSPENDED)
        return self._change(key_id, now, status=ACTIVE)

    def revoke(self, key_id: str, expected: int | None, now: datetime) -> LicenseKey:
        self._held(key_id, expected)
        self.seats = {device: seat for device, seat in self.seats.items() if seat.key_id != key_id}
        self.keys[key_id].over_since.clear()
        return self._change(key_id, now, status=REVOKED)

    def renew(self, key_id: str, until: date | None, expected: int | None, now: datetime) -> LicenseKey:
        record = self._held(key_id, expected)
        if self._has_ended(record, now):
            raise KeyEndedError
        if record.renewal_date is None or (until is not None and until <= record.renewal_date):
            raise RenewalDateError
        return self._change(key_id, now, renewal_date=until)

    def switch(
        self, key_id: str, profile_code: str, seats: Mapping[str, int], expected: int | None, now: datetime
    ) -> LicenseKey:
        self._in(key_id, expected, ACTIVE)
        key, sitting = self.keys[key_id], self.sitting(key_id)
        for code, before in key.seats.items():
            if code not in seats and sitting[code]:
                raise SeatsInUseError
            # Who sits over the count may go on sitting, but the seats do not become fewer under them.
            if code in seats and sitting[code] > seats[code] and seats[code] < before:
                raise SeatsInUseError
        key.seats = dict(seats)
        key.over_since = {code: since for code, since in key.over_since.items() if sitting[code] > seats.get(code, 0)}
        return self._change(key_id, now, profile_code=profile_code)

    def replace(self, key_id: str, terms: KeyTerms, new_key_id: str, expected: int | None, now: datetime) -> LicenseKey:
        record = self._in(key_id, expected, ACTIVE)
        self._check_id_number(record.organization_id, terms.id_number, None)
        if any(terms.seats.get(code, 0) < count for code, count in self.sitting(key_id).items()):
            raise SeatsInUseError
        self._add(terms, record.organization_id, record.agreement_id, new_key_id, now)
        for device, seat in self.seats.items():
            if seat.key_id == key_id:
                self.seats[device] = replace(seat, key_id=new_key_id)
        self.keys[key_id].over_since.clear()
        self._change(key_id, now, status=REPLACED, replaced_by=new_key_id)
        return self.key(new_key_id)

    # --- seats ---------------------------------------------------------------------------------------------------

    def claim(self, device_id: str, organization_id: str, component_code: str, now: datetime) -> SeatTerms:
        if device_id not in self.seats:
            key_id = self._key_to_sit_on(organization_id, component_code, now)
            self._sit(Seat(device_id, key_id, organization_id, component_code, now))
        elif self.seats[device_id].organization_id != organization_id:
            raise DeviceRefusedError
        return self._usable(self.seats[device_id])

    def release(self, device_id: str, organization_id: str) -> None:
        seat = self._seat(device_id, organization_id)
        del self.seats[device_id]
        key = self.keys[seat.key_id]
        if self.sitting(seat.key_id)[seat.component_code] <= key.seats[seat.component_code]:
            key.over_since.pop(seat.component_code, None)

    def transfer(self, device_id: str, to_device_id: str, organization_id: str, now: datetime) -> Seat:
        seat = self._seat(device_id, organization_id)
        if to_device_id in self.seats:
            raise DeviceSeatedError
        del self.seats[device_id]
        self.seats[to_device_id] = replace(seat, device_id=to_device_id, claimed_at=now)
        return self.seats[to_device_id]

    def entitlement(self, device_id: str, organization_id: str) -> SeatTerms:
        return self._usable(self._seat(device_id, organization_id))

    def sitting(self, key_id: str) -> Counter[str]:
        return Counter(seat.component_code for seat in self.seats.values() if seat.key_id == key_id)

    # --- what is to be seen --------------------------------------------------------------------------------------

    def key(self, key_id: str) -> LicenseKey:
        key, sitting = self.keys[key_id], self.sitting(key_id)
        components = [
            KeyComponent(code, count, sitting[code], key.over_since.get(code))
            for code, count in sorted(key.seats.items())
        ]
        return replace(key.record, components=tuple(components))

    def listed(self, organization_id: str | None = None) -> list[LicenseKey]:
        wanted = [key for key in map(self.key, self.keys) if organization_id in {None, key.organization_id}]
        return sorted(wanted, key=lambda key: (key.issued_at, key.id))

    def seats_of(self, key_id: str) -> list[Seat]:
        wanted = [seat for seat in self.seats.values() if seat.key_id == key_id]
        return sorted(wanted, key=lambda seat: (seat.claimed_at, seat.device_id))

    def status(self, key: LicenseKey, now: datetime) -> LicenseStatus:
        if key.renewal_date is None:
            return LicenseStatus.LICENSED
        if self._has_ended(key, now):
            return LicenseStatus.EXPIRED
        opens = midnight(key.renewal_date) - timedelta(days=key.renewal_window_days)
        return LicenseStatus.REQUIRES_RENEWAL if now >= opens else LicenseStatus.LICENSED

    def tell(self, now: datetime) -> None:
        """Tell of each day that came: a window that is open, a date that has passed; each once."""
        told = {
            (key.id, self.status(key, now).value, key.renewal_date)
            for key in self.listed()
            if key.status is ACTIVE and key.renewal_date and self.status(key, now) is not LicenseStatus.LICENSED
        }
        self.told |= told

    # --- the rules -----------------------------------------------------------------------------------------------

    def _change(self, key_id: str, to_activate: datetime | None, **values: object) -> LicenseKey:
        key = self.keys[key_id]
        if to_activate is not None:
            self.sites.key_changed(key.record.organization_id, to_activate)
        key.record = replace(key.record, **values, version=key.record.version + 1)  # type: ignore[arg-type]
        return self.key(key_id)

    def _in(self, key_id: str, expected: int | None, *statuses: KeyStatus) -> LicenseKey:
        record = self.keys[key_id].record
        if expected not in {None, record.version}:
            raise StaleVersionError(record.version)
        if record.status not in statuses:
            raise KeyStatusError
        return record

    def _held(self, key_id: str, expected: int | None) -> LicenseKey:
        return self._in(key_id, expected, ACTIVE, SUSPENDED)

    def _check_id_number(self, organization_id: str, id_number: str, but: str | None) -> None:
        for key_id, key in self.keys.items():
            taken = (key.record.organization_id, key.record.id_number) == (organization_id, id_number)
            if taken and key_id != but:
                raise IdNumberTakenError

    def _has_ended(self, key: LicenseKey, now: datetime) -> bool:
        return key.renewal_date is not None and now >= midnight(key.renewal_date) + timedelta(days=1)

    def _key_to_sit_on(self, organization_id: str, component_code: str, now: datetime) -> str:
        held = [key for key in self.listed(organization_id) if key.status in {ACTIVE, SUSPENDED}]
        if not held:
            raise NoLicenseError
        fitting = [key for key in held if component_code in self.keys[key.id].seats]
        if not fitting:
            raise ComponentNotLicensedError
        lasting = [key for key in fitting if not self._has_ended(key, now)]
        if not lasting:
            raise LicenseExpiredError
        open_keys = [key for key in lasting if key.status is ACTIVE]
        if not open_keys:
            raise LicenseSuspendedError
        for key in open_keys:
            if self.sitting(key.id)[component_code] < self.keys[key.id].seats[component_code]:
                return key.id
        for key in open_keys:
            if self._lets_over(key, component_code, now):
                return key.id
        raise NoSeatFreeError

    def _lets_over(self, key: LicenseKey, component_code: str, now: datetime) -> bool:
        owned = self.keys[key.id].seats[component_code]
        most = owned + owned * key.over_count.percent // 100
        since = self.keys[key.id].over_since.get(component_code, now)
        return self.sitting(key.id)[component_code] < most and now < since + timedelta(days=key.over_count.days)

    def _sit(self, seat: Seat) -> None:
        self.seats[seat.device_id] = seat
        key = self.keys[seat.key_id]
        if self.sitting(seat.key_id)[seat.component_code] > key.seats[seat.component_code]:
            key.over_since.setdefault(seat.component_code, seat.claimed_at)

    def _seat(self, device_id: str, organization_id: str) -> Seat:
        seat = self.seats.get(device_id)
        if seat is None or seat.organization_id != organization_id:
            raise NoSeatError
        return seat

    def _usable(self, seat: Seat) -> SeatTerms:
        record = self.keys[seat.key_id].record
        if record.status is SUSPENDED:
            raise LicenseSuspendedError
        return SeatTerms(
            seat=seat,
            features=FEATURES[record.profile_code].get(seat.component_code, ()),
            key_status=record.status,
            renewal_date=record.renewal_date,
            renewal_window_days=record.renewal_window_days,
        )


def midnight(day: date) -> datetime:
    """Give the first instant of a day in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
