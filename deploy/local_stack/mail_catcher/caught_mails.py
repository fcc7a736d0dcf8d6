"""The mails that were caught: a Maildir, each message as it came with what the envelope said on top."""

from __future__ import annotations

import mailbox
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import EmailMessage
    from pathlib import Path

_FROM: Final = "X-Envelope-From"
_TO: Final = "X-Envelope-To"
_AT: Final = "X-Envelope-At"


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One mail, read for showing; `text` and `html` are empty when it has no such part."""

    key: str
    subject: str
    sender: str
    recipients: str
    at: datetime
    text: str
    html: str
    source: bytes


class CaughtMails:
    """The folder of mails, written by the SMTP side and read by the page."""

    def __init__(self, folder: Path) -> None:
        # A Maildir makes its subfolders only along with the folder, and the launcher makes that before us.
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def keep(self, content: bytes, *, sender: str, recipients: Sequence[str], at: datetime) -> str:
        """Store one mail and give its key."""
        envelope = {_FROM: sender, _TO: ", ".join(recipients), _AT: at.isoformat()}
        head = "".join(f"{name}: {value}\r\n" for name, value in envelope.items())
        return self._maildir().add(head.encode() + content)

    def newest_first(self) -> list[CaughtMail]:
        """Give all mails."""
        maildir = self._maildir()
        mails = [_read(key, maildir.get_bytes(key)) for key in maildir.keys()]  # noqa: SIM118 - a Maildir iterates its messages
        return sorted(mails, key=lambda mail: (mail.at, mail.key), reverse=True)

    def find(self, key: str) -> CaughtMail | None:
        """Give one mail. Keys are looked up among the files that are there, never joined to a path."""
        try:
            return _read(key, self._maildir().get_bytes(key))
        except KeyError:
            return None

    def _maildir(self) -> mailbox.Maildir:
        return mailbox.Maildir(self._folder)


def _read(key: str, source: bytes) -> CaughtMail:
    message = message_from_bytes(source, policy=policy.default)
    return CaughtMail(
        key=key,
        subject=str(message["Subject"] or "(no subject)"),
        sender=str(message["From"] or message[_FROM]),
        recipients=str(message[_TO]),
        at=datetime.fromisoformat(str(message[_AT])),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        source=source,
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    try:
        text = content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        text = content.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")
