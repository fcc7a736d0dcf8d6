"""Answers that are cut on the way, after the commit: the same device asks again and has its tokens (F05, F06, T25)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.doubles.auth_processes import poll_form, refresh_form

if TYPE_CHECKING:
    from tests.doubles.auth_processes import AuthProcesses


def test_every_lost_answer_to_a_redeem_is_recovered(auth: AuthProcesses, rounds: int) -> None:
    for _ in range(rounds):
        code = auth.approved_code()
        auth.post_and_lose_the_answer("/oauth/token", poll_form(code))

        status, tokens = auth.poll(code)

        assert status == 200, tokens
        assert auth.refresh(tokens["refresh_token"])[0] == 200


def test_every_lost_answer_to_a_refresh_is_recovered(auth: AuthProcesses, rounds: int) -> None:
    token = auth.poll(auth.approved_code())[1]["refresh_token"]
    for _ in range(rounds):
        auth.post_and_lose_the_answer("/oauth/token", refresh_form(token))

        status, tokens = auth.refresh(token)

        assert status == 200, tokens
        token = tokens["refresh_token"]


def test_answers_that_are_lost_again_and_again_are_recovered(auth: AuthProcesses) -> None:
    """A line that breaks five times running still ends in one family."""
    code = auth.approved_code()
    for _ in range(5):
        auth.post_and_lose_the_answer("/oauth/token", poll_form(code))
    first = auth.poll(code)[1]["refresh_token"]
    for _ in range(5):
        auth.post_and_lose_the_answer("/oauth/token", refresh_form(first))
    second = auth.refresh(first)[1]["refresh_token"]

    assert auth.refresh(second)[0] == 200
