"""The commands that read and verify the audit trail (T66)."""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from auth_service.actions.verify_audit_trail import verify_audit_trail
from auth_service.domain.audit_event import AuditEventName
from auth_service.storage.audit_trail import EventFilter, list_events, walk_events
from database.engine import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from auth_service.domain.audit_event import ChainedEvent
    from auth_service.settings import Settings

    AddCommand = Callable[
        [Any, str, Callable[[Settings, argparse.Namespace], dict[str, Any]], str], argparse.ArgumentParser
    ]

PAGE: Final = 100
_HASH: Final = re.compile(r"\A[0-9a-f]{64}\Z")


def add_audit_commands(commands: Any, add: AddCommand) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add the commands for the audit trail to those of the service."""
    audit = add(commands, "audit", _audit, "show the audit trail, newest last; after --json one JSON object a line")
    audit.add_argument("--since", type=_instant, help="an RFC 3339 date or date-time; without a zone it is UTC")
    audit.add_argument("--event", choices=[name.value for name in AuditEventName])
    audit.add_argument("--organization-id")
    audit.add_argument("--device-id")
    pages = audit.add_mutually_exclusive_group()
    pages.add_argument("--limit", type=_count, default=PAGE, help=f"how many of the newest ones; {PAGE} unless told")
    pages.add_argument("--all", action="store_true", help="every one that fits, from the first")
    audit.add_argument("--before", type=_count, help="only those below this sequence: the page before")

    verify = add(commands, "verify-audit", _verify, "walk the chain of the audit trail; exit code 1 where it breaks")
    verify.add_argument("--head", type=_hash, help="a head that was noted elsewhere on an earlier day")


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _count(text: str) -> int:
    number = int(text)
    if not 0 < number < 2**31:
        raise ValueError(text)
    return number


def _hash(text: str) -> str:
    if not _HASH.match(text):
        raise argparse.ArgumentTypeError("a hash has 64 characters of 0-9 and a-f")
    return text


def _audit(settings: Settings, asked: argparse.Namespace) -> dict[str, Any]:
    wanted = EventFilter(
        since=asked.since,
        event=None if asked.event is None else AuditEventName(asked.event),
        organization_id=asked.organization_id,
        device_id=asked.device_id,
    )
    with closing(Database(settings.database_url)) as database, database.reading() as connection:
        if asked.all:
            _print(walk_events(connection, wanted), as_json=asked.json)
            return {}
        page = list_events(connection, wanted, limit=asked.limit, before=asked.before)
    _print(page, as_json=asked.json)
    if len(page) == asked.limit:
        print(f"Older ones: --before {page[0].sequence}", file=sys.stderr)
    return {}


def _print(events: Iterable[ChainedEvent], *, as_json: bool) -> None:
    for event in events:
        print(event.as_line() if as_json else _line(event))


def _line(event: ChainedEvent) -> str:
    members = event.as_members()
    ids = (f"{name}={members[name]}" for name in ("organization_id", "operator_id", "device_id", "client_id"))
    shown = " ".join(text for text in ids if not text.endswith("=None"))
    return f"{event.sequence}  {members['happened_at']}  {event.event}  {shown}  {event.details}"


def _verify(settings: Settings, asked: argparse.Namespace) -> dict[str, Any]:
    with closing(Database(settings.database_url)) as database:
        found = verify_audit_trail(database, noted_head=asked.head)
    return {"events": found.events, "head": found.head}
