"""`/status`: how emails are going, in plain words, for the people who run the service.

It is read-only and has no script; addresses are shortened, and what an email says is nowhere (T55).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, render_template, request
from marshmallow import ValidationError

from notify_service.domain.notification import State, redacted
from notify_service.domain.page import NotificationsWanted
from notify_service.endpoints.notification_documents import NotificationQuerySchema
from notify_service.endpoints.paging import cursor_of
from notify_service.storage import refused_addresses, set_aside_messages
from notify_service.storage.figures import read_figures
from notify_service.storage.notification_pages import list_page
from wire.notification_contexts import CONTEXT_SCHEMAS, FIRST_QUEUE_NAME, QUEUE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from flask import Response

    from database.engine import Database

MOST_SHOWN: Final = 20
SLOW_SECONDS: Final = 60
"""An email that could have been tried for so long and was not: nobody is sending."""

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
STATE_WORDS: Final = {
    State.QUEUED: ("Waiting for the first try", "They go out within seconds."),
    State.SENDING: ("Being sent", "A mail server is being spoken to."),
    State.DEFERRED: ("Waiting for another try", "The mail server asked for time, or a limit is reached."),
    State.SENT: ("Sent", "A mail server took them."),
    State.FAILED: ("Failed", "They were refused for good, or tried for four days."),
    State.HELD: ("Held back", "Too many of a kind went to one address. Nobody gets them unless you say so."),
    State.CANCELLED: ("Cancelled", "What they say was true no longer."),
}
_QUEUE_WORDS: Final = {FIRST_QUEUE_NAME: "Emails that somebody waits for", QUEUE_NAME: "All others"}
_FILTERS: Final = ("state", "template", "recipient", "cursor")


def status_routes(database: Database, *, now: Callable[[], datetime]) -> Blueprint:
    """Make the page."""
    routes = Blueprint("status", __name__, template_folder="templates", static_folder="static", url_prefix="/status")
    routes.after_request(_protect)

    @routes.get("")
    def page() -> tuple[str, int]:
        wanted, faults = _wanted()
        return render_template("status.html", **_shown(database, wanted, now()), faults=faults), 422 if faults else 200

    return routes


def _wanted() -> tuple[NotificationsWanted, Mapping[str, Any]]:
    given = {name: request.args[name].strip() for name in _FILTERS if request.args.get(name, "").strip()}
    try:
        return NotificationQuerySchema().load({**given, "limit": str(MOST_SHOWN)}), {}
    except ValidationError as fault:
        return NotificationsWanted(limit=MOST_SHOWN), fault.messages_dict


def _shown(database: Database, wanted: NotificationsWanted, now: datetime) -> dict[str, Any]:
    with database.reading() as connection:
        figures = read_figures(connection, now)
        page = list_page(connection, wanted)
        refused = refused_addresses.list_newest(connection, limit=MOST_SHOWN)
        aside = set_aside_messages.list_newest(connection, limit=MOST_SHOWN)
    return {
        "figures": figures,
        "is_slow": figures.overdue_seconds > SLOW_SECONDS,
        "page": page,
        "asked_for": request.args.get("recipient", "").strip(),
        "older": None if page.end is None else cursor_of(page.end),
        "wanted": wanted,
        "refused": refused,
        "aside": aside,
        "states": STATE_WORDS,
        "queues": _QUEUE_WORDS,
        "templates": {name: _words(name) for name in sorted(CONTEXT_SCHEMAS)},
        "redacted": redacted,
        "words": _words,
    }


def _words(template: str) -> str:
    return template.replace("_", " ").capitalize()


def _protect(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
