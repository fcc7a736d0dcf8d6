from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from notify_service.domain.errors import (
    EmailNotMadeError,
    EmailRefusedError,
    LineBrokenError,
    OutcomeUnknownError,
    OutdatedError,
    RecipientRefusedError,
    ServerMisusedError,
    ServerUnreachableError,
    TemporaryRefusalError,
    WorkersLostError,
)
from notify_service.domain.notification import State
from notify_service.domain.retry import LONGEST_ANSWER, Phase, Verdict, fault_of_reply, verdict_on
from tests.notify_service.doubles import NOW
from wire.notification_message import RECIPIENT_REFUSED

if TYPE_CHECKING:
    from notify_service.domain.errors import DeliveryError


def wait_after(fault: DeliveryError, *, attempts: int = 1, jitter: float = 0.0) -> timedelta:
    verdict = verdict_on(fault, attempts=attempts, asked_at=NOW, now=NOW, jitter=jitter)
    assert verdict.state is State.DEFERRED
    assert verdict.next_attempt_at is not None
    return verdict.next_attempt_at - NOW


def test_waits_double_from_ten_seconds_to_half_an_hour() -> None:
    """F33."""
    waits = [wait_after(LineBrokenError(), attempts=n).total_seconds() for n in range(1, 11)]

    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800]


def test_waits_stay_at_half_an_hour_however_many_attempts_there_were() -> None:
    assert wait_after(TemporaryRefusalError(), attempts=100_000) == timedelta(minutes=30)


def test_jitter_spreads_a_wait_by_up_to_half() -> None:
    """F33, F45: what failed together does not come back together."""
    assert wait_after(TemporaryRefusalError(), jitter=0.5) == timedelta(seconds=12.5)


@pytest.mark.parametrize(
    "fault",
    [
        TemporaryRefusalError(),
        LineBrokenError(),
        EmailRefusedError(),
        ServerUnreachableError(),
        ServerMisusedError(),
        EmailNotMadeError(),
    ],
)
def test_every_fault_that_may_pass_is_tried_for_more_than_a_day(fault: DeliveryError) -> None:
    """F33 asks for 24 h at least; F38: a fault in how we use the server burns nothing."""
    verdict = verdict_on(fault, attempts=60, asked_at=NOW, now=NOW + timedelta(days=3, hours=23), jitter=0.0)

    assert verdict.state is State.DEFERRED


def test_after_four_days_an_email_is_given_up() -> None:
    """RFC 5321 §4.5.4.1: 'the give-up time generally needs to be at least 4-5 days'."""
    verdict = verdict_on(TemporaryRefusalError(), attempts=200, asked_at=NOW, now=NOW + timedelta(days=4), jitter=0.0)

    assert verdict == Verdict(State.FAILED, None)


def test_a_refused_recipient_is_never_tried_again() -> None:
    """F36."""
    verdict = verdict_on(RecipientRefusedError(), attempts=1, asked_at=NOW, now=NOW, jitter=0.0)

    assert verdict == Verdict(State.FAILED, None)


def test_an_email_that_ends_its_workers_is_given_up() -> None:
    """F24: set aside, so that the queue goes on."""
    verdict = verdict_on(WorkersLostError(), attempts=11, asked_at=NOW, now=NOW, jitter=0.0)

    assert verdict == Verdict(State.FAILED, None)


@pytest.mark.parametrize("fault", [ServerUnreachableError(), ServerMisusedError()])
def test_a_fault_that_every_email_would_meet_is_no_wait_of_this_one(fault: DeliveryError) -> None:
    """F33, F38: the pause holds it back, and when that is over it is due."""
    assert wait_after(fault, attempts=9) == timedelta(0)


def test_a_refused_email_is_not_sent_again_and_again() -> None:
    """F38: 554 may be mended by us, within days."""
    assert wait_after(EmailRefusedError()) == timedelta(hours=1)


def test_what_has_expired_is_cancelled() -> None:
    """F25."""
    verdict = verdict_on(OutdatedError(), attempts=1, asked_at=NOW, now=NOW, jitter=0.0)

    assert verdict == Verdict(State.CANCELLED, None)


def test_a_refused_recipient_is_called_as_its_asker_knows_it() -> None:
    """F36: the page of a registration says so to whoever watches it."""
    assert RecipientRefusedError.code == RECIPIENT_REFUSED


def test_an_unknown_outcome_waits_ten_minutes_before_the_repeat() -> None:
    """F37."""
    assert wait_after(OutcomeUnknownError()) == timedelta(minutes=10)
    assert wait_after(OutcomeUnknownError(), attempts=8) == timedelta(seconds=1280)


@pytest.mark.parametrize(
    ("phase", "code", "answer", "kind"),
    [
        (Phase.RECIPIENT, 550, "5.1.1 no such user", RecipientRefusedError),
        (Phase.RECIPIENT, 553, "bad address", RecipientRefusedError),
        (Phase.RECIPIENT, 550, "5.7.1 relaying denied", EmailRefusedError),
        (Phase.RECIPIENT, 552, "too many recipients", TemporaryRefusalError),
        (Phase.RECIPIENT, 530, "authentication required", ServerMisusedError),
        (Phase.RECIPIENT, 450, "4.2.0 greylisted", TemporaryRefusalError),
        (Phase.RECIPIENT, 421, "too busy", TemporaryRefusalError),
        (Phase.SENDER, 550, "5.1.8 bad sender", ServerMisusedError),
        (Phase.SENDER, 452, "4.3.1 full", TemporaryRefusalError),
        (Phase.SIGN_IN, 535, "5.7.8 wrong", ServerMisusedError),
        (Phase.SIGN_IN, 454, "4.7.0 try later", ServerUnreachableError),
        (Phase.TLS, 501, "no", ServerMisusedError),
        (Phase.CONTENT, 554, "5.6.0 spam", EmailRefusedError),
        (Phase.CONTENT, 530, "5.7.0 sign in first", ServerMisusedError),
        (Phase.CONTENT, 452, "disk full", TemporaryRefusalError),
        (Phase.GREETING, 554, "go away", ServerMisusedError),
        (Phase.GREETING, 421, "too many connections", ServerUnreachableError),
        (Phase.GREETING, -1, "SSH-2.0", ServerUnreachableError),
    ],
)
def test_a_reply_means(phase: Phase, code: int, answer: str, kind: type[DeliveryError]) -> None:
    """RFC 5321 §4.2.1, §4.5.3.1.10, RFC 3463 §3.8; F35, F36, F38."""
    assert type(fault_of_reply(phase, code, answer)) is kind


def test_the_ledger_gets_the_servers_words_cut_short() -> None:
    assert str(fault_of_reply(Phase.RECIPIENT, 550, "5.1.1 no such user")) == "550 5.1.1 no such user"
    assert len(str(fault_of_reply(Phase.RECIPIENT, 550, "x" * 999))) == LONGEST_ANSWER


def test_what_a_server_says_about_a_sign_in_is_not_kept() -> None:
    """T55: it may repeat what was sent."""
    assert str(fault_of_reply(Phase.SIGN_IN, 535, "wrong: c2VjcmV0")) == "535"
