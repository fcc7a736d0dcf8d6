"""A reminder on its way from a license key's date to its owner's mailbox, in the real stack."""

from __future__ import annotations

import shlex
import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from auth_service.actions.create_operator import NewOperator, create_operator
from auth_service.actions.create_organization import create_organization
from auth_service.domain.operator import Role
from database.engine import Database
from license_service.actions.issue_key import issue_key
from license_service.actions.record_agreement import record_agreement
from license_service.actions.renew_key import renew_key
from license_service.domain.agreement import Agreement
from license_service.domain.license_key import KeyTerms
from notify_service.cli import main as notify_service
from tests.journeys.people import REMINDED, wait_for

if TYPE_CHECKING:
    from deploy.local_stack.stack import LocalStack
    from tests.journeys.people import People

A_DAY = timedelta(days=1)


def run_calendar(stack: LocalStack) -> None:
    """Run it until a run was ours: beat's own call may come in between."""
    variables = shlex.split((stack.folder / "notify.env").read_text())
    environ = dict(variable.split("=", 1) for variable in variables)
    wait_for("a run of the calendar", lambda: notify_service(["run-calendar"], environ) == 0 or None)


def sell_key(stack: LocalStack, organization_id: str, days_left: int) -> str:
    """Sell a key a year ago that ends so many days from now."""
    today = datetime.now(UTC)
    sold_at = today - 365 * A_DAY
    agreement = Agreement(str(uuid.uuid4()), organization_id, uuid.uuid4().hex, sold_at.date(), sold_at)
    terms = KeyTerms(
        id_number=f"Ends in {days_left}",
        profile_code="standard",
        seats={"xms": 1},
        renewal_date=today.date() + days_left * A_DAY,
    )
    with closing(Database(f"sqlite:///{stack.folder}/license_service.sqlite3")) as licenses:
        record_agreement(licenses, agreement)
        return issue_key(licenses, terms, agreement_id=agreement.id, key_id=str(uuid.uuid4()), now=sold_at).id


def reminders(stack: LocalStack) -> dict[str, str]:
    """Give the states of the reminders, by the windows that they are about."""
    with closing(sqlite3.connect(f"file:{stack.folder}/notify_service.sqlite3?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT about, state FROM notifications WHERE recipient = ?", (REMINDED,))
        return {about.rpartition("/")[2]: state for about, state in rows}


def test_an_owner_is_reminded_once_and_not_of_what_was_renewed_meanwhile(stack: LocalStack, people: People) -> None:
    """S3-16, F25: by tokens of the client that the stack registered, over HTTP, through the real worker."""
    with closing(Database(f"sqlite:///{stack.folder}/auth_service.sqlite3")) as auth:
        now = datetime.now(UTC)
        organization_id = create_organization(auth, "Corner Shops", now=now)
        owner = NewOperator(REMINDED, "Olga Owner", "correct horse battery", organization_id, Role.OWNER)
        create_operator(auth, owner, now=now)
    sell_key(stack, organization_id, days_left=6)

    for _ in range(2):
        run_calendar(stack)

    def arrived() -> list[dict[str, Any]] | None:
        return [mail for mail in people.mails() if mail["to"] == REMINDED] or None

    (mail,) = wait_for("the reminder", arrived)
    assert "Ends in 6" in str(mail)
    # The email is there a moment before the worker has written down that it is.
    wait_for("the outcome", lambda: reminders(stack) == {"7": "sent"} or None)
    stack.kill("notify_worker")
    try:
        renewed = sell_key(stack, organization_id, days_left=1)
        run_calendar(stack)
        assert reminders(stack) == {"7": "sent", "1": "queued"}
        with closing(Database(f"sqlite:///{stack.folder}/license_service.sqlite3")) as licenses:
            renew_key(licenses, renewed, now.date() + 365 * A_DAY, now=now)
        run_calendar(stack)
    finally:
        stack.start("notify_worker")
    assert reminders(stack) == {"7": "sent", "1": "cancelled"}
    assert arrived() == [mail]
