"""What an access key says, and its bytes: each value in the fewest that hold it (S2-4, S2-5, S2-22).

    key id            16 bytes
    organization id   16 bytes
    version           number
    issued on         number: days since 1970-01-01
    renewal date      number: likewise; 0 where there is none
    renewal window    number: days
    profile           code
    components        how many (number), then the code of each and its seats (number); by code, ascending

A number is unsigned LEB128: seven bits a byte, the lowest first, the eighth set where more follow. A code is its length
in one byte, then ASCII. The same claims always have the same bytes, and nothing may follow them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from wire.errors import AccessKeyUnreadableError

MOST_COMPONENTS: Final = 100
LARGEST_NUMBER: Final = (1 << 28) - 1
"""What four bytes hold."""

_FIRST_DAY: Final = date(1970, 1, 1)
_CODE: Final = re.compile("[!-~]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKeyClaims:
    """The license key that an access key stands for, as it was at `version` of its record.

    Ids are UUIDs; `seats` are by component code, each at most LARGEST_NUMBER; `renewal_date` is a day in UTC and the
    last one that counts, None for ever. `version` goes up with each change of the record: of two access keys of one
    license key, the one with the higher version counts.
    """

    key_id: str
    organization_id: str
    version: int
    issued_on: date
    renewal_date: date | None
    renewal_window_days: int
    profile_code: str
    seats: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "seats", tuple(sorted(self.seats)))

    def payload(self) -> bytes:
        """Give the bytes. Raises ValueError for a value that has none."""
        if len(self.seats) > MOST_COMPONENTS or len(dict(self.seats)) < len(self.seats):
            raise ValueError(f"An access key has at most {MOST_COMPONENTS} components, each once.")
        renewal_days = 0 if self.renewal_date is None else _days(self.renewal_date)
        numbers = (self.version, _days(self.issued_on), renewal_days, self.renewal_window_days)
        return b"".join(
            (
                UUID(self.key_id).bytes,
                UUID(self.organization_id).bytes,
                *map(_number, numbers),
                _code(self.profile_code),
                _number(len(self.seats)),
                *(_code(code) + _number(seats) for code, seats in self.seats),
            )
        )

    @classmethod
    def from_payload(cls, payload: bytes) -> AccessKeyClaims:
        """Read the bytes. Raises AccessKeyUnreadableError when they are not what `payload` gives."""
        reader = _Reader(payload)
        try:
            claims = cls(
                key_id=reader.identifier(),
                organization_id=reader.identifier(),
                version=reader.number(),
                issued_on=_day(reader.number()),
                renewal_date=_renewal_date(reader.number()),
                renewal_window_days=reader.number(),
                profile_code=reader.code(),
                seats=tuple((reader.code(), reader.number()) for _ in range(reader.number())),
            )
            is_in_its_form = claims.payload() == payload
        except (ValueError, OverflowError) as fault:
            raise AccessKeyUnreadableError from fault
        if not is_in_its_form:
            raise AccessKeyUnreadableError
        return claims


class _Reader:
    """Takes values off the front; ValueError where they end too early. All else shows when they are written again."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def identifier(self) -> str:
        return str(UUID(bytes=self._take(16)))

    def number(self) -> int:
        number = shift = 0
        while True:
            [byte] = self._take(1)
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    def code(self) -> str:
        [length] = self._take(1)
        return self._take(length).decode("ascii")

    def _take(self, count: int) -> bytes:
        taken, self._rest = self._rest[:count], self._rest[count:]
        if len(taken) < count:
            raise ValueError("The bytes end too early.")
        return taken


def _number(number: int) -> bytes:
    if not 0 <= number <= LARGEST_NUMBER:
        raise ValueError(f"A number of an access key is from 0 to {LARGEST_NUMBER}.")
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*written, number))


def _code(code: str) -> bytes:
    if _CODE.fullmatch(code) is None:
        raise ValueError("A code of an access key is 1 to 64 characters of ASCII.")
    return bytes((len(code),)) + code.encode("ascii")


def _days(day: date) -> int:
    days = (day - _FIRST_DAY).days
    if days < 1:
        raise ValueError("A day of an access key is after 1970-01-01.")
    return days


def _day(days: int) -> date:
    return _FIRST_DAY + timedelta(days=days)


def _renewal_date(days: int) -> date | None:
    return None if days == 0 else _day(days)
