"""What the status API takes and gives, as schemas; no address leaves the house whole (T55)."""

from __future__ import annotations

import re
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from notify_service.domain.notification import State, redacted
from notify_service.domain.page import DEFAULT_LIMIT, LARGEST_LIMIT, NotificationsWanted
from notify_service.endpoints.paging import Cursor
from wire.notification_message import is_address

MOST_IDS: Final = 100

EXAMPLE: Final = {
    "id": "2c1d7c52-6f0e-4b6a-9d0b-8f4f3a6f9e01",
    "template": "device_authorized",
    "recipient": "o***@shop.example",
    "organization_id": "0f6c7a3e-7d1b-4d1c-8f5e-2b9f1f0f6a11",
    "state": "sent",
    "attempts": 1,
    "created_at": "2026-06-01T09:00:00+00:00",
    "next_attempt_at": None,
    "sent_at": "2026-06-01T09:00:01+00:00",
    "resent_at": None,
    "fault": None,
    "smtp_answer": None,
    "resendable": False,
}
_NAME: Final = validate.Regexp(r"\A[A-Za-z0-9_-]{1,64}\Z", error="Must be letters, digits, hyphens, underscores.")


def _check_address(text: str) -> None:
    if not is_address(text):
        raise ValidationError("Must be one plain email address.")


class WholeNumber(fields.Integer):
    """A whole number in a query, in the one way that a JSON document writes it."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:  # noqa: ANN401 - as marshmallow declares them
        if not isinstance(value, str) or re.fullmatch(r"0|-?[1-9][0-9]{0,9}", value, re.ASCII) is None:
            raise self.make_error("invalid")
        return super()._deserialize(value, *args, **kwargs)


class NotificationSchema(Schema):
    """What a caller may know about a notification."""

    id = fields.String(required=True, metadata={"format": "uuid"})
    template = fields.String(required=True, metadata={"description": "Which email it is"})
    recipient = fields.Function(
        lambda row: redacted(row.recipient), metadata={"type": "string", "description": "Shortened: o***@example.com"}
    )
    organization_id = fields.String(allow_none=True, metadata={"description": "Whose affair it is, if anybody's"})
    state = fields.Enum(State, by_value=True, required=True, metadata={"type": "string"})
    attempts = fields.Integer(required=True, metadata={"description": "How often sending was tried"})
    created_at = fields.AwareDateTime(required=True, metadata={"description": "When it came in"})
    next_attempt_at = fields.AwareDateTime(
        allow_none=True, metadata={"description": "When it will be tried next, if it will"}
    )
    sent_at = fields.AwareDateTime(allow_none=True, metadata={"description": "When a mail server took it, if one has"})
    resent_at = fields.AwareDateTime(
        allow_none=True, metadata={"description": "When an operator last had it sent again, if one has"}
    )
    fault = fields.String(
        allow_none=True,
        metadata={
            "description": "Why it was not sent yet, for programs: `recipient_refused` is the address itself, for "
            "good; `temporary_refusal`, `line_broken`, `outcome_unknown`, `server_unreachable`, `server_misused`, "
            "`email_refused` and `email_not_made` are tried again; `outdated` has expired; `over_limit` waits "
            "or is held"
        },
    )
    smtp_answer = fields.String(
        allow_none=True,
        metadata={"description": "The same for people, in the mail server's words or in ours"},
    )
    resendable = fields.Boolean(required=True, metadata={"description": "Whether it can be sent again now"})


class NotificationPageSchema(Schema):
    """One page of the list, newest first."""

    items = fields.List(fields.Nested(NotificationSchema), required=True)
    next_cursor = fields.String(
        required=True, allow_none=True, metadata={"description": "The `cursor` of the next page; null on the last."}
    )


class NotificationQuerySchema(Schema):
    """Which notifications are wanted; all that is given must hold."""

    class Meta:
        """A parameter that is not known is refused: a mistyped filter would list something else."""

        unknown = RAISE

    id = fields.List(
        fields.UUID(),
        validate=validate.Length(1, MOST_IDS),
        metadata={"maxItems": MOST_IDS, "description": "Repeated for each id."},
    )
    state = fields.Enum(State, by_value=True, metadata={"type": "string"})
    template = fields.String(validate=_NAME)
    organization_id = fields.String(validate=_NAME)
    recipient = fields.String(
        validate=_check_address, metadata={"description": "One whole address; its case does not matter."}
    )
    limit = WholeNumber(
        validate=validate.Range(min=1, max=LARGEST_LIMIT),
        metadata={"description": f"How many at most; {DEFAULT_LIMIT}, or as many as ids are asked for."},
    )
    cursor = Cursor()

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> NotificationsWanted:
        ids = [str(one) for one in values.pop("id", ())]
        limit = values.pop("limit", max(DEFAULT_LIMIT, len(ids)))
        return NotificationsWanted(ids=ids, after=values.pop("cursor", None), limit=limit, **values)
