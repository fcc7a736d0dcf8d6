"""The user code: alphabet, length, display form, and the one normal form for every place that takes it (RFC 8628 §6.1).

Eight of twenty consonants: 34.5 bits, no vowels that make words, and at most one of the signs that look alike, such as
0, O and Q, or 1, I and L, or 8 and B. Case, spaces and any kind of dash do not count.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import Final

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH: Final = 8
LONGEST_ENTRY: Final = 64

_NORMAL: Final = re.compile(rf"\A[{ALPHABET}]{{{LENGTH}}}\Z")


def new_user_code() -> str:
    """Draw a user code in its normal form, such as `WDJBMJHT`."""
    # One draw for all signs: each draw asks the system for its random bytes.
    drawn = secrets.randbelow(len(ALPHABET) ** LENGTH)
    return "".join(ALPHABET[drawn // len(ALPHABET) ** place % len(ALPHABET)] for place in range(LENGTH))


def display_user_code(normal: str) -> str:
    """Give the form that people read: `WDJB-MJHT`."""
    return f"{normal[: LENGTH // 2]}-{normal[LENGTH // 2 :]}"


def normal_user_code(entered: str) -> str | None:
    """Give the normal form of what a person entered, or None when it cannot be a user code."""
    if len(entered) > LONGEST_ENTRY:
        return None
    plain = unicodedata.normalize("NFKC", entered).upper()
    kept = "".join(sign for sign in plain if not sign.isspace() and unicodedata.category(sign) not in {"Pd", "Cf"})
    return kept if _NORMAL.match(kept) else None
