"""The real stack for the journeys: Valkey, gunicorn, Celery, SMTP; started once, on free ports, in its own folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.local_stack.settings import StackSettings, free_ports
from deploy.local_stack.stack import LocalStack
from tests.journeys.people import People

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """All parts, with four workers of auth_service so that races are between processes."""
    settings = StackSettings(tmp_path_factory.mktemp("stack"), free_ports(), auth_workers=4)
    # All tests ask from one address, and faster than any chain of shops.
    with LocalStack(settings, extra_environment={"AUTH_LIMIT_CODES_PER_ADDRESS": "1000000"}) as running:
        yield running


@pytest.fixture
def people(stack: LocalStack) -> People:
    """What the people and programs of a journey do, over HTTP."""
    return People(stack.document, stack.folder)
