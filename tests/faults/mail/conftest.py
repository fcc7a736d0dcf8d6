"""One house for all tests of this folder, and what was played in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.mail.mail_house import running_mail_house
from tests.faults.mail.storm import FULL, SHORT, play

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doubles.postgresql import PostgresqlServer
    from tests.faults.mail.mail_house import MailHouse
    from tests.faults.mail.storm import Plan, Storm


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play one short storm, or the full ones."""
    if "storm" in metafunc.fixturenames:
        plans: tuple[Plan, ...] = FULL if metafunc.config.getoption("full") else (SHORT,)
        metafunc.parametrize("storm", plans, indirect=True, scope="session", ids=[plan.name for plan in plans])


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailHouse]:
    with running_mail_house(tmp_path_factory.mktemp("mail-house")) as running:
        yield running


@pytest.fixture(scope="session")
def house_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgresql: PostgresqlServer) -> Iterator[MailHouse]:
    with running_mail_house(tmp_path_factory.mktemp("mail-house"), postgresql.new_database) as running:
        yield running


@pytest.fixture(scope="session")
def storm(request: pytest.FixtureRequest) -> Storm:
    """Give what came of a plan that was played to its end."""
    plan: Plan = request.param
    return play(request.getfixturevalue(plan.house), plan)


@pytest.fixture
def full(pytestconfig: pytest.Config) -> None:
    """Ask for the full form; in the short one the test is passed over."""
    if not pytestconfig.getoption("full"):
        pytest.skip("takes minutes: make faults")
