"""Emails while processes and Redis are killed: each arrives, a repeat is rare and the same to the byte.

`make faults` plays it in full: a thousand emails and twenty kills, a thousand emails and five kills of Redis.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from notify_service.domain.notification import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.mail.storm import Storm


def test_no_email_is_lost(storm: Storm, record_property: Callable[[str, Any], None]) -> None:
    """F08, F09, F10, F11, F12, F17, F18, F26: workers and their beats, a child, relay, APIs and Redis were killed."""
    record_property("figures", storm.figures("after the last kill"))

    assert storm.lost == []


def test_no_reader_sees_an_email_twice(storm: Storm) -> None:
    """F09, F11, F12, F25: two beats, messages in threes; for each kill at most one copy more, the same to the byte."""
    assert storm.visible_duplicates == 0
    assert storm.raw_duplicates <= storm.kills + 1


def test_all_is_sent_soon_after_the_last_kill(storm: Storm) -> None:
    """F09, F10, F17: a minute where processes were killed."""
    assert storm.seconds_to_done <= storm.within


def test_a_worker_killed_while_the_mail_server_had_the_email_repeats_it_once(storm: Storm) -> None:
    """F10, F11: once before the answer, once between the answer and the note that it is sent."""
    [before], [after] = storm.named("dying"), storm.named("dies")

    assert storm.copies_to(before)[0].killed
    assert storm.copies_to(after)[0].killed
    assert len(storm.copies_to(before)) >= 2
    assert storm.rows[before].attempts >= 2


def test_an_email_whose_answer_is_slow_has_one_copy(storm: Storm) -> None:
    """F34: the lease and the queue's patience both end before the answer comes; the lease is renewed."""
    for recipient in storm.named("slow"):
        assert len(storm.copies_to(recipient)) == 1
        assert storm.rows[recipient].attempts == 1


def test_a_greylisted_email_arrives_later(storm: Storm) -> None:
    """F35."""
    [recipient] = storm.named("grey")

    assert len(storm.copies_to(recipient)) >= 1
    assert storm.rows[recipient].attempts >= 2


def test_a_refused_recipient_is_asked_once(storm: Storm) -> None:
    """F36."""
    [recipient] = storm.named("refused")
    row = storm.rows[recipient]

    assert (row.state, row.attempts) == (State.FAILED.value, 1)
    assert row.smtp_answer.startswith("550 5.1.1")


def test_a_line_dropped_after_the_content_is_repeated_once_and_late(storm: Storm) -> None:
    """F37."""
    [recipient] = storm.named("drop")

    assert storm.dropped_line_wait >= timedelta(minutes=10)
    assert len({copy.message_id for copy in storm.copies_to(recipient)}) == 1
    assert storm.rows[recipient].state == State.SENT.value


def test_nothing_of_what_was_sent_is_kept(storm: Storm) -> None:
    """T57: neither by the ledger nor by the outbox, however often either was interrupted."""
    storm.house.until(lambda: storm.house.still_in_outbox() == 0, "the outbox to be empty", 330)

    assert [row.id for row in storm.rows.values() if row.state == State.SENT.value and row.sealed is not None] == []
