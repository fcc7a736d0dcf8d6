"""The supervisor, with small stand-ins for the services."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from deploy.local_stack import supervisor as supervisor_module
from deploy.local_stack.errors import EndRequestedError, PartFailedError
from deploy.local_stack.leftovers import MARK, leftovers
from deploy.local_stack.part import Part
from deploy.local_stack.readiness import says
from deploy.local_stack.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STAYS = "import time; print('up', flush=True); time.sleep(600)"
DEADLINE_SECONDS = 20


def part(name: str, code: str = STAYS, *needs: str, patience_seconds: float = DEADLINE_SECONDS) -> Part:
    return Part(name, (sys.executable, "-c", code), says("up"), needs=needs, patience_seconds=patience_seconds)


class Stand:
    """A supervisor over stand-ins, what it said, and the mark of its processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.supervisors: list[Supervisor] = []

    def of(self, *parts: Part, pause: Callable[[float], None] = time.sleep) -> Supervisor:
        environment = {**os.environ, MARK: str(self.folder)}
        made = Supervisor(parts, logs=self.folder / "log", environment=environment, say=self.said.append, pause=pause)
        self.supervisors.append(made)
        return made

    def watch_until(self, supervisor: Supervisor, wanted: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not wanted():
            assert time.monotonic() < deadline, self.said
            supervisor.watch()
            time.sleep(0.005)

    @property
    def ready(self) -> list[str]:
        return [line.split()[0] for line in self.said if "ready" in line]


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    made = Stand(tmp_path)
    yield made
    for supervisor in made.supervisors:
        supervisor.stop_all()


def test_a_part_starts_only_when_what_it_needs_is_ready(stand: Stand) -> None:
    seen = stand.folder / "seen"
    slow = f"import time, pathlib; time.sleep(0.3); pathlib.Path({str(seen)!r}).touch(); {STAYS}"
    asks = f"import pathlib, sys; pathlib.Path({str(seen)!r}).exists() or sys.exit(1); {STAYS}"

    stand.of(part("last", asks, "first"), part("first", slow)).start_all()

    assert stand.ready == ["first", "last"]


def test_a_part_that_dies_at_its_start_is_told_with_its_last_log_lines(stand: Stand) -> None:
    supervisor = stand.of(part("broken", "import sys; print('no such table: seats'); sys.exit(3)"))

    with pytest.raises(
        PartFailedError, match=r"broken ended at its start, with exit code 3[\s\S]*no such table: seats"
    ):
        supervisor.start_all()


def test_a_part_that_is_never_ready_is_told_with_what_is_missing(stand: Stand) -> None:
    supervisor = stand.of(part("mute", "import time; time.sleep(600)", patience_seconds=0.1))

    with pytest.raises(PartFailedError, match=r"mute was not ready after 0 s: its log does not say 'up'"):
        supervisor.start_all()


def test_a_part_that_dies_later_is_started_again(stand: Stand) -> None:
    supervisor = stand.of(part("valkey"))
    supervisor.start_all()
    first = supervisor.pid("valkey")

    os.kill(first, 9)
    stand.watch_until(supervisor, lambda: stand.ready == ["valkey", "valkey"])

    assert supervisor.pid("valkey") != first
    assert any("valkey ended by itself, killed by signal 9; starting it again in 0.5 s" in line for line in stand.said)


def test_readiness_is_not_read_from_the_log_of_the_life_before(stand: Stand) -> None:
    second = stand.folder / "second"
    mute_the_second_time = (
        f"import pathlib, time; second = pathlib.Path({str(second)!r}); second.exists() and time.sleep(600); {STAYS}"
    )
    supervisor = stand.of(part("valkey", mute_the_second_time, patience_seconds=2))
    supervisor.start_all()
    supervisor.kill("valkey")
    second.touch()

    with pytest.raises(PartFailedError, match="its log does not say 'up'"):
        supervisor.start("valkey")


def test_a_part_that_dies_again_and_again_ends_the_stack(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "FIRST_REST_SECONDS", 0.001)
    supervisor = stand.of(part("flapping"))
    supervisor.start_all()

    for death in range(1, 5):
        os.kill(supervisor.pid("flapping"), 9)
        stand.watch_until(supervisor, lambda death=death: len(stand.ready) == death + 1)
    os.kill(supervisor.pid("flapping"), 9)

    with pytest.raises(PartFailedError, match="flapping ended by itself, killed by signal 9, the 5th time within 60 s"):
        stand.watch_until(supervisor, lambda: False)


def test_the_end_is_asked_in_the_order_of_needs(stand: Stand) -> None:
    order = stand.folder / "order"
    code = (
        "import signal, sys, time, pathlib\n"
        "def end(*_):\n"
        f"    with open({str(order)!r}, 'a') as file: file.write(sys.argv[1] + ' ')\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('up', flush=True)\n"
        "time.sleep(600)\n"
    )
    parts = [
        Part("database", (sys.executable, "-c", code, "database"), says("up")),
        Part("service", (sys.executable, "-c", code, "service"), says("up"), needs=("database",)),
        Part("page", (sys.executable, "-c", code, "page"), says("up"), needs=("service",)),
    ]
    supervisor = stand.of(*parts)
    supervisor.start_all()

    supervisor.stop_all()

    assert order.read_text().split() == ["page", "service", "database"]


def test_whoever_ignores_the_end_is_killed_with_its_own_children(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "GRACE_SECONDS", 0.1)
    stubborn = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "os.fork()\n"
        "print('up', flush=True)\n"
        "time.sleep(600)\n"
    )
    supervisor = stand.of(part("stubborn", stubborn))
    supervisor.start_all()
    assert len(leftovers(stand.folder)) == 2

    supervisor.stop_all()

    assert leftovers(stand.folder) == []


def test_a_part_can_be_stopped_killed_and_started_by_name(stand: Stand) -> None:
    supervisor = stand.of(part("license_service"), part("auth_service", STAYS, "license_service"))
    supervisor.start_all()

    supervisor.stop("license_service")
    supervisor.watch()
    assert len(leftovers(stand.folder)) == 1
    supervisor.kill("auth_service")
    assert leftovers(stand.folder) == []
    supervisor.start("license_service")

    assert len(leftovers(stand.folder)) == 1


def test_an_end_asked_for_while_parts_start_leaves_nothing(stand: Stand) -> None:
    def end_at_once(_seconds: float) -> None:
        raise EndRequestedError("SIGTERM")

    supervisor = stand.of(part("slow", "import time; time.sleep(600)"), pause=end_at_once)

    with pytest.raises(EndRequestedError):
        supervisor.start_all()
    supervisor.stop_all()

    assert leftovers(stand.folder) == []


def test_the_log_of_the_run_before_is_kept_aside_and_logs_are_the_owners(stand: Stand) -> None:
    stand.of(part("valkey")).start_all()
    stand.supervisors[0].stop_all()
    stand.of(part("valkey")).start_all()

    logs = stand.folder / "log"
    assert sorted(path.name for path in logs.iterdir()) == ["valkey.log", "valkey.previous.log"]
    assert {path.stat().st_mode & 0o777 for path in logs.iterdir()} == {0o600}
