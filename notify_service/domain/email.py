"""One email as it leaves the house: one sender, one recipient, a subject, the same words as text and as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Content:
    """What a template makes of its context."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Email:
    """A message that is complete: a repeat of it is the same to the byte, Message-ID and Date included."""

    sender: str
    recipient: str
    message_id: str
    written_at: datetime
    content: Content
