from __future__ import annotations

from uuid import UUID

from notify_service.domain.notification import lease_seconds, message_id_of, redacted


def test_the_message_id_is_the_same_for_every_copy() -> None:
    """F09, F11: a repeat carries the Message-ID of the first."""
    notification_id = UUID("7d3f0c9e-6a1b-4f64-9f6c-1d2b3a4c5e6f")

    made = message_id_of(notification_id, "no-reply@tillpass.example")

    assert made == "<7d3f0c9e-6a1b-4f64-9f6c-1d2b3a4c5e6f@tillpass.example>"


def test_an_email_that_keeps_ending_its_worker_is_taken_up_ever_later() -> None:
    """F24: no crash loop."""
    assert [lease_seconds(n) for n in (0, 4, 5, 6, 12, 99_999)] == [10, 10, 20, 40, 1800, 1800]


def test_a_redacted_address_shows_its_first_letter_and_its_domain() -> None:
    """T55."""
    assert redacted("owner@example.com") == "o***@example.com"
