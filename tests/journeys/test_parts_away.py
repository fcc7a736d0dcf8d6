"""A part is away: a clear 503 or a later email, and nothing is lost."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.local_stack.stack import LocalStack
    from tests.journeys.people import People


@contextmanager
def away(stack: LocalStack, part: str) -> Iterator[None]:
    stack.stop(part)
    try:
        yield
    finally:
        stack.start(part)


def test_license_service_away_is_told_and_the_same_press_passes_later(stack: LocalStack, people: People) -> None:
    codes = people.ask_codes()
    visitor = people.operator()
    with away(stack, "license_service"):
        people.authorize(codes["user_code"], visitor=visitor)
        assert visitor.page.status == 503
        assert people.poll(codes["device_code"]).json()["error"] == "authorization_pending"

    people.authorize(codes["user_code"], visitor=visitor)
    assert visitor.page.status == 200
    assert people.poll(codes["device_code"]).status_code == 200


def test_redis_away_still_gives_licenses_and_the_email_comes_later(stack: LocalStack, people: People) -> None:
    """F19."""
    with away(stack, "valkey"):
        codes = people.ask_codes()
        assert people.poll(codes["device_code"]).json()["error"] == "authorization_pending"
        people.authorize(codes["user_code"])
        tokens = people.poll(codes["device_code"])
        assert tokens.status_code == 200
        assert people.refresh(tokens.json()["refresh_token"]).status_code == 200
        assert requests.get(f"{people.auth_url}/readyz", timeout=10).status_code == 503
        assert requests.get(f"{people.auth_url}/healthz", timeout=10).status_code == 200

    people.expect_every_mail_once()


def test_an_emptied_redis_costs_no_code_and_no_email(stack: LocalStack, people: People) -> None:
    """F18: killed, its data gone, started again."""
    codes = people.ask_codes()
    stack.stop("notify_worker")
    try:
        people.authorize(codes["user_code"])
        stack.kill("valkey")
        for file in (stack.folder / "valkey").rglob("*"):
            if file.is_file() and "aof" in file.name:
                file.unlink()
        stack.start("valkey")
        assert people.poll(codes["device_code"]).status_code == 200
    finally:
        stack.start("notify_worker")

    people.expect_every_mail_once()


@pytest.mark.parametrize("part", ["mail_catcher", "notify_worker", "notify_service", "outbox_relay"])
def test_an_email_waits_for_the_part_that_carries_it(stack: LocalStack, people: People, part: str) -> None:
    """F08, F33, F42: the license is not delayed, the email comes once the part is back, and comes once."""
    codes = people.ask_codes()
    with away(stack, part):
        people.authorize(codes["user_code"])
        assert people.poll(codes["device_code"]).status_code == 200

    people.expect_every_mail_once()


@pytest.mark.parametrize("part", ["auth_service", "license_service", "notify_worker", "valkey", "outbox_relay"])
def test_kill_9_of_a_part_loses_nothing_that_was_answered(stack: LocalStack, people: People, part: str) -> None:
    codes = people.ask_codes()
    people.authorize(codes["user_code"])
    stack.kill(part)
    stack.start(part)

    assert people.poll(codes["device_code"]).status_code == 200
    people.expect_every_mail_once()
