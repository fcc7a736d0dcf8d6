"""The rows of `components`, `profiles` and `profile_features`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from license_service.domain.catalog import Component, Profile
from license_service.domain.errors import UnknownComponentError, UnknownProfileError
from license_service.storage.insertion import insert_if_absent
from license_service.storage.tables import components, profile_features, profiles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection


def add_component(connection: Connection, component: Component) -> bool:
    """Insert the component, or say that its code is taken."""
    return insert_if_absent(connection, components, {"code": component.code, "name": component.name})


def all_components(connection: Connection) -> list[Component]:
    """Give all components, by their codes."""
    return [Component(row.code, row.name) for row in connection.execute(select(components).order_by(components.c.code))]


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


def all_profiles(connection: Connection) -> list[Profile]:
    """Give all profiles, by their codes."""
    given: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in connection.execute(select(profile_features).order_by(*profile_features.primary_key)):
        given.setdefault(row.profile_code, {})[row.component_code] = tuple(row.features)
    rows = connection.execute(select(profiles).order_by(profiles.c.code))
    return [Profile(row.code, row.name, given.get(row.code, {})) for row in rows]
