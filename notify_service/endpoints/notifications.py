"""State of notifications, for the services that sent them: `GET /v1/notifications/{id}`, `GET /v1/notifications?id=…`.

Nothing here sends, and no address leaves the house whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import RAISE, Schema, fields, validate

from notify_service.domain.errors import NotificationNotFoundError
from notify_service.domain.notification import State, redacted
from notify_service.endpoints.request_parser import ProblemBlueprint
from notify_service.storage import notifications
from wire.problem import Problem
from wire.scopes import NOTIFICATIONS_READ
from wire.serving.api_document import ANY_ROUTE, problem_answers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from database.engine import Database
    from notify_service.domain.notification import Notification
    from wire.serving.bearer import BearerGuard

MOST_IDS: Final = 100

_EXAMPLE: Final = {
    "id": "2c1d7c52-6f0e-4b6a-9d0b-8f4f3a6f9e01",
    "template": "device_authorized",
    "recipient": "o***@shop.example",
    "state": "sent",
    "attempts": 1,
    "created_at": "2026-06-01T09:00:00+00:00",
    "next_attempt_at": None,
    "sent_at": "2026-06-01T09:00:01+00:00",
    "fault": None,
    "smtp_answer": None,
}
_NOT_FOUND: Final = Problem(404, NotificationNotFoundError.code, "No notification has this id.")
_BAD_QUERY: Final = Problem(
    422,
    "invalid_parameters",
    "Some parameters are missing or wrong: see errors.",
    {"id": ["Missing data for required field."]},
)


class NotificationSchema(Schema):
    """What a sender may know about a notification."""

    id = fields.String(required=True, metadata={"format": "uuid"})
    template = fields.String(required=True, metadata={"description": "Which email it is"})
    recipient = fields.Function(
        lambda row: redacted(row.recipient), metadata={"type": "string", "description": "Shortened: o***@example.com"}
    )
    state = fields.Enum(State, by_value=True, required=True, metadata={"type": "string"})
    attempts = fields.Integer(required=True, metadata={"description": "How often sending was tried"})
    created_at = fields.AwareDateTime(required=True, metadata={"description": "When it came in"})
    next_attempt_at = fields.AwareDateTime(
        allow_none=True, metadata={"description": "When it will be tried next, if it will"}
    )
    sent_at = fields.AwareDateTime(allow_none=True, metadata={"description": "When a mail server took it, if one has"})
    fault = fields.String(
        allow_none=True,
        metadata={
            "description": "What the last attempt failed of, for programs: `recipient_refused` is the address itself, "
            "for good; `temporary_refusal`, `line_broken`, `outcome_unknown`, `server_unreachable`, `server_misused`, "
            "`email_refused` and `email_not_made` are tried again; `outdated` has expired"
        },
    )
    smtp_answer = fields.String(
        allow_none=True, metadata={"description": "Why the last attempt failed, in the mail server's or our words"}
    )


class NotificationListSchema(Schema):
    """Those of the asked-for notifications that are known here."""

    notifications = fields.List(fields.Nested(NotificationSchema), required=True)


class NotificationQuerySchema(Schema):
    """The ids asked for; `id` is repeated."""

    id = fields.List(
        fields.UUID(), required=True, validate=validate.Length(1, MOST_IDS), metadata={"maxItems": MOST_IDS}
    )


def notification_routes(database: Database, guard: BearerGuard) -> ProblemBlueprint:
    """Make the routes; both want the scope `notifications.read`."""
    routes = ProblemBlueprint("notifications", __name__, url_prefix="/v1/notifications", description="State of emails")
    security = [{"bearer": [NOTIFICATIONS_READ]}]

    @routes.route("/<uuid:notification_id>")
    @guard.requires(NOTIFICATIONS_READ)
    @routes.response(200, NotificationSchema, example=_EXAMPLE, description="Its state")
    @routes.doc(operationId="read_notification", security=security, responses=problem_answers([*ANY_ROUTE, _NOT_FOUND]))
    def one(notification_id: UUID) -> Notification:
        """Read the state of one notification."""
        with database.reading() as connection:
            found = notifications.find(connection, str(notification_id))
        if found is None:
            raise NotificationNotFoundError("No notification has this id.")
        return found

    @routes.route("")
    @guard.requires(NOTIFICATIONS_READ)
    @routes.arguments(NotificationQuerySchema, location="query", unknown=RAISE)
    @routes.response(
        200, NotificationListSchema, example={"notifications": [_EXAMPLE]}, description="Those that are known here"
    )
    @routes.doc(
        operationId="list_notifications", security=security, responses=problem_answers([*ANY_ROUTE, _BAD_QUERY])
    )
    def several(query: dict[str, Sequence[UUID]]) -> dict[str, Any]:
        """Read the state of up to 100 notifications.

        Repeat `id` for each. Ids that are not known here are left out.
        """
        with database.reading() as connection:
            found = notifications.find_many(connection, [str(asked) for asked in query["id"]])
        return {"notifications": found}

    return routes
