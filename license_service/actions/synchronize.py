"""Synchronize a site's license keys with the records: what it has against what it is to have (S2-7 … S2-13, F07).

Three steps, each a transaction of its own, so that a run is to be seen while it goes on and whoever dies at it leaves
a trace: the run is noted with a lease; the keys are read and their texts signed; how it ended is noted, if the lease
still holds. Nothing else is changed, so a run that was cut off is simply started again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from database.retried import retried
from license_service.actions.sign_access_key import SignedAccessKey
from license_service.domain.access_key import claims_of
from license_service.domain.errors import (
    SigningKeyUnavailableError,
    SynchronizationLostError,
    SynchronizationUnderWayError,
)
from license_service.domain.license_key import KeyStatus
from license_service.domain.synchronization import LEASE, RunStatus, Synchronization, difference, named
from license_service.storage import license_keys, sites, synchronizations
from wire.access_key import sign_access_key
from wire.synchronization_receipt import SynchronizationReceipt, sign_synchronization_receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey
    from license_service.domain.synchronization import NamedKey, Trigger
    from license_service.signing.key_folder import KeyFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class SynchronizationAsked:
    """Who asks for what: `held` are the keys that the site has, as versions by id."""

    organization_id: str
    device_id: str | None
    started_by: str
    trigger: Trigger
    held: Mapping[str, int]


class Delivered(NamedTuple):
    """A run that succeeded, all keys that the site is to have, and the revision that it then activates (S2-6)."""

    run: Synchronization
    keys: Sequence[SignedAccessKey]
    revision: int


def synchronize(
    database: Database,
    signing_keys: KeyFolder,
    asked: SynchronizationAsked,
    *,
    run_id: str,
    clock: Callable[[], datetime],
) -> Delivered:
    """Run it, and give all keys to which the organization has access.

    Raises OnPremiseError or SynchronizationUnderWayError, and then no run was begun; SigningKeyUnavailableError, and
    then it is noted as failed; SynchronizationLostError when it took longer than LEASE.
    """
    run = _begun(database, asked, run_id, clock())
    try:
        delivered = _delivered(database, signing_keys, run, asked.held, clock)
    except SigningKeyUnavailableError:
        _end(database, replace(run, status=RunStatus.FAILED, finished_at=clock()), clock())
        raise
    _end(database, delivered.run, clock())
    return delivered


@retried
def _begun(database: Database, asked: SynchronizationAsked, run_id: str, now: datetime) -> Synchronization:
    run = Synchronization(
        id=run_id,
        organization_id=asked.organization_id,
        device_id=asked.device_id,
        started_by=asked.started_by,
        trigger=asked.trigger,
        started_at=now,
        leased_until=now + LEASE,
    )
    with database.transaction() as connection:
        sites.of_organization(connection, asked.organization_id).check_synchronizes()
        if not synchronizations.begin(connection, run):
            raise SynchronizationUnderWayError
    return run


def _delivered(
    database: Database,
    signing_keys: KeyFolder,
    run: Synchronization,
    held: Mapping[str, int],
    clock: Callable[[], datetime],
) -> Delivered:
    with database.reading() as connection:
        # The revision first: keys that are changed just now may be delivered under the one before, and are then still
        # to be activated; the other way round a change would count as activated that was never delivered.
        revision = sites.of_organization(connection, run.organization_id).revision
        keys = license_keys.listed(connection, run.organization_id)
    signing_key = signing_keys.current_key()
    current = {key.id: key for key in keys if key.status is KeyStatus.ACTIVE}
    texts = [
        SignedAccessKey(key.id, key.version, sign_access_key(claims_of(key), signing_key)) for key in current.values()
    ]
    ended = _succeeded(run, held, keys, clock())
    receipt = _receipt(ended, {key.id: key.version for key in current.values()}, revision)
    ended = replace(ended, receipt=sign_synchronization_receipt(receipt, signing_key))
    return Delivered(ended, texts, revision)


def _succeeded(
    run: Synchronization, held: Mapping[str, int], keys: Sequence[LicenseKey], now: datetime
) -> Synchronization:
    # A key that is suspended, revoked or replaced is none that the site is to have.
    changes = difference(held, {key.id: key.version for key in keys if key.status is KeyStatus.ACTIVE})
    id_numbers = {key.id: key.id_number for key in keys}
    return replace(
        run,
        status=RunStatus.SUCCEEDED,
        finished_at=now,
        added=named(changes.added, id_numbers),
        changed=named(changes.changed, id_numbers),
        removed=named(changes.removed, id_numbers),
    )


def _receipt(run: Synchronization, versions: Mapping[str, int], revision: int) -> SynchronizationReceipt:
    return SynchronizationReceipt(
        synchronization_id=run.id,
        organization_id=run.organization_id,
        device_id=run.device_id,
        started_by=run.started_by,
        trigger=run.trigger.value,
        started_at=run.started_at,
        finished_at=run.finished_at or run.started_at,
        revision=revision,
        keys=versions,
        added=_pairs(run.added),
        changed=_pairs(run.changed),
        removed=_pairs(run.removed),
    )


def _pairs(keys: Iterable[NamedKey]) -> tuple[tuple[str, str | None], ...]:
    return tuple((key.key_id, key.id_number) for key in keys)


@retried
def _end(database: Database, run: Synchronization, now: datetime) -> None:
    with database.transaction() as connection:
        if not synchronizations.end(connection, run, now):
            raise SynchronizationLostError
