"""An email's own HTML as the answer that a frame shows: it can neither run, load, nor tell anybody that it was read.

Its policy allows inline style and nothing else. A link in it opens a tab of its own.
"""

from __future__ import annotations

from typing import Final

from flask import Response

_HEADERS: Final = {
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
        "form-action 'none'; frame-ancestors 'self'; base-uri 'none'"
    ),
}
# Before the mail's own first line, whose doctype would come too late after it: so a doctype is here as well.
_OPENS_TABS: Final = '<!doctype html><base target="_blank">'


def framed_html(html: str) -> Response:
    return Response(_OPENS_TABS + html, content_type="text/html; charset=utf-8", headers=_HEADERS)
