"""Note that a site has activated the license keys that it has registered (S2-6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.errors import RevisionChangedError
from license_service.storage import sites

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.site import Site


@retried
def activate_site(database: Database, organization_id: str, *, revision: int, now: datetime) -> Site:
    """Give the site, activated; doing it again changes nothing but when it was.

    Raises RevisionChangedError when the keys are at another revision than what the site activated.
    """
    with database.transaction() as connection:
        if not sites.activate(connection, organization_id, revision, now):
            raise RevisionChangedError
        return sites.of_organization(connection, organization_id)
