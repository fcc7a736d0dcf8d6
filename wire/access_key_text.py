"""The text of an access key: bytes as characters that are pasted, read out and typed (S1-38, S2-21, T34).

The characters are the ten digits and the letters without I, L, O and U. Reading takes either case, O for 0, I and L for
1, and passes over white space, line breaks and hyphens wherever they stand.

The last six characters are the check. As with an IBAN (ISO 7064), the text read as one number has to leave no
remainder, here when divided by a prime. Any one or two wrong characters and any two that changed places are noticed,
and where one alone is wrong can be said.
"""

from __future__ import annotations

import base64
import re
import string
from typing import Final

from wire.errors import AccessKeyMistypedError, AccessKeyUnreadableError

GROUP_LENGTH: Final = 5
"""The text is written in groups of so many characters, with hyphens between them."""

LONGEST_TEXT: Final = 12_000
"""In characters that count. What is promised of the check was tried out to this length."""

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RFC_4648: Final = string.ascii_uppercase + "234567"
_PYTHON: Final = string.digits + string.ascii_lowercase[:22]
"""The digits of base 32 as each of them writes them, from 0 to 31."""

_CHECK_LENGTH: Final = 6
_PRIME: Final = (1 << 30) - 35
"""The largest that six characters can tell the remainders of. 32 is a primitive root of it."""

_DIVIDED_BY_32: Final = pow(32, -1, _PRIME)

_SEPARATORS: Final = re.compile(r"[\s\x00-\x1f\u00ad\u200b-\u200f\u2010-\u2015\u2060\u2212\ufeff-]+")
"""White space, and hyphens and invisible characters as mail programs and word processors put them in."""

_STRANGE: Final = re.compile(r"[^0-9A-TV-Za-tv-z]")
_LOOK_ALIKES: Final = str.maketrans("OIL", "011")


def write_text(content: bytes) -> str:
    """Give the text of `content`, in groups."""
    characters = _written(content)
    check = -_number(characters + "0" * _CHECK_LENGTH) % _PRIME
    whole = characters + "".join(_ALPHABET[check >> shift & 31] for shift in range(25, -1, -5))
    return "-".join(whole[at : at + GROUP_LENGTH] for at in range(0, len(whole), GROUP_LENGTH))


def read_text(text: str) -> bytes:
    """Give the bytes that were written.

    Raises AccessKeyUnreadableError, or AccessKeyMistypedError when the check does not fit; both name the group, counted
    from 1, where it can be known.
    """
    characters = normal_form(text)
    remainder = _number(characters) % _PRIME
    if remainder:
        raise AccessKeyMistypedError(_group_at(_wrong_place(characters, remainder)) or _uneven_group(text))
    data = characters[:-_CHECK_LENGTH]
    padded = data.translate(str.maketrans(_ALPHABET, _RFC_4648)) + "=" * (-len(data) % 8)
    try:
        content = base64.b32decode(padded)
    except ValueError as fault:
        raise AccessKeyUnreadableError from fault
    if _written(content) != data:
        # Bits are left over that the writer sets to zero.
        raise AccessKeyUnreadableError
    return content


def normal_form(text: str) -> str:
    """Give the characters that count, each in its one spelling. Raises AccessKeyUnreadableError."""
    bare = _SEPARATORS.sub("", text)
    strange = _STRANGE.search(bare)
    if strange:
        raise AccessKeyUnreadableError(group=_group_at(strange.start()))
    if not _CHECK_LENGTH < len(bare) <= LONGEST_TEXT:
        raise AccessKeyUnreadableError
    return bare.upper().translate(_LOOK_ALIKES)


def _written(content: bytes) -> str:
    return base64.b32encode(content).decode().rstrip("=").translate(str.maketrans(_RFC_4648, _ALPHABET))


def _number(characters: str) -> int:
    # The 1 in front makes the length count as well: zeros at the beginning would not.
    return int("1" + characters.translate(str.maketrans(_ALPHABET, _PYTHON)), 32)


def _wrong_place(characters: str, remainder: int) -> int | None:
    """Give the place of the one character that is wrong; None when more are, or one is missing or too many.

    A character that is too large by n, k places before the last one, leaves the remainder n · 32^k.
    """
    for place in reversed(range(len(characters))):
        excess = remainder if remainder < 32 else remainder - _PRIME
        if excess > -32 and 0 <= _ALPHABET.index(characters[place]) - excess < 32:
            return place
        remainder = remainder * _DIVIDED_BY_32 % _PRIME
    return None


def _group_at(place: int | None) -> int | None:
    return None if place is None else place // GROUP_LENGTH + 1


def _uneven_group(text: str) -> int | None:
    """Give the one group that is too long or too short, when the text still stands in its groups."""
    lengths = [len(group) for group in _SEPARATORS.split(text) if group]
    uneven = [number for number, length in enumerate(lengths[:-1], start=1) if length != GROUP_LENGTH]
    return uneven[0] if len(uneven) == 1 else None
