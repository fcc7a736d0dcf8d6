"""Whoever dies at any step of a change leaves all of it or nothing (F07), on SQLite and PostgreSQL.

A process does the change again and again, each time in a child that is killed at another statement, until one survives.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from license_service.actions.add_component import add_component
from license_service.domain.catalog import Component
from license_service.domain.event import EventKind
from tests.doubles.event_listener import listen

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"

DRILL = """
import json, os, signal, sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from sqlalchemy import event
from database.engine import Database
from license_service.actions.answer_once import answer_once
from license_service.actions.claim_seat import claim_seat
from license_service.actions.issue_key import issue_key
from license_service.actions.replace_key import replace_key
from license_service.domain.idempotent_post import Answer, IdempotentPost
from license_service.domain.license_key import KeyTerms
from license_service.storage.tables import metadata

url, organization_id, agreement_id, key_id = sys.argv[1:]
now = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
device_id, new_key_id, last_key_id = (f"5d1c9f3e-8a52-4e0c-9a76-00000000000{n}" for n in range(3))
terms = KeyTerms(id_number="Shops 2028", profile_code="standard", seats={"xms": 3, "kds": 1})
post = IdempotentPost(caller=("tillpass", "ada"), key="8e03978e-40d5-43dd", request=(b"POST",))

def saved_once(database):
    def issue():
        issue_key(
            database, replace(terms, id_number="Saved"), agreement_id=agreement_id, key_id=last_key_id, now=now
        )
        return Answer(201, {}, b"{}")

    answer_once(database, post, issue, claim_id="c" * 32, nonce=bytes(12), now=now)

CHANGES = {
    "seat claim": lambda it: claim_seat(it, device_id=device_id, organization_id=organization_id, now=now),
    "replacement of a key": lambda it: replace_key(it, key_id, terms, new_key_id=new_key_id, now=now),
    "save of a key, asked for with an Idempotency-Key": saved_once,
}

def rows(but=()):
    database = Database(url)
    with database.reading() as connection:
        found = {
            table.name: sorted(map(repr, connection.execute(table.select())))
            for table in metadata.sorted_tables if table.name not in but
        }
    database.close()
    return found

def do(change, fatal):
    database, statements = Database(url), 0

    def count(*_):
        nonlocal statements
        statements += 1
        if statements == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", count)
    # The last chance to die before all is kept.
    event.listen(database.engine, "commit", count)
    change(database)

told = {}
for name, change in CHANGES.items():
    # A claim of an Idempotency-Key is meant to be seen while the work goes on, and ends by itself.
    claims = ("idempotency_keys",) if "Idempotency" in name else ()
    before, deaths, halves = rows(claims), 0, 0
    while True:
        child = os.fork()
        if not child:
            do(change, deaths + 1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            break
        assert os.WIFSIGNALED(status), (name, status)
        deaths += 1
        halves += rows(claims) != before
        if claims:
            now += timedelta(minutes=2)
    told[name] = {"deaths": deaths, "halves": halves, "done": rows(claims) != before}
print(json.dumps(told))
"""


def test_a_change_that_is_killed_at_any_statement_is_all_or_nothing(
    any_database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """F07, F47: seat claim, key save and what else changes several rows; done again, it is done once."""
    add_component(any_database, Component("kds", "Kitchen display"))
    # Somebody listens, so that the events are among what must be whole.
    listen(any_database, *EventKind, endpoint_id="one")
    key = sell(any_database, ORGANIZATION, seats=2)
    url = any_database.engine.url.render_as_string(hide_password=False)

    ended = subprocess.run(
        [sys.executable, "-c", DRILL, url, ORGANIZATION, key.agreement_id, key.id],
        env={**os.environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert len(told) == 3
    assert {name: each["halves"] for name, each in told.items()} == dict.fromkeys(told, 0)
    assert all(each["done"] and each["deaths"] > 5 for each in told.values()), told
