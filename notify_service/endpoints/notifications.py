"""State of notifications: `GET /v1/notifications`, `GET /v1/notifications/{id}`. Nothing is sent here (T54)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import RAISE

from notify_service.domain.errors import NotificationNotFoundError
from notify_service.endpoints.notification_documents import (
    EXAMPLE,
    NotificationPageSchema,
    NotificationQuerySchema,
    NotificationSchema,
)
from notify_service.endpoints.paging import cursor_of
from notify_service.endpoints.request_parser import ProblemBlueprint
from notify_service.storage import notifications
from notify_service.storage.notification_pages import list_page
from wire.problem import Problem
from wire.scopes import NOTIFICATIONS_READ
from wire.serving.api_document import ANY_ROUTE, problem_answers

if TYPE_CHECKING:
    from uuid import UUID

    from database.engine import Database
    from notify_service.domain.notification import Notification
    from notify_service.domain.page import NotificationsWanted
    from wire.serving.bearer import BearerGuard

NOT_FOUND: Final = Problem(404, NotificationNotFoundError.code, str(NotificationNotFoundError()))
_BAD_QUERY: Final = Problem(
    422,
    "invalid_parameters",
    "Some parameters are missing or wrong: see errors.",
    {"id": {"0": ["Not a valid UUID."]}},
)


def notification_routes(database: Database, guard: BearerGuard) -> ProblemBlueprint:
    """Make the routes; they want the scope `notifications.read`."""
    routes = ProblemBlueprint("notifications", __name__, url_prefix="/v1/notifications", description="State of emails")
    security = [{"bearer": [NOTIFICATIONS_READ]}]

    @routes.route("/<uuid:notification_id>")
    @guard.requires(NOTIFICATIONS_READ)
    @routes.response(200, NotificationSchema, example=EXAMPLE, description="Its state")
    @routes.doc(operationId="read_notification", security=security, responses=problem_answers([*ANY_ROUTE, NOT_FOUND]))
    def one(notification_id: UUID) -> Notification:
        """Read the state of one notification."""
        with database.reading() as connection:
            found = notifications.find(connection, str(notification_id))
        if found is None:
            raise NotificationNotFoundError
        return found

    @routes.route("")
    @guard.requires(NOTIFICATIONS_READ)
    @routes.arguments(NotificationQuerySchema, location="query", unknown=RAISE)
    @routes.response(
        200,
        NotificationPageSchema,
        example={"items": [EXAMPLE], "next_cursor": None},
        description="Those that are known here",
    )
    @routes.doc(
        operationId="list_notifications", security=security, responses=problem_answers([*ANY_ROUTE, _BAD_QUERY])
    )
    def several(wanted: NotificationsWanted) -> dict[str, Any]:
        """List notifications, newest first.

        Ids that are not known here are left out.
        """
        with database.reading() as connection:
            page = list_page(connection, wanted)
        return {"items": page.notifications, "next_cursor": None if page.end is None else cursor_of(page.end)}

    return routes
