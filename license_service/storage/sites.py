"""The rows of `sites`: what each organization's site is to do about its license keys (S2-6, S2-20)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, select, update

from database.instants import Instant
from license_service.domain.site import DeploymentMode, Site
from license_service.storage.insertion import insert_if_absent
from license_service.storage.tables import sites

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_columns: Final = sites.c
_THIS: Final = _columns.organization_id == bindparam("this_organization")
_READ: Final = select(sites).where(_THIS)
_KEY_CHANGED: Final = (
    update(sites)
    .where(_THIS)
    .values(
        revision=_columns.revision + 1,
        activation_needed_since=func.coalesce(_columns.activation_needed_since, bindparam("now", type_=Instant)),
    )
)
# A change that came in between has another revision, and stays to be activated.
_ACTIVATE: Final = (
    update(sites)
    .where(_THIS, _columns.revision == bindparam("this_revision"))
    .values(activation_needed_since=None, activated_at=bindparam("now", type_=Instant))
)
_SET_MODE: Final = (
    update(sites)
    .where(_THIS, _columns.version == bindparam("this_version"))
    .values(deployment_mode=bindparam("mode"), version=_columns.version + 1)
)


def of_organization(connection: Connection, organization_id: str) -> Site:
    """Give the site of an organization; one that nothing was noted of has one too."""
    row = connection.execute(_READ, {"this_organization": organization_id}).mappings().one_or_none()
    if row is None:
        return Site(organization_id=organization_id)
    return Site(**{**row, "deployment_mode": DeploymentMode(row["deployment_mode"])})


def note_key_change(connection: Connection, organization_id: str, now: datetime) -> None:
    """Note that a license key of the organization was added or changed: its site is to be activated (S2-6).

    It comes last in the transaction of the change: all changes of an organization meet in this one row, and whoever
    holds it must not wait for what another change holds.
    """
    site = Site(organization_id=organization_id, revision=1, activation_needed_since=now)
    if not insert_if_absent(connection, sites, asdict(site)):
        connection.execute(_KEY_CHANGED, {"this_organization": organization_id, "now": now})


def activate(connection: Connection, organization_id: str, revision: int, now: datetime) -> bool:
    """Note that the site has activated its keys as they are, or say that they are not at this revision."""
    values = {"this_organization": organization_id, "this_revision": revision, "now": now}
    return connection.execute(_ACTIVATE, values).rowcount == 1


def set_mode(connection: Connection, organization_id: str, mode: DeploymentMode, *, expected_version: int) -> bool:
    """Set the deployment mode, or say that the site has another version."""
    insert_if_absent(connection, sites, asdict(Site(organization_id=organization_id)))
    values = {"this_organization": organization_id, "this_version": expected_version, "mode": mode}
    return connection.execute(_SET_MODE, values).rowcount == 1
