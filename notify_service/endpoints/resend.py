"""Have a notification sent again that was not sent: `POST /v1/notifications/{id}/resend`.

Nothing new can be sent here, and nothing that was sent (T54).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from notify_service.actions.resend_notification import resend_notification
from notify_service.domain.errors import ResendRefusedError
from notify_service.domain.notification import State
from notify_service.endpoints.notification_documents import EXAMPLE, NotificationSchema
from notify_service.endpoints.notifications import NOT_FOUND
from notify_service.endpoints.request_parser import ProblemBlueprint
from wire.problem import Problem
from wire.scopes import NOTIFICATIONS_WRITE
from wire.serving.api_document import ANY_ROUTE, problem_answers
from wire.serving.bearer import caller

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from database.engine import Database
    from notify_service.domain.notification import Notification
    from wire.serving.bearer import BearerGuard

_RESENT: Final = {
    "state": "deferred",
    "next_attempt_at": "2026-06-01T12:00:00+00:00",
    "sent_at": None,
    "resent_at": "2026-06-01T12:00:00+00:00",
    "fault": "recipient_refused",
    "smtp_answer": "550 5.1.1 no such mailbox",
    "resendable": True,
}
_REFUSALS: Final = [
    Problem(409, refusal.code, str(refusal))
    for refusal in map(ResendRefusedError, (State.SENT, State.SENDING, State.QUEUED, State.CANCELLED, State.FAILED))
]


def resend_routes(database: Database, guard: BearerGuard, *, now: Callable[[], datetime]) -> ProblemBlueprint:
    """Make the route; it wants the scope `notifications.write`."""
    routes = ProblemBlueprint("resend", __name__, url_prefix="/v1/notifications", description="Sending again")

    @routes.route("/<uuid:notification_id>/resend", methods=["POST"])
    @guard.requires(NOTIFICATIONS_WRITE)
    @routes.response(202, NotificationSchema, example={**EXAMPLE, **_RESENT}, description="It is tried within seconds")
    @routes.doc(
        operationId="resend_notification",
        security=[{"bearer": [NOTIFICATIONS_WRITE]}],
        responses=problem_answers([*ANY_ROUTE, NOT_FOUND, *_REFUSALS]),
    )
    def resend(notification_id: UUID) -> Notification:
        """Have a notification sent again that was not sent.

        For one that failed, is held by a limit, or waits for its next attempt. It takes no body.
        """
        return resend_notification(database, str(notification_id), asked_by=caller().client_id, now=now())

    return routes
