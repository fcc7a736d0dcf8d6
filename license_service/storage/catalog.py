"""The rows of `components`, `profiles` and `profile_features`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from license_service.domain.catalog import Component, Profile
from license_service.domain.errors import UnknownComponentError, UnknownProfileError
from license_service.domain.page import Page
from license_service.storage.insertion import insert_if_absent
from license_service.storage.keyset import read_page
from license_service.storage.tables import components, profile_features, profiles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from license_service.domain.page import PageWanted


def add_component(connection: Connection, component: Component) -> bool:
    """Insert the component, or say that its code is taken."""
    return insert_if_absent(connection, components, {"code": component.code, "name": component.name})


def listed_components(connection: Connection, wanted: PageWanted) -> Page[Component]:
    """Give components, by their codes."""
    rows = read_page(connection, select(components), (components.c.code,), wanted)
    return Page((Component(**row) for row in rows), rows.end)


def check_known(connection: Connection, profile_code: str, component_codes: Iterable[str]) -> None:
    """Raise UnknownProfileError or UnknownComponentError."""
    if connection.execute(select(profiles.c.code).where(profiles.c.code == profile_code)).one_or_none() is None:
        raise UnknownProfileError
    check_known_components(connection, component_codes)


def check_known_components(connection: Connection, codes: Iterable[str]) -> None:
    """Raise UnknownComponentError."""
    wanted = set(codes)
    found = connection.execute(select(components.c.code).where(components.c.code.in_(wanted))).scalars()
    if wanted - set(found):
        raise UnknownComponentError


def add_profile(connection: Connection, profile: Profile) -> bool:
    """Insert the profile and its features, or say that its code is taken. Raises UnknownComponentError."""
    check_known_components(connection, profile.features)
    if not insert_if_absent(connection, profiles, {"code": profile.code, "name": profile.name}):
        return False
    rows = [
        {"profile_code": profile.code, "component_code": code, "features": list(features)}
        for code, features in profile.features.items()
    ]
    if rows:
        connection.execute(profile_features.insert(), rows)
    return True


def listed_profiles(connection: Connection, wanted: PageWanted) -> Page[Profile]:
    """Give profiles, by their codes."""
    rows = read_page(connection, select(profiles), (profiles.c.code,), wanted)
    given: dict[str, dict[str, tuple[str, ...]]] = {}
    if rows:
        of_these = profile_features.c.profile_code.between(rows[0]["code"], rows[-1]["code"])
        features = select(profile_features).where(of_these).order_by(*profile_features.primary_key)
        for row in connection.execute(features):
            given.setdefault(row.profile_code, {})[row.component_code] = tuple(row.features)
    return Page((Profile(row["code"], row["name"], given.get(row["code"], {})) for row in rows), rows.end)
