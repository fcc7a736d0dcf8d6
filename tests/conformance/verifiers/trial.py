"""The trial of every recipe: which good tokens pass, and which hostile ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.gate import Gate
from tests.conformance.verifiers.server import opens_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.hostile_tokens import Draft


def good_tokens_refused(accepts: Callable[[str], bool], draft: Draft) -> list[str]:
    """Try tokens that are signed by either of the published keys, for us alone or for others too."""
    other = draft.forge.issuer.other_kid
    good = {
        "good": draft.signed(),
        "by the other key": draft.signed(header={**draft.header, "kid": other}, key=draft.forge.issuer.keys[other]),
        "for another as well": draft.signed(payload={**draft.claims, "aud": ["license_service", "notify_service"]}),
        "for another before us": draft.signed(payload={**draft.claims, "aud": ["auth_service", "license_service"]}),
    }
    return [name for name, token in good.items() if not accepts(token)]


def hostile_tokens_accepted(accepts: Callable[[str], bool], draft: Draft, *, over_http: bool = True) -> set[str]:
    """Try the catalogue, and a token that is bound to a key, shown without a proof (RFC 9449 §7.2)."""
    accepted = set(Gate(draft, accepts, carried_in_a_header=over_http).accepted())
    bound = draft.signed(payload={**draft.claims, "cnf": {"jkt": "k" * 43}})
    return accepted | ({"bound to a key"} if accepts(bound) else set())


def other_credentials_accepted(port: int, draft: Draft) -> list[str]:
    """Ask without a token, and with another beside a good one, which the application might look at instead."""
    good = f"Bearer {draft.signed()}"
    asked: dict[str, tuple[str, ...]] = {
        "none": (),
        "another before": ("Bearer eyJ.eyJ.eyJ", good),
        "another behind": (good, "Bearer eyJ.eyJ.eyJ"),
        "a password behind": (good, "Basic bmFtZTpwYXNzd29yZA=="),
        "another scheme": (good.replace("Bearer", "Token"),),
    }
    return [name for name, credentials in asked.items() if opens_to(port, *credentials)]
