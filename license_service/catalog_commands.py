"""The commands for the catalog: components and licensing profiles (S2-23)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from license_service.actions.add_component import add_component
from license_service.actions.add_profile import add_profile
from license_service.actions.list_components import list_components
from license_service.actions.list_profiles import list_profiles
from license_service.endpoints.catalog import ComponentSchema, ProfileSchema, profile_document

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from license_service.domain.catalog import Component, Profile
    from license_service.wiring import Wired

    Answer = tuple[dict[str, Any], Sequence[Sequence[str]]]
    """What a command answers: a document, and the same as the rows of a table, the first of which are its headings."""

    AddVerb = Callable[[Any, str, Callable[[Wired, argparse.Namespace], Answer], str], argparse.ArgumentParser]


def add_catalog_commands(verbs: Any, add: AddVerb) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add the verbs of `license-service catalog`."""
    component = add(verbs, "add-component", _add_component, "add a component, which is sold by seats")
    component.add_argument("--code", metavar="CODE", required=True, help="such as kds")
    component.add_argument("--name", metavar="TEXT", required=True)
    profile = add(verbs, "add-profile", _add_profile, "add a licensing profile")
    profile.add_argument("--code", metavar="CODE", required=True, help="such as premium")
    profile.add_argument("--name", metavar="TEXT", required=True)
    profile.add_argument(
        "--features",
        metavar="COMPONENT=FEATURE,…",
        action="append",
        default=[],
        help="what the profile gives for a component, such as xms=xms,loyalty; repeatable",
    )
    profile.set_defaults(options={"components": "--features"})
    add(verbs, "list", _list, "show every component and profile")


def _add_component(wired: Wired, asked: argparse.Namespace) -> Answer:
    component = ComponentSchema().load({"code": asked.code, "name": asked.name})
    add_component(wired.database, component)
    return {"code": component.code, "name": component.name}, _component_rows([component])


def _add_profile(wired: Wired, asked: argparse.Namespace) -> Answer:
    given = (each.partition("=") for each in asked.features)
    components = [
        {"component_code": code, "features": [name for name in names.split(",") if name]} for code, _, names in given
    ]
    profile = ProfileSchema().load({"code": asked.code, "name": asked.name, "components": components})
    add_profile(wired.database, profile)
    return profile_document(profile), _profile_rows([profile])


def _list(wired: Wired, _: argparse.Namespace) -> Answer:
    components, profiles = list_components(wired.database), list_profiles(wired.database)
    document = {
        "components": [{"code": each.code, "name": each.name} for each in components],
        "profiles": [profile_document(each) for each in profiles],
    }
    return document, [*_component_rows(components), *_profile_rows(profiles)]


def _component_rows(components: Sequence[Component]) -> list[Sequence[str]]:
    return [("COMPONENT", "NAME", ""), *((each.code, each.name, "") for each in components)]


def _profile_rows(profiles: Sequence[Profile]) -> list[Sequence[str]]:
    return [("PROFILE", "NAME", "FEATURES"), *((each.code, each.name, _given(each)) for each in profiles)]


def _given(profile: Profile) -> str:
    return "; ".join(f"{code}: {', '.join(features)}" for code, features in sorted(profile.features.items()))
