"""What shows that somebody reads a mailbox: the link of an email, or the short code beside it (T52; ASVS 6.5.5).

The link's secret has 256 random bits and lives for a day. The code is for typing where the link cannot be opened; it
looks as a user code does, lives for ten minutes, and few wrong ones end it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auth_service.domain.secret_digest import digest, keyed_digest, new_secret
from auth_service.domain.user_code import new_user_code

if TYPE_CHECKING:
    from datetime import datetime

LINK_SECONDS: Final = 24 * 3600
CODE_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class KeptProof:
    """What is stored of it."""

    notification_id: str
    link_digest: str
    link_expires_at: datetime
    code_digest: str
    code_expires_at: datetime


@dataclass(frozen=True, slots=True)
class MailedProof:
    """Link and code in the clear, for the one email that carries them; the code in its normal form."""

    notification_id: uuid.UUID
    link_secret: str = field(repr=False)
    code: str = field(repr=False)
    made_at: datetime

    @property
    def link_expires_at(self) -> datetime:
        return self.made_at + timedelta(seconds=LINK_SECONDS)

    @property
    def code_expires_at(self) -> datetime:
        return self.made_at + timedelta(seconds=CODE_SECONDS)

    def kept(self, key: bytes) -> KeptProof:
        """Give what is stored; `key` keys the code's digest."""
        return KeptProof(
            notification_id=str(self.notification_id),
            link_digest=digest(self.link_secret),
            link_expires_at=self.link_expires_at,
            code_digest=keyed_digest(self.code, key),
            code_expires_at=self.code_expires_at,
        )


def new_proof(now: datetime) -> MailedProof:
    """Draw a link and a code, and the id of the email that is to carry them."""
    return MailedProof(uuid.uuid4(), new_secret(), new_user_code(), made_at=now)
