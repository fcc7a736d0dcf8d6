"""The queue between a sending service and the workers: full, poisoned, slow, half open, away, long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deploy.local_stack.settings import REPOSITORY
from tests.faults.mail.mail_house import FORKED_WORKER
from tests.faults.mail.trial import Trial, assert_each_once
from wire.notification_contexts import QUEUE_NAME
from wire.notification_message import TASK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.mail.mail_house import MailHouse

    Record = Callable[[str, list[str]], None]

RELAY_SECONDS = 10
PATIENCE_SECONDS = 60
BOTH_POOLS = ("notify_worker", FORKED_WORKER)


def test_a_sender_that_dies_after_its_commit_has_its_email_sent(house: MailHouse) -> None:
    """F08: nothing but the commit was done."""
    recipient = "widow@dying-sender.example"
    died = subprocess.run(
        [sys.executable, "-m", "tests.faults.mail.dying_sender", recipient],
        cwd=REPOSITORY,
        env={**os.environ, **house.environment},
        check=False,
    )

    assert died.returncode == -signal.SIGKILL
    assert house.until(lambda: house.had({recipient}), "the email of a dead sender", PATIENCE_SECONDS) <= RELAY_SECONDS


def test_what_cannot_be_used_is_set_aside_and_ends_no_worker(house: MailHouse) -> None:
    """F24, F48: with forked children and with threads; the queue goes on."""
    pids = list(map(house.parts.pid, BOTH_POOLS))
    for _ in range(4):
        house.redis.lpush(QUEUE_NAME, "not json", "{}", b"\x80\x04\x95")
    house.queue._celery.send_task(TASK_NAME, args=[99, "of-a-later-version", "x", "one more part"], queue=QUEUE_NAME)
    house.send("behind@poison.example")

    house.until(lambda: house.had({"behind@poison.example"}), "the email behind the poison", PATIENCE_SECONDS)
    house.until(lambda: "of-a-later-version" in house.set_aside(), "the later version to be set aside", 30)
    assert list(map(house.parts.pid, BOTH_POOLS)) == pids


def test_a_full_redis_delays_an_email_and_evicts_nothing(house: MailHouse) -> None:
    """F21: as if it were away; the services say that they are not ready, and the workers live through it."""
    pids = list(map(house.parts.pid, BOTH_POOLS))
    house.redis.set("kept", "x")
    with house.full_redis():
        house.send("patient@full-redis.example")
        assert not house.is_ready("notify")
        assert not house.is_ready("auth")
        house.until(lambda: "messages wait in the outbox" in house.log("outbox_relay"), "the relay to be refused", 30)
        assert house.redis.get("kept") == b"x"

    house.until(lambda: house.had({"patient@full-redis.example"}), "the email after Redis was full", PATIENCE_SECONDS)
    assert house.is_ready("notify")
    assert list(map(house.parts.pid, BOTH_POOLS)) == pids


@pytest.mark.usefixtures("full")
def test_emails_wait_while_redis_is_away_for_a_minute(house: MailHouse, record_property: Record) -> None:
    """F19: changes are committed meanwhile, and the workers come back by themselves."""
    trial = Trial(house, "Redis away for 60 s")
    house.parts.kill("valkey")
    trial.send_many(100)
    house.wait(60)
    house.parts.start("valkey")
    trial.end()

    record_property("figures", trial.figures("after its return"))
    assert_each_once(trial, within=PATIENCE_SECONDS)


@pytest.mark.usefixtures("full")
def test_a_redis_that_stands_still_is_left_and_used_again(house: MailHouse, record_property: Record) -> None:
    """F20, F23: it takes connections and answers nothing for half a minute, also to what acknowledges."""
    trial = Trial(house, "Redis stands still for 30 s")
    with house.standing_still("valkey"):
        trial.send_many(100)
        house.wait(30)
    trial.end()

    record_property("figures", trial.figures("after it went on"))
    assert_each_once(trial, within=PATIENCE_SECONDS)
