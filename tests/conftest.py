"""What every test may use, and be told on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.doubles.postgresql import is_installed, running_server
from tests.doubles.valkey import running_valkey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doubles.postgresql import PostgresqlServer

# A busy machine must not fail a test of what is right. The rest is as Hypothesis chooses: new examples at each run,
# and where CI is set, the same ones for the same test, so that a red run there is the change's doing.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

SHARES_WHAT_RUNS = frozenset({"journeys", "faults"})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", help="a folder for pictures of the pages that the browser tests see")
    parser.addoption(
        "--rounds", type=int, default=15, help="how often races and lost answers are played (the figures want 100)"
    )
    parser.addoption(
        "--fuzz-examples", type=int, help="how many requests are made up for each operation, anew each time"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep in one process, when there are several, what shares a running stack or service."""
    for item in items:
        folder = item.path.parent.name
        if folder in SHARES_WHAT_RUNS:
            item.add_marker(pytest.mark.xdist_group(folder))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """Give one private server for all tests."""
    if not is_installed():
        pytest.skip("no PostgreSQL server is installed here; on Debian: apt-get install postgresql")
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """Give the URL of one private Redis server for all tests; who uses it empties it first."""
    with running_valkey() as url:
        yield url


@pytest.fixture(scope="session")
def rounds(pytestconfig: pytest.Config) -> int:
    """How often a race is played."""
    number: int = pytestconfig.getoption("rounds")
    return number
