"""What a password may be (S1-17, S1-27; T46, ASVS 6.2).

The Cloud account password, and every operator's: eight characters at least, none of those that everybody tries first,
and no rule about its signs. The Group Password has the rule that its form prints. Neither is changed in any way before
it is hashed: what is pasted or typed counts as it is.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from auth_service.domain.errors import BadInputError

SHORTEST_PASSWORD: Final = 8
LONGEST_PASSWORD: Final = 128
"""Hashing costs by length, too (T46)."""

SHORTEST_GROUP_PASSWORD: Final = 6


def check_password(field: str, value: str) -> str:
    """Give the password of a person. Raises BadInputError."""
    if not SHORTEST_PASSWORD <= len(value) <= LONGEST_PASSWORD:
        raise BadInputError(f"'{field}' needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.", field=field)
    _check_signs(field, value)
    if value.casefold() in _common_passwords():
        raise BadInputError(
            f"'{field}' is one of the passwords that everybody tries first. Choose another.", field=field
        )
    return value


def check_group_password(field: str, value: str) -> str:
    """Give the Group Password (S1-27). Raises BadInputError."""
    has_number = any(sign.isdecimal() for sign in value)
    has_symbol = any(not sign.isalnum() and not sign.isspace() for sign in value)
    if not (SHORTEST_GROUP_PASSWORD <= len(value) <= LONGEST_PASSWORD and has_number and has_symbol):
        raise BadInputError(
            f"'{field}' needs {SHORTEST_GROUP_PASSWORD} to {LONGEST_PASSWORD} characters, with at least one number "
            "and one symbol.",
            field=field,
        )
    _check_signs(field, value)
    return value


def _check_signs(field: str, value: str) -> None:
    if not value.isprintable():
        raise BadInputError(f"'{field}' holds signs that cannot be typed.", field=field)


@cache
def _common_passwords() -> frozenset[str]:
    # Read when the first password is set: most processes never do.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]  # noqa: PLC0415

    return frozenset(one for one in FREQUENCY_LISTS["passwords"] if len(one) >= SHORTEST_PASSWORD)
