"""The numbers of the limits, and what they come to (figure C8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest
from fakeredis import FakeRedis, FakeServer

from auth_service.domain.device_authorization import LIFETIME_SECONDS
from auth_service.domain.errors import TooManyRequestsError, UserCodeUnknownError
from auth_service.domain.limit import DAY, QUARTER_HOUR, SIGN_IN, USER_CODE, device_authorization_limit
from auth_service.domain.user_code import ALPHABET, LENGTH
from auth_service.storage.limiter import Limiter

if TYPE_CHECKING:
    from collections.abc import Iterable

YEAR = 365.25 * DAY
MIDNIGHT = datetime(2030, 1, 1, tzinfo=UTC)


class Attack:
    """Guessers with as many addresses as they like; each account tries until it is refused."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._addresses = count()
        self.tried = 0

    def guess(self, accounts: Iterable[str], now: datetime) -> None:
        for account in accounts:
            while wrong_code(self._limiter, account, f"address {next(self._addresses)}", now):
                self.tried += 1


def no_such_code() -> None:
    raise UserCodeUnknownError


def wrong_code(limiter: Limiter, account: str, address: str, now: datetime) -> bool:
    """Tell whether the code was tried at all."""
    try:
        with limiter.count_failure(USER_CODE, (account, account, address, "all"), now=now):
            no_such_code()
    except TooManyRequestsError:
        return False
    except UserCodeUnknownError:
        return True


@pytest.fixture
def limiter() -> Limiter:
    """In memory: what the numbers come to does not depend on where they are counted."""
    server = FakeServer()
    server.connected = False
    return Limiter(FakeRedis(server=server))


def test_a_live_user_code_is_hit_after_years(limiter: Limiter) -> None:
    """C8, T01: 100 accounts, unlimited addresses, 1,000 live codes, guessing all day as fast as they are let."""
    attack = Attack(limiter)
    accounts = [f"account {number}" for number in range(100)]
    for window in range(DAY // QUARTER_HOUR):
        attack.guess(accounts, MIDNIGHT + timedelta(seconds=window * QUARTER_HOUR))

    expected_guesses = len(ALPHABET) ** LENGTH / 1000
    seconds = expected_guesses / attack.tried * DAY

    assert attack.tried == 5000
    assert seconds > 14 * YEAR


def test_honest_operators_pass_while_the_overall_limit_is_used_up(limiter: Limiter) -> None:
    """C8, T01: whoever has hardly failed today is let through an attack by hundreds of accounts."""
    attack = Attack(limiter)
    attack.guess((f"account {number}" for number in range(300)), MIDNIGHT)

    honest = [wrong_code(limiter, "honest", "192.0.2.1", MIDNIGHT) for _ in range(6)]

    assert honest == [True] * 5 + [False]
    with limiter.count_failure(USER_CODE, ("other", "other", "192.0.2.1", "all"), now=MIDNIGHT):
        pass


def test_the_overall_limit_bounds_any_number_of_accounts(limiter: Limiter) -> None:
    """T01: beyond the first tries of each account there are 300 in a quarter of an hour for all."""
    attack = Attack(limiter)
    attack.guess((f"account {number}" for number in range(1000)), MIDNIGHT)

    assert attack.tried <= 300 + 1000 * USER_CODE.allowance


def test_colleagues_behind_one_address_do_not_lock_each_other_out(limiter: Limiter) -> None:
    """T01: the address stops those who keep failing, not those who begin."""
    passed = [
        [wrong_code(limiter, f"account {number}", "192.0.2.1", MIDNIGHT) for _ in range(10)] for number in (1, 2, 3, 4)
    ]

    assert [sum(one) for one in passed] == [10, 10, 10, 5]


def test_what_is_counted_is_named_in_the_order_in_which_askers_name_themselves() -> None:
    """T03: the account comes first: it is what the allowance is measured by."""
    assert [one.by for one in USER_CODE.counts] == ["account_day", "account", "address", "all"]
    assert [one.by for one in SIGN_IN.counts] == ["address", "address_and_email", "all"]
    assert "email" not in {one.by for one in SIGN_IN.counts}


def test_codes_of_a_client_are_counted_for_as_long_as_they_live() -> None:
    """T17."""
    limit = device_authorization_limit(per_address=300, per_client=20_000)

    assert [(one.by, one.seconds, one.fair, one.most) for one in limit.counts] == [
        ("address", 60, 300, 300),
        ("client", LIFETIME_SECONDS, 10_000, 20_000),
    ]
    assert device_authorization_limit(per_address=1, per_client=1).counts[1].fair == 1
