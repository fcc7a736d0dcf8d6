"""Redis takes connections and says nothing: auth_service goes on without it (F20)."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.doubles.auth_processes import Answer, AuthProcesses

PATIENCE_SECONDS = 2.0


@contextmanager
def silent_redis(auth: AuthProcesses) -> Iterator[None]:
    pid = auth.parts.pid("valkey")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_tokens_are_given_in_time_while_redis_says_nothing(auth: AuthProcesses) -> None:
    """F20: a poll and a refresh each take less than two seconds; nothing piles up behind a Redis that is waited for."""
    code = auth.approved_code()
    waits: list[float] = []
    with silent_redis(auth):
        status, tokens = timed(waits, lambda: auth.poll(code))
        assert status == 200, tokens
        for _ in range(8):
            status, tokens = timed(waits, lambda token=tokens["refresh_token"]: auth.refresh(token))
            assert status == 200, tokens

    assert max(waits) < PATIENCE_SECONDS


def timed(waits: list[float], ask: Callable[[], Answer]) -> Answer:
    began = time.monotonic()
    answer = ask()
    waits.append(time.monotonic() - began)
    return answer
