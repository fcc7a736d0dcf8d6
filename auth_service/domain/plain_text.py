"""What a name may be: one line that a page, an email's header and a log can all carry (T42, T51, T66)."""

from __future__ import annotations

import unicodedata
from typing import Final
from urllib.parse import urlsplit

from auth_service.domain.errors import BadInputError

LONGEST_NAME: Final = 200
LONGEST_URL: Final = 500


def check_name(field: str, value: str) -> str:
    """Give the name without white space at its ends.

    Raises BadInputError when it is empty, longer than LONGEST_NAME, or holds control characters.
    """
    name = value.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise BadInputError(f"'{field}' needs 1 to {LONGEST_NAME} characters.")
    if any(unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} for sign in name):
        raise BadInputError(f"'{field}' must be one line of text.")
    return name


def check_url(field: str, value: str) -> str:
    """Give the URL. Raises BadInputError when it is not an absolute http or https URL of a fair length."""
    url = check_name(field, value[: LONGEST_URL + 1]) if len(value) <= LONGEST_NAME else value
    parts = urlsplit(url)
    if len(url) > LONGEST_URL or parts.scheme not in {"http", "https"} or not parts.hostname or " " in url:
        raise BadInputError(f"'{field}' needs a URL such as https://hub.example.com.")
    return url
