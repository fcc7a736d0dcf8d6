"""A synchronization of a site's license keys: what it changes, and how it stands (S2-7 … S2-14, F07).

A run that nobody ended counts as interrupted once its lease is over: whoever worked at it is gone, and none is shown as
running for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

LEASE: Final = timedelta(seconds=60)
"""How long a run may take."""

MOST_HELD: Final = 800
"""How many keys a site may say that it has: what fits into a request."""


class Trigger(StrEnum):
    """What set a run off: the site's calendar, or a person."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class RunStatus(StrEnum):
    """How a run stands; all but the first are its outcomes."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A license key by its id, and the ID # that it had at the run; None for what is no key of the organization."""

    key_id: str
    id_number: str | None


@dataclass(frozen=True, slots=True)
class KeyDifference:
    """What makes the keys that a site has those that it is to have (S2-9)."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Synchronization:
    """A run. `started_by` names who asked for it; `device_id` is None when it was the vendor's staff.

    `receipt` is what the site was given to keep; only a run that succeeded has one.
    """

    id: str
    organization_id: str
    device_id: str | None
    started_by: str
    trigger: Trigger
    started_at: datetime
    leased_until: datetime
    finished_at: datetime | None = None
    status: RunStatus = RunStatus.RUNNING
    added: tuple[NamedKey, ...] = ()
    changed: tuple[NamedKey, ...] = ()
    removed: tuple[NamedKey, ...] = ()
    receipt: str | None = None

    def seen_at(self, now: datetime) -> Synchronization:
        """Give the run as it stands at `now`: interrupted when its lease is over."""
        if self.status is RunStatus.RUNNING and self.leased_until <= now:
            return replace(self, status=RunStatus.INTERRUPTED, finished_at=self.leased_until)
        return self


def difference(held: Mapping[str, int], current: Mapping[str, int]) -> KeyDifference:
    """Compare the keys that a site has with those that it is to have, both as versions by id.

    Another version is a change, also a lower one: the database may have come from a backup.
    """
    return KeyDifference(
        added=tuple(sorted(current.keys() - held.keys())),
        changed=tuple(sorted(key for key in held.keys() & current.keys() if held[key] != current[key])),
        removed=tuple(sorted(held.keys() - current.keys())),
    )


def named(key_ids: Iterable[str], id_numbers: Mapping[str, str]) -> tuple[NamedKey, ...]:
    """Give the keys with their ID #s; another organization's key has as little of one as what is no key (T44)."""
    return tuple(NamedKey(key_id, id_numbers.get(key_id)) for key_id in key_ids)
