"""The catalog: components, licensing profiles, and the features that a profile gives for a component (S2-23)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

POS_SERVER_COMPONENT: Final = "xms"
"""What a POS server sits on unless its claim names another component."""


@dataclass(frozen=True, slots=True)
class Component:
    """One thing that is sold by seats, such as `xms`."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A licensing profile. `features` are by component code; a component that is not in it is not given by it."""

    code: str
    name: str
    features: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Catalog:
    """All that is sold, and what each licensing profile makes of it."""

    components: Sequence[Component]
    profiles: Sequence[Profile]
