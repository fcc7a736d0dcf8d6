"""Reading a status list: what is believed, and what is refused before it can do harm (T19, T20, T21, T28, T31)."""

from __future__ import annotations

import base64
import tracemalloc
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import KeysUnavailableError, TokenRefusedError
from wire.status_list import (
    INVALID,
    LARGEST_LIST,
    LONGEST_STATUS_LIST_TOKEN,
    PLACES_OF_A_LIST,
    VALID,
    pack_statuses,
    read_status_list,
)

if TYPE_CHECKING:
    from wire.status_list import StatusList

URI = "https://auth.example/status-lists/0"
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
AT = int(NOW.timestamp())


def packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(lst: object = None, bits: object = 1, **changes: Any) -> dict[str, Any]:
    content = {"bits": bits, "lst": pack_statuses([5]) if lst is None else lst}
    good = {"sub": URI, "iat": AT, "exp": AT + 3600, "ttl": 300, "status_list": content, **changes}
    return {name: value for name, value in good.items() if value is not ...}


def token(forge: Any, payload: dict[str, Any] | None = None, **header: Any) -> str:
    made: str = forge.token(forge.header("statuslist+jwt", **header), claims() if payload is None else payload)
    return made


def read(forge: Any, text: str) -> StatusList:
    return read_status_list(text, forge.issuer, uri=URI, now=NOW)


def test_list_says_of_each_place_what_was_packed(forge: Any) -> None:
    found = read(forge, token(forge))

    assert (found.status(5), found.status(4), found.status(PLACES_OF_A_LIST - 1)) == (INVALID, VALID, VALID)
    assert (found.issued_at, found.expires_at, found.ttl_seconds) == (AT, AT + 3600, 300)


@given(invalid=st.sets(st.integers(0, PLACES_OF_A_LIST - 1), max_size=50))
def test_what_is_packed_is_read_again(forge: Any, invalid: set[int]) -> None:
    found = read(forge, token(forge, claims(pack_statuses(invalid))))

    assert {index for index in {*range(64), *invalid} if found.status(index) == INVALID} == invalid


def test_the_bytes_are_those_of_the_draft(forge: Any) -> None:
    """§4.1: its example of sixteen places with one bit, B9 A3."""
    found = read(forge, token(forge, claims(packed(zlib.compress(bytes([0xB9, 0xA3]))))))

    assert [found.status(index) for index in range(16)] == [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]


def test_places_of_two_bits_are_read(forge: Any) -> None:
    """§4.1: its example of twelve places with two bits, C9 44 F9."""
    found = read(forge, token(forge, claims(packed(zlib.compress(bytes([0xC9, 0x44, 0xF9]))), bits=2)))

    assert [found.status(index) for index in range(12)] == [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]


@pytest.mark.parametrize("index", [-1, PLACES_OF_A_LIST, 2**40])
def test_place_outside_the_list_is_refused(forge: Any, index: int) -> None:
    """§8.3: an index out of bounds must not be taken for a status."""
    with pytest.raises(TokenRefusedError, match="not in its status list"):
        read(forge, token(forge)).status(index)


WRONG = {
    "another list": claims(sub="https://auth.example/status-lists/1"),
    "no subject": claims(sub=...),
    "no iat": claims(iat=...),
    "iat is a text": claims(iat="now"),
    "from tomorrow": claims(iat=AT + 86400),
    "expired": claims(exp=AT - 61),
    "exp is a text": claims(exp="never"),
    "ttl is a text": claims(ttl="short"),
    "no list": claims(status_list=...),
    "list is a text": claims(status_list="x"),
    "three bits": claims(bits=3),
    "bits are true": claims(bits=True),
    "no bits": claims(status_list={"lst": pack_statuses([])}),
    "no lst": claims(status_list={"bits": 1}),
    "lst is a number": claims(lst=7),
    "lst is not base64": claims(lst="a b"),
    "lst is not ASCII": claims(lst="ä"),
    "lst is not zlib": claims(lst=packed(b"plain")),
    "lst is cut off": claims(lst=packed(zlib.compress(bytes(1000))[:-6])),
    "lst goes on": claims(lst=packed(zlib.compress(bytes(10)) + b"more")),
}


@pytest.mark.parametrize("payload", WRONG.values(), ids=WRONG.keys())
def test_list_that_is_wrong_is_refused(forge: Any, payload: dict[str, Any]) -> None:
    """§8.3."""
    with pytest.raises(TokenRefusedError):
        read(forge, token(forge, payload))


def test_list_without_exp_and_ttl_is_read(forge: Any) -> None:
    """§5.1: both are only recommended."""
    found = read(forge, token(forge, claims(exp=..., ttl=...)))

    assert (found.expires_at, found.ttl_seconds) == (None, None)


@pytest.mark.parametrize(
    "header",
    [{"typ": "JWT"}, {"typ": "license+jwt"}, {"alg": "none"}, {"alg": "HS256"}, {"kid": "other"}, {"crit": []}],
)
def test_list_under_a_wrong_header_is_refused(forge: Any, header: dict[str, Any]) -> None:
    """T19, T20, T21: §5.1, the type is statuslist+jwt."""
    with pytest.raises(TokenRefusedError):
        read(forge, token(forge, **header))


def test_license_token_is_no_status_list(forge: Any) -> None:
    """T21."""
    with pytest.raises(TokenRefusedError):
        read(forge, forge.license_token())


def test_list_that_was_changed_is_refused(forge: Any) -> None:
    """T19."""
    header, payload, _ = token(forge).split(".")
    other = token(forge, claims(pack_statuses([]))).split(".")[2]

    with pytest.raises(TokenRefusedError, match="signature"):
        read(forge, f"{header}.{payload}.{other}")


def test_small_list_that_unpacks_to_gigabytes_is_refused_unpacked_little(forge: Any) -> None:
    """T31."""
    bomb = token(forge, claims(packed(zlib.compress(bytes(100 * LARGEST_LIST)))))
    assert len(bomb) < LONGEST_STATUS_LIST_TOKEN

    tracemalloc.start()
    with pytest.raises(TokenRefusedError, match="too large"):
        read(forge, bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * LARGEST_LIST


def test_list_that_is_too_long_is_not_read(forge: Any) -> None:
    """T31."""
    with pytest.raises(TokenRefusedError, match="too long"):
        read(forge, "a" * (LONGEST_STATUS_LIST_TOKEN + 1))


def test_without_keys_nothing_is_said_of_the_list(forge: Any) -> None:
    forge.issuer.away = True
    try:
        with pytest.raises(KeysUnavailableError):
            read(forge, token(forge))
    finally:
        forge.issuer.away = False


def test_fullest_list_is_small_enough_to_be_fetched() -> None:
    """A list whose places are told apart by nothing: the worst case stays below what is read at most (T31)."""
    scattered = [index for index in range(PLACES_OF_A_LIST) if (index * 2654435761) >> 7 & 1]

    assert len(pack_statuses(scattered)) < LONGEST_STATUS_LIST_TOKEN // 4
