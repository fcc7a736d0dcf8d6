"""Emails are sent while something is killed at random again and again."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from notify_service.domain.notification import State
from tests.faults.mail.mail_house import FORKED_WORKER, POOL_CHILD
from tests.faults.mail.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.faults.mail.mail_house import MailHouse

PROCESSES: Final = (
    "notify_worker",
    POOL_CHILD,
    "outbox_relay",
    "notify_service",
    "auth_service",
    FORKED_WORKER,
)
REDIS: Final = {"redis": "all", "redis, emptied": "nothing", "redis, set back": "before"}
"""What it still knows when it comes back."""


@dataclass(frozen=True, slots=True)
class Plan:
    """So many emails, over so many seconds, under these blows, in any order."""

    name: str
    mails: int
    seconds: float
    blows: Sequence[str]
    within: float = 60
    """So many seconds after the last blow all is sent."""
    house: str = "house"
    """The fixture that it is played in."""


SHORT: Final = Plan(
    "Some of everything", 60, 7, (POOL_CHILD, "notify_worker", "redis, emptied", "outbox_relay", "notify_service")
)
TWENTY: Final = tuple(itertools.islice(itertools.cycle(PROCESSES), 20))
# What Redis forgot is in the outbox, which asks after it at waits that double to five minutes.
FULL: Final = (
    Plan("Processes killed", 1000, 80, TWENTY),
    Plan("Redis killed", 1000, 40, ("redis", "redis", "redis, emptied", "redis, set back", "redis"), within=330),
    Plan("Processes killed on PostgreSQL", 1000, 80, TWENTY, house="house_on_postgresql"),
)


@dataclass
class Storm(Trial):
    """A trial under blows."""

    within: float = 0
    dropped_line_wait: timedelta = timedelta()


def play(house: MailHouse, plan: Plan) -> Storm:
    """Play a plan to its end."""
    storm, kills_before = Storm(house, plan.name, within=plan.within), house.kills
    _let_the_mail_server_refuse(storm)
    with ThreadPoolExecutor(1) as sender:
        sending = sender.submit(_send_all, storm, plan)
        for blow in house.chance.sample(plan.blows, len(plan.blows)):
            house.wait(plan.seconds / (len(plan.blows) + 1) * house.chance.uniform(0.2, 1.2))
            _strike(house, blow)
        sending.result()
    # When nothing is killed any more, or a second copy would prove nothing.
    storm.send("slow-15")
    killed_by_server = [copy.at for copy in house.copies() if copy.killed and copy.recipient in storm.ids]
    storm.kills = house.kills - kills_before + len(killed_by_server)
    storm.end(max([house.last_kill, *killed_by_server]))
    return storm


def _let_the_mail_server_refuse(storm: Storm) -> None:
    """Before anything is killed: a greylisted, a refused and a dropped email; the ten minutes of that are let pass."""
    house = storm.house
    grey, refused, dropped = (storm.ids[storm.send(name)] for name in ("grey", "refused", "drop"))
    house.until(
        lambda: house.states([grey, refused, dropped]) == {State.DEFERRED: 2, State.FAILED: 1},
        "the mail server's refusals",
        30,
    )
    row = house.row(dropped)
    storm.dropped_line_wait = row.next_attempt_at - row.created_at
    house.make_due(dropped)


def _send_all(storm: Storm, plan: Plan) -> None:
    storm.send("dying")
    for number in range(plan.mails):
        # Each tenth is on the queue three times.
        storm.send(f"mail-{number}", rings=2 if number % 10 == 0 else 0)
        if number == plan.mails // 2:
            storm.send("dies")
        storm.house.wait(plan.seconds / plan.mails)


def _strike(house: MailHouse, blow: str) -> None:
    if blow in REDIS:
        house.kill_redis(keep=REDIS[blow])
    else:
        house.kill(blow)
