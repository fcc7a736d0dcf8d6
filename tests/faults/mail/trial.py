"""Emails that are sent for one trial, and what the mail server had of them in the end."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from notify_service.domain.notification import State

if TYPE_CHECKING:
    from tests.faults.mail.mail_house import Copy, MailHouse

GIVE_UP_SECONDS: Final = 400
"""Longer than the longest wait of an outbox."""


@dataclass
class Trial:
    """Ids are by recipient, whose name tells what goes wrong with the email (recording_server.py)."""

    house: MailHouse
    name: str
    ids: dict[str, str] = field(default_factory=dict)
    kills: int = 0
    copies: list[Copy] = field(default_factory=list)
    rows: dict[str, Any] = field(default_factory=dict)
    seconds_to_done: float = 0.0

    def send(self, name: str, template: str = "device_authorized", *, rings: int = 0) -> str:
        """Commit one email to a recipient of that name."""
        recipient = f"{name}.{len(self.ids)}@{re.sub('[^a-z0-9]+', '-', self.name.lower())}.example"
        self.ids[recipient] = self.house.send(recipient, template, rings=rings)
        return recipient

    def send_many(self, mails: int) -> None:
        for number in range(mails):
            self.send(f"mail-{number}")

    def end(self, since: float | None = None) -> None:
        """Wait until every email is where it belongs, and take down what came of it."""
        began = time.time() if since is None else since
        self.house.until(self._is_done, f"all emails of '{self.name}'", GIVE_UP_SECONDS)
        self.seconds_to_done = time.time() - began
        self.copies = [copy for copy in self.house.copies() if copy.recipient in self.ids]
        self.rows = {recipient: self.house.row(one) for recipient, one in self.ids.items()}

    def named(self, name: str) -> list[str]:
        return [recipient for recipient in self.ids if recipient.startswith(name)]

    def copies_to(self, recipient: str) -> list[Copy]:
        return [copy for copy in self.copies if copy.recipient == recipient]

    @property
    def lost(self) -> list[str]:
        had = {copy.recipient for copy in self.copies}
        return [one for one in self.ids if one not in had and not one.startswith("refused")]

    @property
    def raw_duplicates(self) -> int:
        return len(self.copies) - len({copy.recipient for copy in self.copies})

    @property
    def visible_duplicates(self) -> int:
        """Count what a mail program would show twice: copies that differ in Message-ID, or in a single byte."""
        shown = {(copy.recipient, copy.message_id, copy.digest) for copy in self.copies}
        return len(shown) - len({copy.recipient for copy in self.copies})

    def figures(self, measured: str) -> list[str]:
        """Give the row of the table; `measured` says from when on the seconds count."""
        counts = (len(self.ids), self.kills, len(self.lost), self.raw_duplicates, self.visible_duplicates)
        return [self.name, *map(str, counts), f"{self.seconds_to_done:.0f} s {measured}"]

    def _is_done(self) -> bool:
        refused = len(self.named("refused"))
        states = self.house.states(self.ids.values())
        return states[State.SENT] == len(self.ids) - refused and states[State.FAILED] == refused


def assert_each_once(trial: Trial, *, within: float) -> None:
    """Every email arrived, in one copy, in time."""
    assert (trial.lost, trial.raw_duplicates) == ([], 0)
    assert trial.seconds_to_done <= within
