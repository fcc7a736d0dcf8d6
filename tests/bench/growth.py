"""What a poll, a redeem and a refresh cost in a full house: services of several sizes, measured side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.bench.codes import note_pending, write_pending
from tests.bench.licensed_devices import AT_ONCE

if TYPE_CHECKING:
    from auth_service.wiring import Wired
    from tests.bench.codes import Codes

LIVE_CODES: Final = (100, 10_000, 100_000)
DEVICES: Final = (1_000, 100_000)
POLLED_CODES: Final = 2_000


def fill_with_live_codes(wired: Wired, count: int) -> list[Codes]:
    """Make `count` pending codes, known to Redis too; give those that are to be polled."""
    written: list[Codes] = []
    while len(written) < count:
        some = write_pending(wired, min(AT_ONCE, count - len(written)))
        note_pending(wired.protocol.pace, some)
        written += some
    step = max(1, count // POLLED_CODES)
    return written[::step][:POLLED_CODES]
