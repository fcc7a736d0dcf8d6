"""A page of the list of notifications: which are wanted, and where the next page begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from notify_service.domain.notification import Notification, State

DEFAULT_LIMIT: Final = 50
LARGEST_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class Position:
    """The place of a notification in the list, which has the newest first."""

    created_at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class NotificationsWanted:
    """Which notifications, of those that come after a position. What is None or empty chooses nothing."""

    ids: Sequence[str] = ()
    state: State | None = None
    template: str | None = None
    organization_id: str | None = None
    recipient: str | None = None
    after: Position | None = None
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class NotificationPage:
    """One page; `end` is the position of its last notification when there are more."""

    notifications: Sequence[Notification]
    end: Position | None
