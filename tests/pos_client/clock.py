"""Time that a test moves by hand: the POS server's clock, the authorization server's, and waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)


class Clock:
    """True time, as the authorization server knows it, and how far the POS server's clock is off."""

    def __init__(self) -> None:
        self._true = START
        self.off = timedelta(0)
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self._true + self.off

    def server_now(self) -> datetime:
        return self._true

    def monotonic(self) -> float:
        return (self._true - START).total_seconds()

    def advance(self, **length: float) -> None:
        self._true += timedelta(**length)

    def wait(self, seconds: float) -> None:
        assert seconds > 0
        self.waits.append(seconds)
        self.advance(seconds=seconds)
