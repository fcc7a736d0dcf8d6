"""Conversations that rest between two emails: a connection, its TLS and its sign-in serve many emails.

Safe for threads: a session that was taken is its taker's alone, so there are at most as many as emails are sent at
once. Safe for forks: a child forgets what its parent opened, and says nothing on it. What rests too long is closed with
a good-bye by a thread that lives only while something rests.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from notify_service.outbound.smtp_session import SmtpSession


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long a connection serves: so many emails, so many seconds, and so many of rest."""

    emails: int = 100
    seconds: float = 300.0
    rest_seconds: float = 10.0


class KeptSessions:
    """Sessions at rest, the last one laid down on top."""

    _process: int
    _changed: threading.Condition
    _resting: list[tuple[float, SmtpSession]]
    _closer: threading.Thread | None

    def __init__(self, keeping: Keeping, take_leave: Callable[[SmtpSession], None]) -> None:
        self._keeping = keeping
        self._take_leave = take_leave
        self._begin()

    def take(self) -> SmtpSession | None:
        """Take a session that may serve once more; None when there is none."""
        self._be_of_this_process()
        while True:
            with self._changed:
                if not self._resting:
                    return None
                _, session = self._resting.pop()
            if self._serves(session):
                return session
            self._take_leave(session)

    def lay_down(self, session: SmtpSession) -> None:
        """Let a session rest until the next email, or end it when it has served its time."""
        self._be_of_this_process()
        if not self._serves(session):
            self._take_leave(session)
            return
        with self._changed:
            self._resting.append((monotonic() + self._keeping.rest_seconds, session))
            if self._closer is None:
                self._closer = threading.Thread(target=self._close_the_long_rested, name="smtp rest", daemon=True)
                self._closer.start()

    def close(self) -> None:
        """End every session at rest."""
        self._be_of_this_process()
        with self._changed:
            resting, self._resting = self._resting, []
            self._changed.notify_all()
        for _, session in resting:
            self._take_leave(session)

    def _begin(self) -> None:
        self._process = os.getpid()
        self._resting = []
        self._changed = threading.Condition()
        self._closer = None

    def _be_of_this_process(self) -> None:
        if self._process != os.getpid():
            # The parent's sockets are closed here without a word: it goes on with them.
            self._begin()

    def _serves(self, session: SmtpSession) -> bool:
        return session.emails < self._keeping.emails and monotonic() - session.opened_at < self._keeping.seconds

    def _close_the_long_rested(self) -> None:
        while True:
            with self._changed:
                if not self._resting:
                    self._closer = None
                    return
                until, session = self._resting[0]
                left = until - monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                self._resting.pop(0)
            self._take_leave(session)
