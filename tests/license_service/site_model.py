"""What the rules say of sites and their synchronizations, in plain Python: the other half of license_model.py.

It knows the records and the errors, and decides everything by itself (S2-6 … S2-13, S2-19, S2-20, F07).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from license_service.domain.errors import (
    OnPremiseError,
    RevisionChangedError,
    StaleVersionError,
    SynchronizationLostError,
    SynchronizationUnderWayError,
)
from license_service.domain.site import DeploymentMode, Site
from license_service.domain.synchronization import NamedKey, RunStatus, Synchronization

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from license_service.actions.synchronize import SynchronizationAsked

RUN_MAY_TAKE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Records:
    """What a run finds: the keys that the site is to have, the ID # of every key there ever was, and the revision."""

    versions: Mapping[str, int]
    id_numbers: Mapping[str, str]
    revision: int


class SiteModel:
    """Every site there should be, and every run, the oldest first."""

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}
        self.runs: dict[str, Synchronization] = {}

    # --- sites ---------------------------------------------------------------------------------------------------

    def site(self, organization_id: str) -> Site:
        return self.sites.get(organization_id, Site(organization_id=organization_id))

    def key_changed(self, organization_id: str, now: datetime) -> None:
        site = self.site(organization_id)
        since = site.activation_needed_since or now
        self.sites[organization_id] = replace(site, revision=site.revision + 1, activation_needed_since=since)

    def activate(self, organization_id: str, revision: int, now: datetime) -> Site:
        if organization_id not in self.sites or self.sites[organization_id].revision != revision:
            raise RevisionChangedError
        site = replace(self.sites[organization_id], activation_needed_since=None, activated_at=now)
        self.sites[organization_id] = site
        return site

    def set_mode(self, organization_id: str, mode: DeploymentMode, expected: int | None) -> Site:
        site = self.site(organization_id)
        if expected not in {None, site.version}:
            raise StaleVersionError(site.version)
        self.sites[organization_id] = replace(site, deployment_mode=mode, version=site.version + 1)
        return self.sites[organization_id]

    # --- runs ----------------------------------------------------------------------------------------------------

    def begin(self, asked: SynchronizationAsked, run_id: str, now: datetime) -> None:
        if self.site(asked.organization_id).deployment_mode is DeploymentMode.ON_PREMISE:
            raise OnPremiseError
        if any(run.status is RunStatus.RUNNING for run in self.history(now, asked.organization_id)):
            raise SynchronizationUnderWayError
        self.runs[run_id] = Synchronization(
            id=run_id,
            organization_id=asked.organization_id,
            device_id=asked.device_id,
            started_by=asked.started_by,
            trigger=asked.trigger,
            started_at=now,
            leased_until=now + RUN_MAY_TAKE,
        )

    def succeed(self, run_id: str, held: Mapping[str, int], found: Records, now: datetime) -> Synchronization:
        """Give the run as it ended, but for its receipt."""

        def named(key_ids: Iterable[str]) -> tuple[NamedKey, ...]:
            return tuple(NamedKey(key_id, found.id_numbers.get(key_id)) for key_id in sorted(key_ids))

        wanted = found.versions
        return self._end(
            run_id,
            now,
            status=RunStatus.SUCCEEDED,
            added=named(key for key in wanted if key not in held),
            changed=named(key for key in wanted if key in held and held[key] != wanted[key]),
            removed=named(key for key in held if key not in wanted),
        )

    def fail(self, run_id: str, now: datetime) -> None:
        self._end(run_id, now, status=RunStatus.FAILED)

    def keep_receipt(self, run_id: str, receipt: str | None) -> None:
        self.runs[run_id] = replace(self.runs[run_id], receipt=receipt)

    def history(self, now: datetime, organization_id: str | None = None) -> list[Synchronization]:
        """Give the runs as they are to be seen, the newest first."""
        wanted = [run for run in self.runs.values() if organization_id in {None, run.organization_id}]
        newest_first = sorted(wanted, key=lambda run: (run.started_at, run.id), reverse=True)
        return [_seen(run, now) for run in newest_first]

    def _end(self, run_id: str, now: datetime, **outcome: object) -> Synchronization:
        run = _seen(self.runs[run_id], now)
        if run.status is not RunStatus.RUNNING:
            raise SynchronizationLostError
        self.runs[run_id] = replace(run, **outcome, finished_at=now)  # type: ignore[arg-type]
        return self.runs[run_id]


def _seen(run: Synchronization, now: datetime) -> Synchronization:
    """Give the run as it stands: nobody is believed to work at one for ever."""
    is_dead = run.status is RunStatus.RUNNING and now >= run.started_at + RUN_MAY_TAKE
    return replace(run, status=RunStatus.INTERRUPTED, finished_at=run.leased_until) if is_dead else run
