"""How sending stands: `GET /v1/sending`, and which addresses it has given up: `GET /v1/refused-addresses`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import Schema, fields

from notify_service.domain.notification import redacted
from notify_service.endpoints.request_parser import ProblemBlueprint
from notify_service.storage import refused_addresses
from notify_service.storage.figures import read_figures
from wire.scopes import NOTIFICATIONS_READ
from wire.serving.api_document import ANY_ROUTE, problem_answers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from database.engine import Database
    from notify_service.domain.figures import Figures
    from wire.serving.bearer import BearerGuard

MOST_ADDRESSES: Final = 200

_QUEUE_EXAMPLE: Final = {
    "queue": "notifications",
    "states": {"queued": 2, "sending": 1, "sent": 4711, "deferred": 3, "failed": 1, "held": 0, "cancelled": 0},
    "oldest_waiting_at": "2026-06-01T08:58:00+00:00",
    "due_since": "2026-06-01T08:59:58+00:00",
}
_EXAMPLE: Final = {
    "at": "2026-06-01T09:00:00+00:00",
    "paused": {
        "since": "2026-06-01T08:57:00+00:00",
        "fault": "server_misused",
        "answer": "535",
        "next_try_at": "2026-06-01T09:00:30+00:00",
    },
    "queues": [_QUEUE_EXAMPLE],
    "set_aside": 0,
    "refused_addresses": 1,
}
_ADDRESS_EXAMPLE: Final = {
    "recipient": "o***@shop.example",
    "since": "2026-06-01T09:00:00+00:00",
    "answer": "550 5.1.1 no such mailbox",
}


class PauseSchema(Schema):
    """Why nothing is sent, and until when at least."""

    since = fields.AwareDateTime(required=True)
    fault = fields.String(
        required=True, metadata={"description": "`server_unreachable`, or `server_misused`: a person must act"}
    )
    answer = fields.String(required=True, metadata={"description": "The mail server's words, or ours"})
    next_try_at = fields.AwareDateTime(required=True, attribute="next_probe_at")


class QueueSchema(Schema):
    """The emails of one queue."""

    queue = fields.String(required=True)
    states = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    oldest_waiting_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "Since when the oldest waits that was not sent yet"}
    )
    due_since = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "Since when one could have been tried and was not"}
    )


class SendingSchema(Schema):
    """How all sending stands."""

    at = fields.AwareDateTime(required=True)
    paused = fields.Nested(PauseSchema, required=True, allow_none=True)
    queues = fields.List(fields.Nested(QueueSchema), required=True)
    set_aside = fields.Integer(required=True, metadata={"description": "Queue messages that could not be used"})
    refused_addresses = fields.Integer(required=True)


class RefusedAddressSchema(Schema):
    """An address that is not tried for a while, since the mail server refused it for good."""

    recipient = fields.Function(
        lambda row: redacted(row.address), metadata={"type": "string", "description": "Shortened: o***@example.com"}
    )
    since = fields.AwareDateTime(required=True)
    answer = fields.String(required=True, metadata={"description": "The mail server's words"})


class RefusedAddressListSchema(Schema):
    """The newest, newest first."""

    items = fields.List(fields.Nested(RefusedAddressSchema), required=True)


def sending_routes(database: Database, guard: BearerGuard, *, now: Callable[[], datetime]) -> ProblemBlueprint:
    """Make the routes; they want the scope `notifications.read`."""
    routes = ProblemBlueprint("sending", __name__, url_prefix="/v1", description="How sending stands")
    security = [{"bearer": [NOTIFICATIONS_READ]}]

    @routes.route("/sending")
    @guard.requires(NOTIFICATIONS_READ)
    @routes.response(200, SendingSchema, example=_EXAMPLE, description="How it stands")
    @routes.doc(operationId="read_sending", security=security, responses=problem_answers(ANY_ROUTE))
    def sending() -> dict[str, Any]:
        """Read how many emails are in which state, how long the oldest waits, and whether sending is paused."""
        with database.reading() as connection:
            return _document(read_figures(connection, now()))

    @routes.route("/refused-addresses")
    @guard.requires(NOTIFICATIONS_READ)
    @routes.response(
        200, RefusedAddressListSchema, example={"items": [_ADDRESS_EXAMPLE]}, description=f"At most {MOST_ADDRESSES}"
    )
    @routes.doc(operationId="list_refused_addresses", security=security, responses=problem_answers(ANY_ROUTE))
    def refused() -> dict[str, Any]:
        """List the addresses that the mail server refused for good, newest first."""
        with database.reading() as connection:
            return {"items": refused_addresses.list_newest(connection, limit=MOST_ADDRESSES)}

    return routes


def _document(figures: Figures) -> dict[str, Any]:
    queues = [
        {
            "queue": name,
            "states": {state.value: count for state, count in queue.states.items()},
            "oldest_waiting_at": queue.oldest_waiting_at,
            "due_since": queue.due_since,
        }
        for name, queue in figures.queues.items()
    ]
    return {
        "at": figures.at,
        "paused": figures.pause,
        "queues": queues,
        "set_aside": figures.set_aside,
        "refused_addresses": figures.refused_addresses,
    }
