"""Liveness and readiness, the same in all services: `/healthz` (alive), `/readyz` (its dependencies answer)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from flask import Blueprint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_log = logging.getLogger(__name__)


def health_routes(checks: Mapping[str, Callable[[], object]]) -> Blueprint:
    """Make the two routes; a check is a call that raises when its dependency is away."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def alive() -> dict[str, Any]:
        return {"status": "alive"}

    @routes.get("/readyz")
    def ready() -> tuple[dict[str, Any], int]:
        answers = {name: _answer(name, check) for name, check in checks.items()}
        good = all(answer == "ok" for answer in answers.values())
        return {"status": "ready" if good else "not ready", "checks": answers}, 200 if good else 503

    return routes


def _answer(name: str, check: Callable[[], object]) -> str:
    try:
        check()
    except Exception:  # noqa: BLE001 - whatever a dependency raises, its being away is the answer
        _log.warning("not ready", extra={"check": name}, exc_info=True)
        return "unavailable"
    return "ok"
