"""The form of the state file: what was written is read, and nothing else is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_client.clock_guard import ClockMark
from pos_client.polling import PollingPace
from pos_client.state_document import LARGEST_DOCUMENT, BrokenStateError, dump_state, load_state
from pos_client.stored_state import HeldLicense, PendingAuthorization, StoredState

instants = st.datetimes(datetime(2000, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
texts = st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable())
paces = st.builds(PollingPace, st.integers(0, 3600), st.none() | instants)
addresses = texts.filter(lambda text: " " not in text).map(lambda text: f"https://auth.example/{text}")
pendings = st.builds(PendingAuthorization, texts, texts, addresses, st.none() | addresses, instants, paces)
helds = st.builds(HeldLicense, texts, st.none() | texts, instants, st.none() | texts)
states = st.builds(
    StoredState,
    issuer=texts,
    pending=st.none() | pendings,
    held=st.none() | helds,
    keys=st.none() | st.just({"keys": [{"kid": "a", "kty": "EC"}]}),
    clock=st.none() | st.builds(ClockMark, instants, st.integers(0, 10**9)),
    set_aside=st.booleans(),
)

WHOLE = StoredState(
    issuer="https://auth.example",
    pending=PendingAuthorization(
        "d", "u", "https://v.example", None, datetime(2026, 11, 21, tzinfo=UTC), PollingPace()
    ),
    held=HeldLicense("token", "refresh", datetime(2026, 11, 21, tzinfo=UTC)),
    keys={"keys": []},
    clock=ClockMark(datetime(2026, 11, 21, tzinfo=UTC)),
)


@given(states)
def test_what_was_written_is_read_again(state: StoredState) -> None:
    assert load_state(dump_state(state)) == state


@given(st.binary())
def test_any_bytes_are_a_state_or_broken(content: bytes) -> None:
    with pytest.raises(BrokenStateError):
        load_state(content)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    value=json_values,
    path=st.sampled_from([(), ("pending",), ("held",), ("clock",), ("pending", "pace")]),
    data=st.data(),
)
def test_a_member_of_the_wrong_kind_breaks_the_file_and_nothing_else(
    value: object, path: tuple[str, ...], data: st.DataObject
) -> None:
    document = json.loads(dump_state(WHOLE))
    record = document
    for step in path:
        record = record[step]
    record[data.draw(st.sampled_from(sorted(record)))] = value
    try:
        state = load_state(json.dumps(document).encode())
    except BrokenStateError:
        return
    assert isinstance(state, StoredState)
    for instant in (state.held and state.held.last_contact_at, state.clock and state.clock.seen_at):
        if instant:
            assert instant.astimezone(UTC) - timedelta(hours=15)


@pytest.mark.parametrize("member", ["user_code", "verification_uri", "verification_uri_complete"])
@pytest.mark.parametrize("value", ["a\x1b[2Jb", "a\nb", "\ud800", "\u202eb", "https://v.example/\x07", ""])
def test_a_text_that_a_terminal_would_obey_breaks_the_file(member: str, value: str) -> None:
    """T42: what comes from a file is input."""
    document = json.loads(dump_state(WHOLE))
    document["pending"][member] = value

    with pytest.raises(BrokenStateError):
        load_state(json.dumps(document).encode())


@pytest.mark.parametrize("address", ["http://v.example", "javascript:alert(1)", "https://v.example/" + "a" * 1000])
def test_an_address_that_no_page_may_link_to_breaks_the_file(address: str) -> None:
    document = json.loads(dump_state(WHOLE))
    document["pending"]["verification_uri"] = address

    with pytest.raises(BrokenStateError):
        load_state(json.dumps(document).encode())


@pytest.mark.parametrize("version", [0, 2, "1", None, True, 1.5])
def test_another_version_is_not_read(version: object) -> None:
    document = {**json.loads(dump_state(WHOLE)), "version": version}

    with pytest.raises(BrokenStateError):
        load_state(json.dumps(document).encode())


@pytest.mark.parametrize("content", [b"[" * 200_000, b'{"version": 1' + b" " * LARGEST_DOCUMENT, b"", b"null", b"\xff"])
def test_hostile_content_is_broken_and_does_not_crash(content: bytes) -> None:
    with pytest.raises(BrokenStateError):
        load_state(content)


def test_an_instant_without_its_zone_is_not_guessed() -> None:
    content = dump_state(WHOLE).replace(b"+00:00", b"")

    with pytest.raises(BrokenStateError):
        load_state(content)
