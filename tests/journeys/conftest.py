"""The real stack for the journeys: Valkey, gunicorn, Celery, SMTP; started once, on free ports, in its own folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.local_stack.settings import StackSettings, free_ports
from deploy.local_stack.stack import LocalStack
from tests.journeys.people import People

if TYPE_CHECKING:
    from collections.abc import Iterator

FOUR_WORKERS = {"WEB_CONCURRENCY": "4"}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """All parts, with four workers for each service so that races are between processes."""
    settings = StackSettings(tmp_path_factory.mktemp("stack"), free_ports())
    with LocalStack(settings, extra_environment=FOUR_WORKERS) as running:
        yield running


@pytest.fixture
def people(stack: LocalStack) -> People:
    """What the people and programs of a journey do, over HTTP."""
    return People(stack.document, stack.folder)
