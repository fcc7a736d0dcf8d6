"""What the actions on webhook endpoints need beside what they are asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from license_service.domain.errors import WebhooksNotSetUpError

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.storage.seal import Seal


@dataclass(frozen=True, slots=True)
class WebhookParts:
    """`allow_loopback` is for development: webhooks may be sent to this machine."""

    database: Database
    seal: Seal | None
    allow_loopback: bool

    def needed_seal(self) -> Seal:
        """Raise WebhooksNotSetUpError when there is none."""
        if self.seal is None:
            raise WebhooksNotSetUpError
        return self.seal
