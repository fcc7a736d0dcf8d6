"""Read how an organization's site stands: its mode, whether it is to be activated, its last synchronization."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from license_service.domain.errors import SiteNotFoundError
from license_service.storage import sites, synchronizations

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.site import Site
    from license_service.domain.synchronization import Synchronization


class SiteState(NamedTuple):
    """A site, and the run that was begun last, as it stands now."""

    site: Site
    last_synchronization: Synchronization | None


def read_site(database: Database, organization_id: str, *, now: datetime, visible_to: str | None = None) -> SiteState:
    """Give the site. Raises SiteNotFoundError when the caller sees another organization only (T44)."""
    if visible_to not in {None, organization_id}:
        raise SiteNotFoundError
    with database.reading() as connection:
        site = sites.of_organization(connection, organization_id)
        last = synchronizations.latest(connection, organization_id)
    return SiteState(site, None if last is None else last.seen_at(now))
