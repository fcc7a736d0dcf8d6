"""Walk the chain of the audit trail and name the first place where it breaks (T66).

Altered, removed, inserted and reordered events break a hash or the count; a tail that was cut off leaves the head
behind. Who rewrites everything, the head too, is found by a hash that was noted elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auth_service.domain.audit_event import FIRST_PREVIOUS_HASH
from auth_service.domain.errors import AuditTrailBrokenError
from auth_service.storage.audit_trail import read_extent, walk_events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auth_service.domain.audit_event import ChainedEvent
    from auth_service.storage.audit_trail import TrailExtent
    from database.engine import Database


@dataclass(frozen=True, slots=True)
class VerifiedTrail:
    """A whole trail: its count of events, and the hash to note down."""

    events: int
    head: str


@dataclass(slots=True)
class _Walk:
    """Where a walk along the chain is."""

    sequence: int = 0
    hash: str = FIRST_PREVIOUS_HASH

    def step(self, event: ChainedEvent) -> None:
        expected = self.sequence + 1
        if event.sequence < expected:
            raise _broken(event.sequence, "was inserted")
        if event.sequence > expected:
            raise _broken(expected, "is missing")
        if event.previous_hash != self.hash:
            raise _broken(expected, "does not follow the event before it")
        if event.hash != _hash_of(event):
            raise _broken(expected, "was altered")
        self.sequence, self.hash = event.sequence, event.hash


def verify_audit_trail(database: Database, *, noted_head: str | None = None) -> VerifiedTrail:
    """Give the trail's length and head when it is whole; `noted_head` is a head of an earlier day.

    Raises AuditTrailBrokenError that names the first sequence that is broken, or DatabaseUnavailableError.
    """
    with database.reading() as connection:
        extent = read_extent(connection)
        if extent is None:
            raise AuditTrailBrokenError("The audit trail has no head: its row was removed.")
        walk, is_noted_seen = _Walk(), noted_head in {None, FIRST_PREVIOUS_HASH}
        events = walk_events(connection)
        while walk.sequence < extent.sequence:
            walk.step(_next(events, walk.sequence + 1))
            is_noted_seen = is_noted_seen or walk.hash == noted_head
    _check_end(walk, extent)
    if not is_noted_seen:
        raise AuditTrailBrokenError(
            "No event has the noted hash: the trail was rewritten at or before the event that it was noted at."
        )
    return VerifiedTrail(events=walk.sequence, head=walk.hash)


def _next(events: Iterator[ChainedEvent], expected: int) -> ChainedEvent:
    try:
        return next(events)
    except StopIteration:
        raise _broken(expected, "is missing: the end was cut off") from None
    except (TypeError, ValueError) as fault:
        # SQLite keeps whatever is put into a column by hand, also where an instant belongs.
        raise _broken(expected, "was altered") from fault


def _check_end(walk: _Walk, extent: TrailExtent) -> None:
    """Compare the end with the head. Both are of one moment, so an event that was appended since is no fault."""
    if walk.hash != extent.hash:
        raise _broken(walk.sequence, "is not the one that the head names")
    if extent.newest_sequence > extent.sequence:
        raise _broken(extent.sequence + 1, "was inserted behind the head")


def _hash_of(event: ChainedEvent) -> str | None:
    try:
        return event.computed_hash()
    except TypeError:
        # Likewise bytes where a text belongs.
        return None


def _broken(sequence: int, how: str) -> AuditTrailBrokenError:
    return AuditTrailBrokenError(f"The audit trail is broken at event {sequence}: it {how}.")
