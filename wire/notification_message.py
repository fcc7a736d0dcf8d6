"""The message on the Redis queue: which email, to whom, about what (S1-32 … S1-34).

It travels sealed (Fernet: AES-CBC with HMAC-SHA256) under a key that only the sending services and notify_service
hold: whoever can read or write Redis learns nothing and can send nobody anything. Nothing in it is free text of an
email; each template takes its own checked context (wire/notification_contexts.py).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cryptography.fernet import Fernet, InvalidToken
from marshmallow import Schema, ValidationError, fields, validate

from wire.errors import MessageRefusedError
from wire.notification_contexts import CONTEXT_SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

MESSAGE_VERSION: Final = 1
TASK_NAME: Final = "notify_service.send_notification"
RECIPIENT_REFUSED: Final = "recipient_refused"
"""The `fault` of a notification whose address a mail server refused for good, as the status API tells it (F36)."""
LOCALES: Final = ("en", "es")
"""The languages that emails are written in; the first is the default."""

# RFC 5321's dot-string and domain, in ASCII: one address, and nothing that could start a second header or recipient
# (T51). Quoted local parts and address literals are not taken.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(rf"\A(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*\Z")


def is_address(text: str) -> bool:
    """Tell whether an email can be sent to `text`; who stores an address asks this, so that sending cannot fail."""
    return _ADDRESS.match(text) is not None


def _check_address(text: str) -> None:
    if not is_address(text):
        raise ValidationError("Not one plain email address.")


class _MessageSchema(Schema):
    id = fields.UUID(required=True)
    template = fields.String(required=True, validate=validate.OneOf(CONTEXT_SCHEMAS))
    recipient = fields.String(required=True, validate=_check_address)
    context = fields.Dict(keys=fields.String(), required=True)
    locale = fields.String(load_default=LOCALES[0], validate=validate.OneOf(LOCALES))
    organization_id = fields.String(
        load_default=None, allow_none=True, validate=validate.Regexp(r"\A[A-Za-z0-9-]{1,64}\Z")
    )


@dataclass(frozen=True, slots=True)
class NotificationMessage:
    """One email to one recipient; `id` is the notification's for ever, however often the message is seen.

    `organization_id` says whose affair it is, for limits and the status page; None while there is no organization.
    """

    id: UUID
    template: str
    recipient: str
    context: Mapping[str, Any]
    locale: str = LOCALES[0]
    organization_id: str | None = None


def seal_message(message: NotificationMessage, key: str) -> str:
    """Check the message and seal it for the queue.

    Raises MessageRefusedError when the template or the locale is unknown, the recipient is not one plain address, or
    the context is not what the template takes.
    """
    document: dict[str, Any] = {
        "id": str(message.id),
        "template": message.template,
        "recipient": message.recipient,
        "context": dict(message.context),
        "locale": message.locale,
        "organization_id": message.organization_id,
    }
    checked = _checked(document)
    # Dumped by its schema, since a context may hold what JSON has no word for: an instant.
    document["context"] = CONTEXT_SCHEMAS[checked.template]().dump(checked.context)
    return Fernet(key).encrypt(json.dumps(document).encode()).decode()


def open_message(sealed: str, key: str) -> NotificationMessage:
    """Open a sealed message and check it; the context comes back with the types of its schema.

    Raises MessageRefusedError.
    """
    try:
        document = json.loads(Fernet(key).decrypt(sealed.encode()))
    except (InvalidToken, ValueError, RecursionError) as fault:
        raise MessageRefusedError("The message is not sealed with our key.") from fault
    return _checked(document)


def _checked(document: Any) -> NotificationMessage:  # noqa: ANN401 - JSON before its schema has seen it
    try:
        values = _MessageSchema().load(document)
        context = CONTEXT_SCHEMAS[values["template"]]().load(values["context"])
    except ValidationError as fault:
        at_fault = ", ".join(sorted(fault.messages)) if isinstance(fault.messages, dict) else "its form"
        raise MessageRefusedError(f"The message is wrong in: {at_fault}.") from fault
    return NotificationMessage(**{**values, "context": context})
