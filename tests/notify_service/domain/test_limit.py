"""Who has had enough emails (T54)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from auth_service.domain.limit import REGISTRATION_MAIL
from notify_service.domain.limit import (
    LIMITS,
    NEVER_LATE,
    VERIFICATION_TEMPLATES,
    Admission,
    Crossed,
    admit,
    mailbox_of,
)
from notify_service.domain.notification import State
from tests.notify_service.doubles import NOW
from wire.notification_contexts import CONTEXT_SCHEMAS, FIRST_QUEUE_NAME, QUEUE_OF_TEMPLATE

HOUR = timedelta(hours=1)


def test_what_is_over_no_limit_goes_at_once() -> None:
    assert admit("device_authorized", [], NOW) == Admission(State.QUEUED, NOW)
    free_again = Crossed(LIMITS.address, NOW - LIMITS.address.window)
    assert admit("device_authorized", [free_again], NOW) == Admission(State.QUEUED, NOW)


def test_what_is_over_a_limit_waits_for_the_end_of_its_window() -> None:
    """T54."""
    at = NOW + 23 * HOUR

    assert admit("device_authorized", [Crossed(LIMITS.address, NOW - HOUR)], NOW) == Admission(
        State.DEFERRED, at, at, "Over the limit of 200 emails to this address in 24 hours: waits."
    )


def test_the_limit_that_makes_it_wait_longest_counts() -> None:
    both = [Crossed(LIMITS.overall, NOW), Crossed(LIMITS.organization, NOW)]

    assert admit("device_authorized", both, NOW).next_attempt_at == NOW + LIMITS.organization.window


@pytest.mark.parametrize("template", sorted(NEVER_LATE))
def test_what_a_stranger_can_cause_or_expires_is_held_and_counts_for_nothing(template: str) -> None:
    """T54: a bomb that goes off later is a bomb; and a flood makes the real one wait no longer."""
    assert admit(template, [Crossed(LIMITS.verification, NOW)], NOW) == Admission(
        State.HELD, None, None, "Over the limit of 10 emails of this kind to this address in 6 hours: held."
    )


@pytest.mark.parametrize("template", sorted(VERIFICATION_TEMPLATES - NEVER_LATE))
def test_a_license_code_and_news_of_a_password_wait(template: str) -> None:
    """They go to an address that was proven, and are true later too."""
    assert admit(template, [Crossed(LIMITS.verification, NOW)], NOW).state is State.DEFERRED


def test_what_would_wait_until_it_is_given_up_is_held() -> None:
    """T54: a flood to one address does not come to it for weeks."""
    assert admit("device_authorized", [Crossed(LIMITS.address, NOW + 71 * HOUR)], NOW).state is State.DEFERRED
    assert admit("device_authorized", [Crossed(LIMITS.address, NOW + 72 * HOUR)], NOW).state is State.HELD


def test_one_hour_is_no_hours() -> None:
    assert LIMITS.overall.told().endswith("in 1 hour")


def test_the_templates_are_real_and_those_that_somebody_waits_for() -> None:
    assert VERIFICATION_TEMPLATES >= NEVER_LATE
    first = {template for template in CONTEXT_SCHEMAS if QUEUE_OF_TEMPLATE[template] == FIRST_QUEUE_NAME}
    assert first == VERIFICATION_TEMPLATES


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("Ann@Shop.Example", "ann@shop.example"),
        ("ann+1@shop.example", "ann@shop.example"),
        ("ann+1+2@shop.example", "ann@shop.example"),
        ("+@shop.example", "+@shop.example"),
        ("a.nn@shop.example", "a.nn@shop.example"),
    ],
)
def test_the_addresses_of_one_mailbox_count_as_one(address: str, mailbox: str) -> None:
    """T54."""
    assert mailbox_of(address) == mailbox


def test_no_email_is_held_that_the_registration_was_allowed_to_ask_for() -> None:
    """T54: the link of the email before it is dead by then."""
    asked = next(count for count in REGISTRATION_MAIL.counts if count.by == "email")

    assert LIMITS.verification.most >= asked.most
    assert LIMITS.verification.window.total_seconds() <= asked.seconds
