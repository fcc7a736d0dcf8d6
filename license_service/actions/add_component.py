"""Add a component to the catalog (S2-23)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.errors import CodeTakenError
from license_service.storage import catalog

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.catalog import Component


@retried
def add_component(database: Database, component: Component) -> None:
    """Keep the component. Raises CodeTakenError."""
    with database.transaction() as connection:
        if not catalog.add_component(connection, component):
            raise CodeTakenError
