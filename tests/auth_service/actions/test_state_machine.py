"""Any order of requests, decisions, redeems, refreshes and waits: only the moves that there are, and one live token.

The model is written from the rules, not from the code: it remembers when each token was used, and compares every
answer of the real actions on a real database with what the rules say (T05, T06, T07, T23, T24, T25).
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fakeredis
import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from auth_service.actions.authorize_device import Decision, authorize_device
from auth_service.actions.create_device import NewDevice, create_device
from auth_service.actions.create_operator import NewOperator, create_operator
from auth_service.actions.create_organization import create_organization
from auth_service.actions.deny_device import deny_device
from auth_service.actions.issuing import IssuingParts, Presenter
from auth_service.actions.redeem_device_code import PresentedDeviceCode, redeem_device_code
from auth_service.actions.register_client import NewClient, register_client
from auth_service.actions.remove_license import remove_license
from auth_service.actions.request_device_authorization import (
    CodeQuota,
    DeviceAuthorizationRequest,
    request_device_authorization,
)
from auth_service.actions.review_user_code import Entry, UserCodes, review_user_code
from auth_service.actions.rotate_refresh_token import rotate_refresh_token
from auth_service.actions.sweep import sweep
from auth_service.domain.errors import AlreadyDecidedError, GrantRefusedError, UserCodeUnknownError
from auth_service.domain.limit import device_authorization_limit
from auth_service.domain.operator import Membership, Operator, Role
from auth_service.outbound.owners_mail import OwnersMail
from auth_service.storage.limiter import Limiter
from auth_service.storage.poll_pace import PollPace
from database.engine import Database
from tests.doubles.auth_house import Licenses
from wire.grant_types import DEVICE_CODE, REFRESH_TOKEN
from wire.scopes import LICENSE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auth_service.actions.review_user_code import Review

CLIENT = "tillpass-pos"
USER_CODE_KEY = b"u" * 32
RACE = timedelta(seconds=30)
LIFETIME = timedelta(seconds=900)
OWNERS = 2


@dataclass
class Used:
    """One token of a family, or its device code, and when it was used."""

    text: str
    used_at: datetime | None = None


@dataclass
class ModelFamily:
    """What the rules say of one grant; `chain` begins with its device code and ends with its live token."""

    chain: list[Used]
    ended: str | None = None


@dataclass
class ModelCode:
    """What the rules say of one pair of codes."""

    device_code: str
    user_code: str
    expires_at: datetime
    reviews: list[Review] = field(default_factory=list)
    status: str = "pending"
    family: ModelFamily | None = None


class NoLimiter(Limiter):
    """Counts nothing."""

    def __init__(self) -> None:
        """Need no Redis."""

    @contextmanager
    def count_failure(self, *_: object, **__: object) -> Iterator[None]:
        yield


@dataclass(frozen=True)
class Shop:
    """One organization with two operators and one device, in a database that is copied for each run."""

    file: Path
    opened_at: datetime
    member: Membership
    operators: tuple[Operator, Operator]
    device_id: str


@pytest.fixture
def shop(migrated_file: Path, tmp_path: Path) -> Shop:
    file, now = tmp_path / "auth.sqlite3", datetime.now(UTC).replace(microsecond=0)
    shutil.copy(migrated_file, file)
    with closing(Database(f"sqlite:///{file}")) as database:
        organization_id = create_organization(database, "Bakery", now=now)
        people = [
            NewOperator(f"owner{number}@example.com", f"Owner {number}", "correct horse", organization_id, Role.OWNER)
            for number in range(2)
        ]
        first, second = (Operator(create_operator(database, one, now=now), one.email, one.name) for one in people)
        device_id = create_device(database, NewDevice(organization_id, "Shop 1"), now=now)
        client = NewClient(CLIENT, "POS server", (DEVICE_CODE, REFRESH_TOKEN), (LICENSE,), is_public=True)
        register_client(database, client, now=now)
    return Shop(file, now, Membership(organization_id, "Bakery", Role.OWNER), (first, second), device_id)


class Lifecycle(RuleBasedStateMachine):
    """Two operators of one organization, one device, one client, any number of codes."""

    shop: Shop
    codes = Bundle("codes")
    tokens = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.shop.file, self.folder / "auth.sqlite3")
        self.now = self.shop.opened_at
        self.database = Database(f"sqlite:///{self.folder / 'auth.sqlite3'}")
        redis = fakeredis.FakeRedis()
        self.parts = IssuingParts(
            database=self.database,
            pace=PollPace(redis),
            licenses=Licenses(lambda: self.now),
            mail=OwnersMail(Fernet.generate_key().decode(), "https://auth.example.com"),
            refresh_token_key=b"r" * 32,
        )
        # How many guesses may fail is another test's matter.
        self.user_codes = UserCodes(self.database, USER_CODE_KEY, NoLimiter())
        self.quota = CodeQuota(Limiter(redis), device_authorization_limit(per_address=10**9, per_client=10**9))
        self.asked: list[ModelCode] = []
        self.families: list[ModelFamily] = []
        self.owner_of: dict[str, ModelFamily] = {}
        self.emails = 0

    def teardown(self) -> None:
        self.database.close()
        shutil.rmtree(self.folder)

    # --- what people and devices do ------------------------------------------------------------------------------

    @rule(target=codes)
    def ask(self) -> ModelCode:
        asked = DeviceAuthorizationRequest(
            client_id=CLIENT, scope="license", requested_from="192.0.2.1", is_public_client=True
        )
        issued = request_device_authorization(
            self.database, self.parts.pace, asked, user_code_key=USER_CODE_KEY, quota=self.quota, now=self.now
        )
        self.asked.append(ModelCode(issued.device_code, issued.user_code, self.now + LIFETIME))
        return self.asked[-1]

    @rule(code=codes)
    def review(self, code: ModelCode) -> None:
        """An operator opens the confirmation page; it may be decided on much later."""
        try:
            code.reviews.append(review_user_code(self.user_codes, self._entry(code), now=self.now))
        except UserCodeUnknownError:
            assert not self._can_be_decided(code)
        else:
            assert self._can_be_decided(code)

    @rule(code=codes, who=st.integers(0, 1), approves=st.booleans())
    def decide(self, code: ModelCode, who: int, approves: bool) -> None:  # noqa: FBT001 - hypothesis gives it
        if not code.reviews:
            return
        decision = Decision(review=code.reviews[-1], operator=self.shop.operators[who], member=self.shop.member)
        try:
            if approves:
                authorize_device(self.database, self.parts.licenses, decision, mail=self.parts.mail, now=self.now)
            else:
                deny_device(self.database, decision, mail=self.parts.mail, now=self.now)
        except AlreadyDecidedError:
            assert not self._can_be_decided(code)
        else:
            assert self._can_be_decided(code)
            code.status = "approved" if approves else "denied"
            self.emails += OWNERS
            self.parts.pace.decided(decision.review.authorization.device_code_digest)

    @rule(code=codes, target=tokens)
    def poll(self, code: ModelCode) -> str:
        expected = self._expected_poll(code)
        try:
            shown = PresentedDeviceCode(code.device_code, self._presenter())
            issued = redeem_device_code(self.parts, shown, now=self.now)
        except GrantRefusedError as refused:
            outcome: Any = (refused.code, refused.reason)
            # How fast a code is polled is another test's matter.
            assert (outcome[0].replace("slow_down", "authorization_pending"), outcome[1]) == expected
            return code.device_code
        assert expected in ("new", issued.refresh_token), expected
        if expected == "new":
            self._begin_family(code, issued.refresh_token)
        return issued.refresh_token

    @rule(target=codes)
    def license_the_device(self) -> ModelCode:
        """The whole story at once: by chance alone it would be rare."""
        code = self.ask()
        self.review(code)
        self.decide(code, 0, approves=True)
        self.poll(code)
        return code

    @precondition(lambda self: self.families)
    @rule(age=st.integers(0, 4), waits=st.lists(st.sampled_from([0, 1, 15, 30, 31]), min_size=1, max_size=3))
    def refresh_lately(self, age: int, waits: list[int]) -> None:
        """Use the live token of the newest grant, wait, and come with one of its last tokens."""
        family = self.families[-1]
        for seconds in waits:
            self.refresh(family.chain[-1].text)
            self.wait(seconds)
        shown = family.chain[-min(age + 1, len(family.chain) - 1)]
        self.refresh(shown.text)

    @rule(token=tokens, target=tokens)
    def refresh(self, token: str) -> str:
        expected = self._expected_refresh(token)
        try:
            issued = rotate_refresh_token(self.parts, token, presenter=self._presenter(), now=self.now)
        except GrantRefusedError as refused:
            outcome: Any = (refused.code, refused.reason)
            assert outcome == expected
            return token
        assert expected in ("new", issued.refresh_token), expected
        if expected == "new":
            family = self.owner_of[token]
            family.chain[-1].used_at = self.now
            self._add_token(family, issued.refresh_token)
        return issued.refresh_token

    @rule()
    def remove(self) -> None:
        actor = self.shop.operators[0].id
        remove_license(self.database, self.shop.device_id, self.shop.member, operator_id=actor, now=self.now)
        self._end_all("removed")
        for code in self.asked:
            if code.status == "approved" and code.family is None:
                code.status = "denied"

    @rule(seconds=st.sampled_from([1, 10, 29, 30, 31, 60, 440, 899, 900]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.families)
    @rule()
    def sweep(self) -> None:
        """It forgets nothing that may still be asked for."""
        sweep(self.database, now=self.now)

    # --- what must always hold -----------------------------------------------------------------------------------

    @invariant()
    def there_is_one_live_grant_at_most(self) -> None:
        with self.database.reading() as connection:
            live = connection.exec_driver_sql("SELECT count(*) FROM grants WHERE ended_at IS NULL").scalar_one()
            stored = connection.exec_driver_sql("SELECT count(*) FROM grants").scalar_one()
        assert live == sum(family.ended is None for family in self.families) <= 1
        assert stored == len(self.families)

    @invariant()
    def owners_are_told_of_each_approval_and_each_reuse_once(self) -> None:
        with self.database.reading() as connection:
            written = connection.exec_driver_sql("SELECT count(*) FROM outbox").scalar_one()
        assert written == self.emails

    # --- the rules -----------------------------------------------------------------------------------------------

    def _can_be_decided(self, code: ModelCode) -> bool:
        return code.status == "pending" and self.now < code.expires_at

    def _expected_poll(self, code: ModelCode) -> Any:
        redeemed_at = None if code.family is None else code.family.chain[0].used_at
        if self.now >= code.expires_at and (redeemed_at is None or self.now - redeemed_at > RACE):
            return ("expired_token", None)
        if code.status in {"pending", "denied"}:
            return ({"pending": "authorization_pending", "denied": "access_denied"}[code.status], None)
        if code.family is None:
            return "new"
        # That a family has ended is told to who holds its tokens.
        return ("invalid_grant", None) if code.family.ended else self._expected(code.family, 0)

    def _expected_refresh(self, token: str) -> Any:
        family = self.owner_of.get(token)
        if family is None:
            return ("invalid_grant", None)
        if family.ended:
            return ("invalid_grant", family.ended)
        return self._expected(family, [one.text for one in family.chain].index(token))

    def _expected(self, family: ModelFamily, place: int) -> Any:
        used_at = family.chain[place].used_at
        if used_at is None:
            return "new"
        if self.now - used_at > RACE:
            family.ended = "device_code_reused" if place == 0 else "refresh_token_reused"
            self.emails += OWNERS
            return ("invalid_grant", family.ended)
        is_predecessor = place == len(family.chain) - 2
        return family.chain[-1].text if is_predecessor else ("invalid_grant", None)

    def _begin_family(self, code: ModelCode, refresh_token: str) -> None:
        self._end_all("replaced")
        code.family = ModelFamily([Used(code.device_code, self.now)])
        self.families.append(code.family)
        self._add_token(code.family, refresh_token)

    def _add_token(self, family: ModelFamily, token: str) -> None:
        assert token not in self.owner_of
        family.chain.append(Used(token))
        self.owner_of[token] = family

    def _end_all(self, reason: str) -> None:
        for family in self.families:
            family.ended = family.ended or reason

    def _entry(self, code: ModelCode) -> Entry:
        return Entry(code.user_code, self.shop.device_id, self.shop.member, self.shop.operators[0].id, "192.0.2.1")

    def _presenter(self) -> Presenter:
        return Presenter(client_id=CLIENT, is_public=True, address="192.0.2.1", prove_key=lambda: None)


def test_no_order_of_events_breaks_the_rules(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lifecycle, "shop", shop, raising=False)
    run_state_machine_as_test(
        Lifecycle,
        settings=settings(
            max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )
