from __future__ import annotations

from typing import Any

import pytest

from notify_service.emails.plain_values import plain_values
from tests.notify_service.doubles import PORTAL, context


def shown(name: str) -> Any:
    return plain_values("device_authorized", context(device_name=name))["device_name"]


@pytest.mark.parametrize(
    ("name", "shown_as"),
    [
        ("Win at https://evil.example/now", "Win at https:\u200b//evil.\u200bexample/now"),
        ("http://192.0.2.7/now", "http:\u200b//192.0.2.7/now"),
        ("http:\\\\192.0.2.7", "http:\u200b\\\\192.0.2.7"),
        ("www.evil.example", "www.\u200bevil.\u200bexample"),
        ("me@evil.example", "me@\u200bevil.\u200bexample"),
        ("evil.xn--p1ai", "evil.\u200bxn--p1ai"),
        ("evil。中国", "evil。\u200b中国"),
    ],
)
def test_a_name_that_a_mail_program_would_make_a_link_of_is_parted(name: str, shown_as: str) -> None:
    """T54: nobody leads a stranger to a page of theirs by registering a group of that name."""
    assert shown(name) == shown_as


@pytest.mark.parametrize(
    "name", ["Corner Shop, AB1 2CD", "Bar S.L.", "Till 1.2", "10:30", "Café: Mitte", "No. 7", "A/B"]
)
def test_any_other_name_is_shown_as_it_is(name: str) -> None:
    assert shown(name) == name


@pytest.mark.parametrize(
    "mark", list("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"), ids=ascii
)
def test_a_mark_that_turns_the_direction_of_writing_is_taken_out(mark: str) -> None:
    """T51."""
    assert shown(f"Till{mark} 1") == "Till 1"


def test_our_own_link_stays_whole_and_lists_are_plain_too() -> None:
    values = plain_values("device_authorized", context(features=["a\x0bb", "x.example"]))

    assert values["devices_url"] == f"{PORTAL}/devices"
    assert values["features"] == ["a b", "x.\u200bexample"]
