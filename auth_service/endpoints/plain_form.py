"""Requests of the one plain shape that stock clients send, read without Flask (RFC 6749 §3.2).

A form is plain when what is written is what is meant: no escapes but the colons of a grant type, no parameter twice,
nothing in the address. Every other spelling is Flask's to read, which knows what to say of it (T48, T50).
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any, Final

from werkzeug.exceptions import ClientDisconnected

LONGEST_BODY: Final = 4096
_CONTENT_TYPES: Final = frozenset(
    f"application/x-www-form-urlencoded{charset}" for charset in ("", ";charset=UTF-8", "; charset=UTF-8")
)
_PLAIN: Final = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII).fullmatch
_COLON: Final = re.compile("%3A", re.IGNORECASE)
_READ: Final = "tillpass.plain_form"


def read_plain_form(environ: dict[str, Any]) -> dict[str, str] | None:
    """Give the form of a plain POST, or None. Whatever it is, it can be read again."""
    if _READ not in environ:
        environ[_READ] = _read(environ) if _may_be_plain(environ) else None
    form: dict[str, str] | None = environ[_READ]
    return form


def _may_be_plain(environ: dict[str, Any]) -> bool:
    return (
        environ["REQUEST_METHOD"] == "POST"
        and environ.get("CONTENT_TYPE") in _CONTENT_TYPES
        and not environ.get("QUERY_STRING")
        and "HTTP_TRANSFER_ENCODING" not in environ
        and _is_short(environ.get("CONTENT_LENGTH", ""))
    )


def _is_short(length: str) -> bool:
    return length.isascii() and length.isdecimal() and len(length) < 8 and int(length) <= LONGEST_BODY


def _read(environ: dict[str, Any]) -> dict[str, str] | None:
    try:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    except ClientDisconnected:
        return None
    environ["wsgi.input"] = BytesIO(body)
    pairs = [pair.partition("=")[::2] for pair in body.decode("latin-1").split("&")]
    form = dict(pairs)
    if len(form) != len(pairs):
        return None
    if "grant_type" in form:
        # The names of grant types are URNs.
        form["grant_type"] = _COLON.sub(":", form["grant_type"])
        if not _PLAIN(form["grant_type"].replace(":", "")):
            return None
    if not all(_PLAIN(name) and (name == "grant_type" or _PLAIN(value)) for name, value in form.items()):
        return None
    return form
