"""The bytes of what an access key says (S2-4, S2-5, S2-22)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.access_key_claims import LARGEST_NUMBER, MOST_COMPONENTS, AccessKeyClaims
from wire.errors import AccessKeyUnreadableError

CLAIMS = AccessKeyClaims(
    key_id="9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21",
    organization_id="0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11",
    version=3,
    issued_on=date(2026, 6, 1),
    renewal_date=date(2027, 1, 31),
    renewal_window_days=30,
    profile_code="standard",
    seats=(("xms", 5),),
)
BYTES = bytes.fromhex(
    "9f2f3c640d8b4b0ea5f37a1d9a3f5c21"
    "0b8a3a525d5e4c1c8f0e2f6f4f4f6a11"
    "03 fda001 f1a201 1e 087374616e64617264 01 03786d73 05"
)
numbers = st.integers(0, LARGEST_NUMBER)
days = st.dates(date(1970, 1, 2))
codes = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64)
every_claims = st.builds(
    AccessKeyClaims,
    key_id=st.uuids().map(str),
    organization_id=st.uuids().map(str),
    version=numbers,
    issued_on=days,
    renewal_date=st.none() | days,
    renewal_window_days=numbers,
    profile_code=codes,
    seats=st.dictionaries(codes, numbers, max_size=MOST_COMPONENTS).map(lambda seats: tuple(seats.items())),
)


def test_vector() -> None:
    assert CLAIMS.payload() == BYTES
    assert AccessKeyClaims.from_payload(BYTES) == CLAIMS


@given(every_claims)
def test_what_is_written_is_read(claims: AccessKeyClaims) -> None:
    assert AccessKeyClaims.from_payload(claims.payload()) == claims


def test_perpetual_key_has_no_renewal_date() -> None:
    """S3-20."""
    perpetual = replace(CLAIMS, renewal_date=None)

    assert AccessKeyClaims.from_payload(perpetual.payload()).renewal_date is None


def test_order_of_the_components_does_not_count() -> None:
    one, other = (replace(CLAIMS, seats=seats) for seats in ((("a", 1), ("b", 2)), (("b", 2), ("a", 1))))

    assert one == other
    assert one.payload() == other.payload()


@given(st.binary(max_size=120))
def test_any_bytes_are_refused_or_the_one_form_of_what_is_read(content: bytes) -> None:
    try:
        claims = AccessKeyClaims.from_payload(BYTES[:32] + content)
    except AccessKeyUnreadableError:
        return
    assert claims.payload() == BYTES[:32] + content


@pytest.mark.parametrize("length", range(len(BYTES)))
def test_bytes_that_end_too_early_are_refused(length: int) -> None:
    with pytest.raises(AccessKeyUnreadableError):
        AccessKeyClaims.from_payload(BYTES[:length])


@pytest.mark.parametrize(
    "content",
    [
        BYTES + b"\x00",
        BYTES.replace(b"\x03\xfd", b"\x83\x00\xfd"),
        BYTES.replace(b"\x03\xfd", b"\x83\x80\x80\x80\x80\x00\xfd"),
        BYTES.replace(b"\xfd\xa0\x01", b"\x00"),
        BYTES.replace(b"\xfd\xa0\x01", b"\xff\xff\xff\x7f"),
        BYTES.replace(b"xms", b"\xffms"),
        BYTES.replace(b"xms", b" ms"),
        BYTES.replace(b"\x01\x03xms\x05", b"\x02\x03xms\x05\x03abc\x05"),
        BYTES.replace(b"\x01\x03xms\x05", b"\x02\x03xms\x05\x03xms\x05"),
        BYTES.replace(b"\x01\x03xms\x05", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x03xms\x05"),
    ],
)
def test_bytes_in_another_form_are_refused(content: bytes) -> None:
    with pytest.raises(AccessKeyUnreadableError):
        AccessKeyClaims.from_payload(content)


@pytest.mark.parametrize(
    "wrong",
    [
        {"key_id": "key"},
        {"organization_id": ""},
        {"version": -1},
        {"version": LARGEST_NUMBER + 1},
        {"issued_on": date(1970, 1, 1)},
        {"renewal_date": date(1969, 12, 31)},
        {"profile_code": ""},
        {"profile_code": "é"},
        {"profile_code": "x" * 65},
        {"seats": (("xms", LARGEST_NUMBER + 1),)},
        {"seats": (("xms", 1), ("xms", 2))},
        {"seats": tuple((f"c{number}", 1) for number in range(MOST_COMPONENTS + 1))},
    ],
)
def test_value_that_has_no_bytes_is_a_fault_of_the_signer(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        replace(CLAIMS, **wrong).payload()
