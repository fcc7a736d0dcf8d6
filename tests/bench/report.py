"""The figures as Markdown tables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.bench.rounds import Cell

FLOOR: Final = "floor: Flask, form, one Redis call"
CONSTANT: Final = "constant Flask answer"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Make a table whose columns but the first are figures."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def operations_table(cells: Sequence[Cell], kinds: Sequence[str]) -> str:
    """Give for each operation and kind of server the median, the range, and the ratio to that kind's floors."""
    by_place = {(cell.operation.name, cell.server.kind): cell for cell in cells}
    heads = ["CPU µs a request"]
    for kind in kinds:
        heads += [kind, "lowest–highest", "× floor", "× constant Flask"]
    rows = []
    for name in dict.fromkeys(cell.operation.name for cell in cells):
        row = [name]
        for kind in kinds:
            row += _columns(by_place[name, kind], by_place[FLOOR, kind], by_place[CONSTANT, kind])
        rows.append(row)
    return table(heads, rows)


def _columns(cell: Cell, floor: Cell, constant: Cell) -> list[str]:
    measured = [sample.microseconds for sample in cell.samples]
    return [
        f"{cell.microseconds:.0f}",
        f"{min(measured):.0f}–{max(measured):.0f}",
        f"{cell.microseconds / floor.microseconds:.2f}",
        f"{cell.microseconds / constant.microseconds:.2f}",
    ]


def growth_table(rows: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Give for each operation the median at each size, and how much the largest costs over the smallest."""
    sizes = sorted({size for row in rows.values() for size, _ in row})
    heads = ["CPU µs a request", *(f"{size:,}" for size in sizes), "largest / smallest"]
    lines = []
    for name, row in rows.items():
        known = dict(row)
        figures = [f"{known[size]:.0f}" if size in known else "—" for size in sizes]
        lines.append([name, *figures, f"{known[max(known)] / known[min(known)]:.2f}"])
    return table(heads, lines)


def disturbance(cells: Sequence[Cell]) -> str:
    """Say how many answers stand behind the figures, and how much others used the servers' core meanwhile."""
    samples = [sample for cell in cells for sample in cell.samples]
    others = [sample.others for sample in samples]
    return (
        f"{sum(sample.requests for sample in samples):,} answers in {len(samples)} measurements, each as expected. "
        f"Others used the servers' core for {median(others):.0%} of the time (at most {max(others):.0%}); "
        "where that is much, trust the ratios only."
    )


@dataclass(frozen=True, slots=True)
class Peers:
    """The result of a lab that measures several servers side by side: medians by operation and server."""

    medians: dict[tuple[str, str], float]

    @classmethod
    def read(cls, path: Path) -> Peers:
        results: list[dict[str, Any]] = json.loads(path.read_text())["results"]
        return cls(
            {(each["op"], each["target"]): median(sample["cpu_us"] for sample in each["samples"]) for each in results}
        )

    def table(self) -> str:
        """Give every server's figures, with the ratio to the first server of the result."""
        servers = list(dict.fromkeys(server for _, server in self.medians))
        rows = []
        for operation in dict.fromkeys(operation for operation, _ in self.medians):
            first = self.medians.get((operation, servers[0]))
            rows.append([operation, *(self._figure(operation, server, first) for server in servers)])
        return table(["CPU µs a request", *servers], rows)

    def _figure(self, operation: str, server: str, first: float | None) -> str:
        microseconds = self.medians.get((operation, server))
        if microseconds is None:
            return "—"
        return f"{microseconds:.0f}" if first is None else f"{microseconds:.0f} (×{microseconds / first:.2f})"
