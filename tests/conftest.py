"""What every test may use, and be told on the command line."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests.doubles.postgresql import is_installed, running_server
from tests.doubles.valkey import running_valkey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doubles.postgresql import PostgresqlServer

# A busy machine must not fail a test of what is right. The rest is as Hypothesis chooses: new examples at each run,
# and where CI is set, the same ones for the same test, so that a red run there is the change's doing.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

SHARES_WHAT_RUNS = frozenset({"journeys", "faults", "mail"})

FIGURES: Final = ("Emails while", "emails", "kills", "lost", "raw duplicates", "visible duplicates", "time to done")


@pytest.fixture(autouse=True)
def _log_goes_where_it_went() -> Iterator[None]:
    """Take back what a test has set up to write the log: it may write into a capture that ends with the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", help="a folder for pictures of the pages that the browser tests see")
    parser.addoption(
        "--rounds", type=int, default=15, help="how often races and lost answers are played (the figures want 100)"
    )
    parser.addoption("--full", action="store_true", help="play the faults of emails in full, which takes minutes")
    parser.addoption(
        "--fuzz-examples", type=int, help="how many requests are made up for each operation, anew each time"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no process is left alone with it at the end."""
    items.sort(key=lambda item: item.path.parent.name not in SHARES_WHAT_RUNS)


class _ByFile(LoadScopeScheduling):  # type: ignore[misc] # pytest-xdist is not typed
    """Several processes share the files out, and keep together the folders whose tests share a running stack."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.rpartition("/")[0]
        return folder if folder.rpartition("/")[2] in SHARES_WHAT_RUNS else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Choose how tests are shared out: a file's servers and databases are started once, in one process."""
    config.option.loadscopereorder = False
    return _ByFile(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of the faults that were played, as a Markdown table."""
    reports = [
        report for each in terminalreporter.stats.values() for report in each if isinstance(report, pytest.TestReport)
    ]
    rows = [
        value
        for report in reports
        for name, value in report.user_properties
        if name == "figures" and report.when == "call"
    ]
    if rows:
        lines = (FIGURES, ("---", *["---:"] * (len(FIGURES) - 1)), *rows)
        terminalreporter.write_line("\n".join(["", *(f"| {' | '.join(line)} |" for line in lines), ""]))


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
