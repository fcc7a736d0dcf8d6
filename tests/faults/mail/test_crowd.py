"""A crowd of reminders waits while somebody sits before a page and waits for one email (F39)."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from statistics import quantiles
from typing import TYPE_CHECKING

import pytest

from tests.faults.mail.mail_house import FORKED_WORKER
from tests.faults.mail.trial import Trial
from wire.notification_contexts import QUEUE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.mail.mail_house import MailHouse

    Record = Callable[[str, list[str]], None]

IN_TIME_SECONDS = 10


@dataclass(frozen=True)
class Size:
    """How many are in the crowd, and how many are waited for, one after the other."""

    crowd: int
    waited_for: int


@pytest.fixture
def size(pytestconfig: pytest.Config) -> Size:
    return Size(10_000, 40) if pytestconfig.getoption("full") else Size(400, 4)


def test_an_email_that_is_waited_for_goes_before_a_crowd(house: MailHouse, size: Size, record_property: Record) -> None:
    """F39."""
    trial, waits = Trial(house, f"{size.crowd:,} reminders wait"), []
    with ExitStack() as undo:
        undo.callback(house.redis.delete, QUEUE_NAME)
        with ExitStack() as held:
            for worker in ("notify_worker", FORKED_WORKER):
                held.enter_context(house.standing_still(worker))
            crowd = {house.put_on_the_queue(f"reminder-{number}@crowd.example") for number in range(size.crowd)}
        for number in range(size.waited_for):
            recipient = trial.send(f"waiting-{number}", "verify_address")
            waits.append(house.until(lambda wanted={recipient}: house.had(wanted), "the email that is waited for", 60))
        sent = len(house.had(crowd))
    trial.end()

    trial.seconds_to_done = quantiles(waits, n=100, method="inclusive")[98]
    record_property("figures", trial.figures("for 99 of 100"))
    assert 0 < sent < size.crowd
    assert trial.seconds_to_done <= IN_TIME_SECONDS
