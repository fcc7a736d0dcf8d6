"""The canonical form of an event, and what may stand in it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.domain.audit_event import (
    FIRST_PREVIOUS_HASH,
    LONGEST_TEXT,
    AuditEvent,
    AuditEventName,
    ChainedEvent,
    chain_event,
)

NOON = datetime(2026, 3, 1, 12, 0, 0, 42, UTC)
EVENT = AuditEvent(
    AuditEventName.DEVICE_CREATED,
    NOON,
    organization_id="o1",
    device_id="d1",
    details={"name": "Café", "kind": "server", "count": 2, "is_hub": True, "store": None, "tags": ("b", "a")},
)
FIRST = chain_event(EVENT, sequence=1, previous_hash=FIRST_PREVIOUS_HASH)


def test_the_hash_is_sha_256_over_the_canonical_form_that_the_module_names() -> None:
    """T66: whoever reads the docstring can compute it; this is the form written out by hand."""
    canonical = (
        '{"client_id":null,"details":{"count":2,"is_hub":true,"kind":"server","name":"Café","store":null,'
        '"tags":["b","a"]},"device_id":"d1","event":"device_created","happened_at":"2026-03-01T12:00:00.000042Z",'
        f'"operator_id":null,"organization_id":"o1","previous_hash":"{"0" * 64}","sequence":1}}'
    )

    assert FIRST.hash == hashlib.sha256(canonical.encode()).hexdigest()
    assert FIRST.computed_hash() == FIRST.hash


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(client_id=TEXTS, details=st.dictionaries(TEXTS, TEXTS | st.integers(-(2**53), 2**53) | st.none()))
def test_the_hash_is_the_same_by_another_writer_of_canonical_json(client_id: str, details: dict[str, object]) -> None:
    """T66: whatever stands in a row, one that was cleaned or one that a hand wrote."""
    event = replace(FIRST, client_id=client_id, details=canonical_json(details))
    members = event.as_members()
    assert members.pop("hash") == FIRST.hash

    assert event.computed_hash() == hashlib.sha256(canonical_json(members).encode()).hexdigest()


def canonical_json(members: dict[str, object]) -> str:
    return json.dumps(members, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_a_line_is_the_canonical_form_with_the_hash_among_its_members() -> None:
    members = json.loads(FIRST.as_line())

    assert members.pop("hash") == FIRST.hash
    assert hashlib.sha256(canonical_json(members).encode()).hexdigest() == FIRST.hash


@pytest.mark.parametrize("name", [field.name for field in fields(ChainedEvent) if field.name != "hash"])
def test_no_member_can_change_without_the_hash(name: str) -> None:
    """T66."""
    others = {"sequence": 2, "happened_at": NOON + timedelta(microseconds=1), "details": FIRST.details + " "}

    assert replace(FIRST, **{name: others.get(name, "other")}).computed_hash() != FIRST.hash


def test_an_instant_is_the_same_in_every_zone() -> None:
    elsewhere = replace(FIRST, happened_at=NOON.astimezone(timezone(timedelta(hours=9))))

    assert elsewhere.computed_hash() == FIRST.hash


@pytest.mark.parametrize(
    "text",
    [
        "a\nforged line",
        "a\r\nb",
        "\x1b[2J\x07",
        "\x7f",
        "\x85",
        "\u2028\u2029",
        "\u202eevil",
        "\x00",
        "\ud800",
        '"}],{',
        "x" * 100_000,
        "\N{FAMILY}" * 1000,
    ],
)
def test_a_text_from_outside_stays_one_short_line_that_nothing_obeys(text: str) -> None:
    """T66 (ASVS 16.4.1): newlines, terminal commands, bidirectional overrides, half characters and floods."""
    event = replace(EVENT, details={"name": text, "names": (text, text)})

    placed = chain_event(event, sequence=1, previous_hash=FIRST_PREVIOUS_HASH)

    line = placed.as_line()
    assert line.isprintable()
    assert len(line.encode()) < 5 * 4 * LONGEST_TEXT
    assert json.loads(line)["details"].keys() == {"name", "names"}


def test_a_text_that_needs_no_change_gets_none() -> None:
    text = 'Käse & "Brot" 東京 \\ 🙂'

    placed = chain_event(replace(EVENT, details={"name": text}), sequence=1, previous_hash=FIRST_PREVIOUS_HASH)

    assert json.loads(placed.details) == {"name": text}
