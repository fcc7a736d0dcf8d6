"""User codes (RFC 8628 §6.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.domain.user_code import ALPHABET, display_user_code, new_user_code, normal_user_code

codes = st.text(ALPHABET, min_size=8, max_size=8)
noise = st.text(" -\t\u2010\u2013\u2014\u00a0\u200b", max_size=3)


def test_the_alphabet_has_no_vowels_and_no_look_alikes() -> None:
    assert len(set(ALPHABET)) == 20
    assert not set(ALPHABET) & set("AEIOUY01")


@pytest.mark.parametrize("alike", ["0OQ", "1IL", "2Z", "4A", "5S", "6G", "7T", "8B", "UV", "VY", "EF"])
def test_of_letters_and_digits_that_look_alike_there_is_one_at_most(alike: str) -> None:
    """T01: what is read wrong is a wrong guess; no code has a twin."""
    assert len(set(alike) & set(ALPHABET)) <= 1


def test_a_new_code_is_normal_and_displays_in_two_halves() -> None:
    code = new_user_code()

    assert normal_user_code(code) == code
    assert display_user_code(code) == f"{code[:4]}-{code[4:]}"


@given(codes, st.lists(noise, min_size=9, max_size=9), st.booleans())
def test_case_spaces_and_dashes_do_not_count(code: str, between: list[str], lower: bool) -> None:  # noqa: FBT001
    entered = between[0] + "".join(sign + gap for sign, gap in zip(code, between[1:], strict=True))

    assert normal_user_code(entered.lower() if lower else entered) == code


@given(st.text())
def test_any_text_is_a_code_or_none(entered: str) -> None:
    found = normal_user_code(entered)

    assert found is None or (len(found) == 8 and set(found) <= set(ALPHABET))


def test_what_is_not_eight_letters_of_the_alphabet_is_none() -> None:
    wrong = ["", "BBBB", "BBBB-BBBA", "BBBB-BBB1", "BBBBBBBBB", "B" * 65, "BBBB\x00BBBB", "ＢＢＢＢ-ＢＢＢＡ"]

    assert [normal_user_code(one) for one in wrong] == [None] * len(wrong)


def test_full_width_letters_of_an_input_method_count() -> None:
    assert normal_user_code("ＷＤＪＢ－ＭＪＨＴ") == "WDJBMJHT"
