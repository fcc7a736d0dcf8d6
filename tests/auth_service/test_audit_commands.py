"""The audit trail at the terminal, and what it holds after a whole story (T66)."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete

from auth_service.actions.record_settings import record_settings
from auth_service.cli import main
from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.storage.audit_trail import append_event, walk_events
from auth_service.storage.tables import audit_events
from database.engine import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auth_service.settings import Settings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def database(environment: Settings) -> Iterator[Database]:
    """Give a trail of seven events, an hour apart; every second one is of the bakery."""
    database = Database(environment.database_url)
    with database.transaction() as connection:
        for number in range(7):
            event = AuditEvent(
                AuditEventName.SIGNED_IN,
                NOON + timedelta(hours=number),
                organization_id="bakery" if number % 2 else None,
                details={"name": "Käse\nand \x1b[31mred"},
            )
            append_event(connection, event)
    yield database
    database.close()


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[int]:
    assert main(["--json", "audit", *arguments]) == 0
    return [json.loads(line)["sequence"] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "sequences"),
    [
        ([], [1, 2, 3, 4, 5, 6, 7]),
        (["--limit", "2"], [6, 7]),
        (["--limit", "2", "--before", "6"], [4, 5]),
        (["--all", "--organization-id", "bakery"], [2, 4, 6]),
        (["--since", "2026-03-01T17:00:00Z"], [6, 7]),
        (["--since", "2026-03-02"], []),
        (["--event", "grant_ended"], []),
        (["--device-id", "d"], []),
    ],
)
def test_the_newest_are_shown_last_and_filters_narrow(
    database: Database, capsys: pytest.CaptureFixture[str], arguments: list[str], sequences: list[int]
) -> None:
    assert shown(capsys, *arguments) == sequences


def test_an_event_is_one_line_that_the_terminal_obeys_in_nothing(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """T66."""
    assert main(["audit", "--limit", "2"]) == 0

    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 2
    assert printed.out.replace("\n", "").isprintable()
    assert printed.err == "Older ones: --before 6\n"


@pytest.mark.parametrize(
    "arguments", [["audit", "--since", "x"], ["audit", "--limit", "0"], ["verify-audit", "--head", "x"]]
)
def test_a_wrong_value_is_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)


def test_a_whole_trail_is_told_by_its_head(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "verify-audit"]) == 0
    found = json.loads(capsys.readouterr().out)

    assert found["events"] == 7
    assert main(["verify-audit", "--head", found["head"]]) == 0
    assert main(["verify-audit", "--head", "f" * 64]) == 1


def test_a_broken_trail_is_told_by_its_first_broken_place(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.transaction() as connection:
        connection.execute(delete(audit_events).where(audit_events.c.sequence == 3))

    assert main(["verify-audit"]) == 1

    assert capsys.readouterr().err == "The audit trail is broken at event 3: it is missing.\n"


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_anybody_can_verify_with_jq_and_sha256sum(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    """As the README says; it must not take our word for it."""
    assert main(["--json", "audit", "--all"]) == 0
    lines = capsys.readouterr().out
    script = """
    previous=0000000000000000000000000000000000000000000000000000000000000000
    while IFS= read -r line; do
      computed=$(printf %s "$line" | jq -cSj 'del(.hash)' | sha256sum | cut -d' ' -f1)
      [ "$(printf %s "$line" | jq -r .previous_hash)" = "$previous" ] || exit 1
      [ "$(printf %s "$line" | jq -r .hash)" = "$computed" ] || exit 1
      previous=$computed
    done
    """

    assert subprocess.run(["sh", "-c", script], input=lines, text=True, check=False).returncode == 0
    forged = lines.replace("bakery", "butcher", 1)
    assert subprocess.run(["sh", "-c", script], input=forged, text=True, check=False).returncode == 1


def test_settings_are_recorded_when_they_differ_and_without_secrets(settings: Settings) -> None:
    """T66: many workers that start together make one event."""
    database = Database(settings.database_url)
    changed = replace(settings, key_rotation_days=7)

    done = [record_settings(database, one, now=NOON) for one in (settings, settings, changed, changed, settings)]

    assert done == [True, False, True, False, True]
    with database.reading() as connection:
        lines = [event.as_line() for event in walk_events(connection)]
    assert json.loads(lines[1])["details"]["key_rotation_days"] == "7"
    for secret in (settings.secret_key, settings.notification_key, settings.database_url, settings.redis_url):
        assert secret not in "".join(lines)
    database.close()
