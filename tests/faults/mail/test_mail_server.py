"""A mail server that is away, slow, or wants nothing from us: emails wait and arrive once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.mail.trial import Trial, assert_each_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.mail.mail_house import MailHouse

    Record = Callable[[str, list[str]], None]

pytestmark = pytest.mark.usefixtures("full")

RECOVERY_SECONDS = 60
SENDERS = 6
"""So many can send at once: four threads and two children."""


def test_last_answers_that_take_ninety_seconds_give_one_copy_each(house: MailHouse, record_property: Record) -> None:
    """F34: all who can send wait for one each; the others go as soon as they are through."""
    trial = Trial(house, "Last answer takes 90 s")
    slow = [trial.send("slow-90") for _ in range(SENDERS)]
    house.until(lambda: {copy.recipient for copy in house.copies()} >= set(slow), "the slow emails", 30)
    began = max(copy.at for copy in house.copies() if copy.recipient in slow)
    trial.send_many(200)
    trial.end(began + 90)

    record_property("figures", trial.figures("after the slow answers"))
    assert_each_once(trial, within=RECOVERY_SECONDS)


def test_emails_wait_while_the_mail_server_is_away(house: MailHouse, record_property: Record) -> None:
    """F33."""
    trial = Trial(house, "Mail server away for 60 s")
    house.parts.kill("mail_catcher")
    trial.send_many(100)
    house.wait(60)
    house.parts.start("mail_catcher")
    trial.end()

    record_property("figures", trial.figures("after its return"))
    assert_each_once(trial, within=120)


def test_each_answer_five_seconds_late_costs_time_and_nothing_else(house: MailHouse, record_property: Record) -> None:
    """F34."""
    trial = Trial(house, "Each answer 5 s late")
    with house.mail_server_ordered(reply_seconds=5):
        trial.send_many(SENDERS)
        trial.end()

    record_property("figures", trial.figures("for six at once"))
    assert_each_once(trial, within=RECOVERY_SECONDS)


def test_a_server_that_wants_none_of_ours_burns_no_email(house: MailHouse, record_property: Record) -> None:
    """F38."""
    trial = Trial(house, "Refuses our sign-in for 20 s")
    with house.mail_server_ordered(at_sender="530 5.7.0 sign in first"):
        trial.send_many(100)
        house.wait(20)
    trial.end()

    record_property("figures", trial.figures("after it took us again"))
    assert_each_once(trial, within=120)
