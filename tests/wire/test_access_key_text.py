"""The text of an access key (S1-38, S2-21, S2-22, T34)."""

from __future__ import annotations

import base64
import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.access_key_text import GROUP_LENGTH, LONGEST_TEXT, normal_form, read_text, write_text
from wire.errors import AccessKeyMistypedError, AccessKeyRefusedError, AccessKeyUnreadableError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PRIME = 2**30 - 35
CONTENT = random.Random(1).randbytes(124)
TEXT = write_text(CONTENT)
CHARACTERS = TEXT.replace("-", "")


@given(st.binary(min_size=1, max_size=3000))
def test_what_is_written_is_read(content: bytes) -> None:
    assert read_text(write_text(content)) == content


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\x00", "00ZZY-WYX"),
        (b"\x01", "04ZZY-WTH"),
        (b"f", "CRZZY-F0N"),
        (b"foobar", "CSQPY-RK1E8-NG00C-P"),
        (bytes(range(16)), "000G4-0R40M-30E20-9185G-R38E1-WVM42-SF"),
        (b"\xff" * 10, "ZZZZZ-ZZZZZ-ZZZZZ-Z89ZX-57"),
    ],
)
def test_vectors(content: bytes, text: str) -> None:
    assert write_text(content) == text
    assert read_text(text) == content
    assert _number(text.replace("-", "")) % PRIME == 0


def test_text_stands_in_groups_of_the_alphabet_without_look_alikes() -> None:
    """S1-38: it can be read out and typed."""
    groups = TEXT.split("-")

    assert {len(group) for group in groups[:-1]} == {GROUP_LENGTH}
    assert set(CHARACTERS) <= set(ALPHABET)
    assert not set("ILOU") & set(ALPHABET)


@pytest.mark.parametrize(
    "pasted",
    [
        TEXT.lower(),
        CHARACTERS,
        f"  {TEXT}\n",
        TEXT.replace("-", " "),
        TEXT.replace("-", "\r\n"),
        TEXT.replace("-", " \t-- "),
        TEXT.replace("-", "\u2011"),
        TEXT.replace("-", "\u2013"),
        TEXT.replace("-", "\u2212"),
        TEXT.replace("-", "\u00a0\u200b\u00ad\u2060"),
        f"\ufeff{TEXT}\x00",
        TEXT.replace("0", "O").replace("1", "l"),
        TEXT.replace("0", "o").replace("1", "I"),
        TEXT.replace("1", "i").lower(),
        "\n".join(CHARACTERS[at : at + 76] for at in range(0, len(CHARACTERS), 76)),
    ],
)
def test_pasting_is_forgiven_case_white_space_hyphens_and_look_alikes(pasted: str) -> None:
    """S1-38: the key comes out of an email."""
    assert read_text(pasted) == CONTENT
    assert normal_form(pasted) == CHARACTERS


@given(st.lists(st.sampled_from(["-", " ", "\n", "\u2010", ""]), min_size=len(CHARACTERS), max_size=len(CHARACTERS)))
def test_separators_may_stand_anywhere(separators: list[str]) -> None:
    pasted = "".join(mark + character for mark, character in zip(separators, CHARACTERS, strict=True))

    assert read_text(pasted) == CONTENT


def test_every_changed_character_is_noticed_and_its_group_named() -> None:
    """S2-22, T34: all 205 places, all 31 other characters."""
    for place in range(len(CHARACTERS)):
        for other in ALPHABET.replace(CHARACTERS[place], ""):
            with pytest.raises(AccessKeyMistypedError) as refused:
                read_text(CHARACTERS[:place] + other + CHARACTERS[place + 1 :])
            assert refused.value.group == place // GROUP_LENGTH + 1


def test_mistake_in_the_longest_text_is_found() -> None:
    characters = write_text(b"\x5a" * 3700).replace("-", "")
    mistyped = characters[:3000] + ("0" if characters[3000] != "0" else "1") + characters[3001:]

    with pytest.raises(AccessKeyMistypedError, match="in group 601 of"):
        read_text(mistyped)


@given(st.data())
def test_two_wrong_characters_are_noticed(data: st.DataObject) -> None:
    places = st.integers(0, len(CHARACTERS) - 1)
    mistyped = list(CHARACTERS)
    for _ in range(2):
        mistyped[data.draw(places)] = data.draw(st.sampled_from(ALPHABET))
    if mistyped == list(CHARACTERS):
        return

    with pytest.raises(AccessKeyMistypedError):
        read_text("".join(mistyped))


def test_no_two_wrong_characters_can_make_up_for_each_other() -> None:
    """What the module promises up to the longest text: n · 32^k is never m for two characters' differences n and m."""
    differences = {n % PRIME for n in range(-31, 32) if n}
    ratios = {m * pow(n, -1, PRIME) % PRIME for n in differences for m in differences}

    power = 1
    for _ in range(LONGEST_TEXT):
        power = power * 32 % PRIME
        assert power not in ratios


def test_any_two_characters_that_changed_places_are_noticed() -> None:
    """The remainder is (a - b) · 32^k · (32^d - 1): never 0, as 32^d is not 1 below the longest text."""
    for place in range(len(CHARACTERS) - 1):
        first, second = CHARACTERS[place : place + 2]
        if first == second:
            continue
        with pytest.raises(AccessKeyMistypedError):
            read_text(CHARACTERS[:place] + second + first + CHARACTERS[place + 2 :])


@pytest.mark.parametrize("group", [1, 7, 40])
def test_character_that_is_missing_or_twice_there_is_noticed_with_its_group(group: int) -> None:
    """Where the text still stands in its groups."""
    groups = TEXT.split("-")
    groups[group - 1] = groups[group - 1][1:]
    missing = "-".join(groups)
    groups[group - 1] = groups[group - 1][0] * 2 + groups[group - 1]

    with pytest.raises(AccessKeyMistypedError, match=f"in group {group} of the access key"):
        read_text(missing)
    with pytest.raises(AccessKeyMistypedError, match=f"in group {group} of the access key"):
        read_text(" ".join(groups))


@pytest.mark.parametrize(
    "text", [CHARACTERS[:100] + CHARACTERS[101:], CHARACTERS[:-20], f"{CHARACTERS}7K2", CHARACTERS[1:]]
)
def test_mistake_whose_group_nobody_knows_is_said_to_be_somewhere(text: str) -> None:
    with pytest.raises(AccessKeyMistypedError, match=r"^There is a typing mistake in the access key\.$") as refused:
        read_text(text)

    assert refused.value.group is None


def test_zeros_in_front_count() -> None:
    characters = write_text(b"\x00\x01" * 20).replace("-", "")

    with pytest.raises(AccessKeyMistypedError):
        read_text(f"0{characters}")
    with pytest.raises(AccessKeyMistypedError):
        read_text(characters.removeprefix("0"))


@pytest.mark.parametrize("strange", ["U", "u", "*", "é", "\u0131", "\uff11", "Ω", ".", "="])
def test_character_that_no_access_key_has_is_named_by_its_group(strange: str) -> None:
    text = TEXT[:13] + strange + TEXT[14:]

    with pytest.raises(AccessKeyUnreadableError, match="Group 3") as refused:
        read_text(text)
    assert refused.value.group == 3
    assert str(refused.value) == "Group 3 of the access key holds a character that no access key has."


@pytest.mark.parametrize("text", ["", " - \n", "0", "ABCDEF", "0" * (LONGEST_TEXT + 1)])
def test_what_is_too_short_or_too_long_is_no_access_key(text: str) -> None:
    with pytest.raises(AccessKeyUnreadableError, match="not an access key, or not all of it"):
        read_text(text)


@pytest.mark.parametrize("data", ["01", "0", "000", "ZZ"])
def test_bits_that_are_left_over_must_be_zero(data: str) -> None:
    """One access key has one text; these have a check that fits."""
    check = -_number(data + "000000") % PRIME
    text = data + "".join(ALPHABET[check >> shift & 31] for shift in range(25, -1, -5))

    with pytest.raises(AccessKeyUnreadableError):
        read_text(text)


def test_of_100_000_random_texts_none_is_accepted() -> None:
    """S2-22, T34: of the length of an access key, in its alphabet."""
    rng = random.Random(20261122)
    of_ours = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET, "=")
    for _ in range(100_000):
        with pytest.raises(AccessKeyRefusedError):
            read_text(base64.b32encode(rng.randbytes(128)).decode().translate(of_ours))


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(AccessKeyRefusedError):
        read_text(text)


def _number(characters: str) -> int:
    number = 1
    for character in characters:
        number = number * 32 + ALPHABET.index(character)
    return number
