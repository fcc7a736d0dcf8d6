"""Every error that notify_service raises on purpose.

NotifyError
├── SettingsError               the service cannot start like this
├── NotificationNotFoundError   no notification of ours has that id
└── DeliveryError               an attempt ended without a sent email
    ├── RecipientRefusedError      the recipient, for good: never tried again
    ├── TemporaryRefusalError      4xx: the server asks us to come back
    ├── OutcomeUnknownError        the line dropped after the content; perhaps it was sent
    ├── ServerUnreachableError     nobody answered
    ├── ServerMisusedError         how we use the server is wrong: sign-in, TLS, sender, content
    └── EmailNotMadeError          we could not make the email: sealed text or template
"""

from __future__ import annotations


class NotifyError(Exception):
    """The root of the tree. `code` is stable and for machines; the message is a sentence for people."""

    code = "notify_error"


class SettingsError(NotifyError):
    """One or more settings are missing or wrong; the text names each variable and what it wants."""

    code = "bad_settings"


class NotificationNotFoundError(NotifyError):
    """The ledger has no such notification."""

    code = "notification_not_found"


class DeliveryError(NotifyError):
    """An attempt to send ended without a sent email. The message goes into the ledger: short, without secrets."""

    code = "delivery_error"
    whole_server = False
    """The next email would meet the same fault, so a run over many ends here."""


class RecipientRefusedError(DeliveryError):
    """The server refuses this recipient for good (RFC 5321 §4.2.1: 5yz)."""

    code = "recipient_refused"


class TemporaryRefusalError(DeliveryError):
    """The server asks to be tried again later (RFC 5321 §4.2.1: 4yz)."""

    code = "temporary_refusal"


class OutcomeUnknownError(DeliveryError):
    """The connection broke after the content went out and before the server's answer came (F37)."""

    code = "outcome_unknown"


class ServerUnreachableError(DeliveryError):
    """No connection, or it broke, or an answer took longer than its limit."""

    code = "server_unreachable"
    whole_server = True


class ServerMisusedError(DeliveryError):
    """The server refuses us rather than the recipient: an operator has something to set right (F38)."""

    code = "server_misused"
    whole_server = True


class EmailNotMadeError(DeliveryError):
    """The sealed message does not open any more, or its template fails: a defect or a setting of ours."""

    code = "email_not_made"
