"""`/healthz` and `/readyz` (architecture §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from wire.errors import UnreachableError
from wire.serving.health import health_routes

if TYPE_CHECKING:
    from collections.abc import Callable


def _away() -> None:
    raise UnreachableError("No answer from redis://:hunter2@10.0.0.7.")


def _asked(path: str, checks: dict[str, Callable[[], object]]) -> Any:
    app = Flask("small_service")
    app.register_blueprint(health_routes(checks))
    return app.test_client().get(path)


def test_process_is_alive_whatever_its_dependencies_say() -> None:
    """A restart would not bring them back."""
    answer = _asked("/healthz", {"database": _away})

    assert (answer.status_code, answer.json) == (200, {"status": "alive"})


@pytest.mark.parametrize("checks", [{}, {"database": lambda: None, "redis": lambda: "PONG"}], ids=["none", "two"])
def test_ready_when_every_check_passes(checks: dict[str, Callable[[], object]]) -> None:
    answer = _asked("/readyz", checks)

    assert (answer.status_code, answer.json) == (200, {"status": "ready", "checks": dict.fromkeys(checks, "ok")})


@pytest.mark.parametrize("fault", [_away, lambda: 1 // 0], ids=["away", "defect"])
def test_not_ready_names_the_dependency_and_no_reason(
    fault: Callable[[], object], caplog: pytest.LogCaptureFixture
) -> None:
    answer = _asked("/readyz", {"database": lambda: None, "redis": fault})

    assert answer.status_code == 503
    assert answer.json == {"status": "not ready", "checks": {"database": "ok", "redis": "unavailable"}}
    assert "hunter2" not in answer.text
    assert [record.check for record in caplog.records] == ["redis"]


def test_every_check_is_asked_anew_each_time() -> None:
    asked: list[str] = []
    app = Flask("small_service")
    app.register_blueprint(health_routes({"database": lambda: asked.append("x")}))

    for _ in range(2):
        app.test_client().get("/readyz")

    assert asked == ["x", "x"]
