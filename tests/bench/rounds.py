"""Rounds of measurements, every cell in each of them: what happens to the machine meanwhile happens to all alike."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Final

from tests.bench.load import drive
from tests.bench.process_group import core_seconds, processor_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.operations import Operation
    from tests.bench.servers import Server

SPARE_COUNT: Final = 200
"""How many requests are prepared beyond those that the rate of the round before lets expect; in the first, all."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: processor time of all processes of the server, a request; and who else used its core."""

    microseconds: float
    requests: int
    a_second: float
    others: float


@dataclass
class Cell:
    """One operation of one server, with its samples."""

    server: Server
    operation: Operation
    samples: list[Sample] = field(default_factory=list)

    @property
    def microseconds(self) -> float:
        return median(sample.microseconds for sample in self.samples)


class UnexpectedAnswersError(Exception):
    """A figure of wrong answers is no figure."""


def run_rounds(
    cells: Sequence[Cell], *, core: int, rounds: int, seconds: float, say: Callable[[str], None] = lambda _line: None
) -> None:
    """Warm every cell up, then measure in interleaved rounds, each second one backwards."""
    rates: dict[int, float] = {}
    for number in range(rounds + 1):
        began = time.monotonic()
        for cell in cells if number % 2 == 0 else reversed(cells):
            known = rates.get(id(cell))
            count = int((known or 0) * seconds) + SPARE_COUNT
            sample = measure(cell.server, cell.operation, core=core, count=count, seconds=seconds)
            rates[id(cell)] = sample.a_second
            if known is not None:
                cell.samples.append(sample)
        say(f"  {'warm-up' if number == 0 else f'round {number} of {rounds}'}: {time.monotonic() - began:.0f} s")


def measure(server: Server, operation: Operation, *, core: int, count: int, seconds: float) -> Sample:
    """Measure once. Raises UnexpectedAnswersError when a single answer is not the one expected."""
    requests = operation.requests(count)
    members, busy_before = server.group.members(), core_seconds(core)
    before = processor_seconds(members)
    load = drive(server.address, requests, operation.expected, seconds=seconds, keep=operation.keep)
    used = processor_seconds({*members, *server.group.members()}) - before
    if load.unexpected or not load.answered:
        raise UnexpectedAnswersError(
            f"{server.name}, {operation.name}: of {load.answered} answers these were not expected: "
            f"{dict(load.unexpected.most_common(3))}"
        )
    return Sample(
        microseconds=used / load.answered * 1e6,
        requests=load.answered,
        a_second=load.answered / load.seconds,
        others=max(0.0, core_seconds(core) - busy_before - used) / load.seconds,
    )
