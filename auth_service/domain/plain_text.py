"""What a name may be: one line that a page, an email's header and a log can all carry (T42, T51, T66)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import urlsplit

from auth_service.domain.errors import BadInputError

LONGEST_NAME: Final = 200
LONGEST_URL: Final = 500


# Control characters, surrogates, line and paragraph ends; and formatting that shows a name as another one (bidi, zero
# width), which would deceive on the confirmation page.
_REFUSED: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"
"""Persian and Indic scripts are written with them."""
_URL_SIGNS: Final = re.compile(r"\A[A-Za-z0-9._~:/?#\[\]@!$&()*+,;=%-]+\Z")


def check_name(field: str, value: str) -> str:
    """Give the name without white space at its ends.

    Raises BadInputError when it is empty, longer than LONGEST_NAME, or more than one line of visible text.
    """
    name = value.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise BadInputError(f"'{field}' needs 1 to {LONGEST_NAME} characters.", field=field)
    if any(unicodedata.category(sign) in _REFUSED and sign not in _JOINERS for sign in name) or not any(
        sign.isalnum() for sign in name
    ):
        raise BadInputError(f"'{field}' must be one line of visible text.", field=field)
    return name


def check_url(field: str, value: str) -> str:
    """Give the URL. Raises BadInputError unless it is an absolute http or https URL without a user's name."""
    refusal = BadInputError(f"'{field}' needs a URL such as https://hub.example.com.", field=field)
    if len(value) > LONGEST_URL or not _URL_SIGNS.match(value):
        raise refusal
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.username is None and parts.port != 0
    except ValueError as fault:
        raise refusal from fault
    if not good:
        raise refusal
    return value
