"""`python -m tests.bench`: what auth_service costs, beside the least that the same servers can cost. See README.md."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.bench import growth, license_growth
from tests.bench.license_growth import LicenseHouse
from tests.bench.mail import MailBench
from tests.bench.offline_verification import microseconds_of_verification
from tests.bench.operations import DeviceFlow, floor_operations
from tests.bench.process_group import ProcessGroup
from tests.bench.report import Peers, disturbance, growth_table, operations_table
from tests.bench.rounds import Cell, UnexpectedAnswersError, run_rounds
from tests.bench.servers import KINDS, Server, start_auth_service, start_floor, start_license_double
from tests.bench.stack_memory import idle_mebibytes
from tests.doubles.postgresql import running_server
from tests.doubles.published_issuer import published_issuer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auth_service.wiring import Wired
    from tests.bench.filled_service import FilledService

PARTS = ("operations", "growth", "license", "mail", "verification", "memory")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, and for how long."""

    parts: tuple[str, ...]
    kinds: tuple[str, ...]
    database: str
    rounds: int
    seconds: float


class Bench:
    """A temporary folder with all servers of one run, ended and removed together."""

    def __init__(self, plan: Plan, folder: Path, undo: ExitStack) -> None:
        cores = sorted(os.sched_getaffinity(0))
        self.core, self._load_core = cores[0], cores[-1]
        os.sched_setaffinity(0, {self._load_core})
        self._plan = plan
        self._folder = folder
        self._undo = undo
        beside = ProcessGroup(self._load_core)
        undo.callback(beside.stop)
        self._license_service = start_license_double(beside, folder)

    def operations(self) -> str:
        cells = []
        for kind in self._plan.kinds:
            floor = self.floor(kind)
            cells += [Cell(floor, each) for each in floor_operations(floor)]
        for kind in self._plan.kinds:
            server = self._server("auth_service", kind)
            flow = DeviceFlow(server, *self._filled(server))
            cells += [Cell(server, each) for each in flow.operations()]
        # One operation after the other, and for each of them all servers next to each other.
        order = list(dict.fromkeys(cell.operation.name for cell in cells))
        cells.sort(key=lambda cell: order.index(cell.operation.name))
        self._run(cells)
        return f"{operations_table(cells, self._plan.kinds)}\n\n{disturbance(cells)}"

    def growth(self) -> str:
        kind = self._plan.kinds[-1]
        cells, sizes = [], {}
        for count in growth.LIVE_CODES:
            server = self._server(f"live-codes-{count}", kind)
            service, wired = self._filled(server)
            polled = growth.fill_with_live_codes(wired, count)
            cells.append(Cell(server, DeviceFlow(server, service, wired).polls_of(polled)))
            sizes[server.name] = count
        for count in growth.DEVICES:
            server = self._server(f"devices-{count}", kind)
            service, wired = self._filled(server)
            flow = DeviceFlow(server, service, wired)
            flow.devices.add(count)
            cells += [Cell(server, flow.redeem()), Cell(server, flow.refresh())]
            sizes[server.name] = count
        return self._growth_of(cells, sizes, kind)

    def license(self) -> str:
        """Measure license_service in houses of several sizes."""
        kind, cells, sizes = self._plan.kinds[-1], [], {}
        issuer = self._undo.enter_context(published_issuer())
        for count in license_growth.KEYS:
            server = self._server(f"license-keys-{count}", kind)
            house = LicenseHouse(server, issuer, self._database(server) or f"sqlite:///{server.folder / 'license.db'}")
            cells += [Cell(server, each) for each in house.operations(house.start(count))]
            sizes[server.name] = count
        return self._growth_of(cells, sizes, kind)

    def mail(self) -> str:
        """Measure one worker of notify_service."""
        folder = self._folder / "mail"
        folder.mkdir()
        bench = MailBench(folder, self._undo, core=self.core, load_core=self._load_core)
        return bench.run(self._plan.rounds)

    def floor(self, kind: str) -> Server:
        server = self._server("floor", kind)
        start_floor(server)
        return server

    def _growth_of(self, cells: list[Cell], sizes: dict[str, int], kind: str) -> str:
        cells.sort(key=lambda cell: cell.operation.name)
        self._run(cells)
        rows: dict[str, list[tuple[int, float]]] = {}
        for cell in cells:
            row = rows.setdefault(f"{cell.operation.name} ({kind})", [])
            row.append((sizes[cell.server.name], cell.microseconds))
        return f"{growth_table(rows)}\n\n{disturbance(cells)}"

    def _run(self, cells: Sequence[Cell]) -> None:
        run_rounds(cells, core=self.core, rounds=self._plan.rounds, seconds=self._plan.seconds, say=_say)

    def _server(self, name: str, kind: str) -> Server:
        folder = self._folder / f"{name}-{kind}"
        folder.mkdir()
        server = Server(f"{name} on {kind}", kind, folder, ProcessGroup(self.core))
        self._undo.callback(server.group.stop)
        _say(f"  starting {server.name}")
        return server

    def _filled(self, server: Server) -> tuple[FilledService, Wired]:
        service = start_auth_service(server, self._license_service, self._database(server))
        wired = service.wired()
        self._undo.callback(wired.database.close)
        return service, wired

    def _database(self, server: Server) -> str | None:
        if self._plan.database != "postgresql":
            return None
        database = self._undo.enter_context(running_server(durable=True))
        server.group.adopt(database.pid)
        return database.new_database()


@contextmanager
def opened(plan: Plan, folder: Path | None = None) -> Iterator[Bench]:
    """Give a bench in a temporary folder, below `folder` if one is given; nothing of it is left afterwards."""
    with ExitStack() as undo:
        place = Path(undo.enter_context(TemporaryDirectory(prefix="tillpass-bench-", dir=folder)))
        undo.callback(os.sched_setaffinity, 0, os.sched_getaffinity(0))
        yield Bench(plan, place, undo)


def main() -> int:
    """Print the tables; exit code 1 when an answer was not the one expected."""
    asked = _arguments()
    parts = ("operations", "verification") if asked.quick else PARTS
    rounds, seconds = (3, 0.4) if asked.quick else (5, 1.0)
    plan = Plan(
        parts=tuple(asked.only.split(",")) if asked.only else parts,
        kinds=tuple(asked.kinds.split(",")),
        database=asked.database,
        rounds=asked.rounds or rounds,
        seconds=asked.seconds or seconds,
    )
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {plan.database}; ", end=""
    )
    print(f"medians of {plan.rounds} rounds of {plan.seconds} s\n", flush=True)
    try:
        _measure(plan, asked.folder)
    except UnexpectedAnswersError as fault:
        print(fault, file=sys.stderr)
        return 1
    if asked.peers:
        print(f"Side by side with other servers, in one run of the lab\n\n{Peers.read(asked.peers).table()}\n")
    return 0


def _measure(plan: Plan, folder: Path | None) -> None:
    for part in plan.parts:
        _say(part)
        if part == "verification":
            print(f"License token verified offline: {microseconds_of_verification():.0f} µs\n", flush=True)
        elif part == "memory":
            print(f"Memory of the idle local stack (PSS): {idle_mebibytes():.0f} MiB\n", flush=True)
        else:
            with opened(plan, folder) as bench:
                measured = {
                    "operations": bench.operations,
                    "growth": bench.growth,
                    "license": bench.license,
                    "mail": bench.mail,
                }
                print(f"{measured[part]()}\n", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short rounds; no growth, no memory")
    parser.add_argument("--only", help=f"some of: {','.join(PARTS)}")
    parser.add_argument("--kinds", default=",".join(KINDS), help="which web servers (default: %(default)s)")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="how long one measurement takes")
    parser.add_argument("--folder", type=Path, help="where the databases lie meanwhile (default: the temporary folder)")
    parser.add_argument("--peers", type=Path, help="a result of the lab (lab_descriptor/README.md), to print beside")
    return parser.parse_args()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
