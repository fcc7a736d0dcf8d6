"""Every error that notify_service raises on purpose.

NotifyError
├── SettingsError               the service cannot start like this
├── NotificationNotFoundError   no notification of ours has that id
├── ResendRefusedError          a notification cannot be sent again
├── CalendarError               what the calendar reads could not be had
│   ├── ServiceAwayError           no usable answer: the run ends, and another follows
│   ├── RunTooLongError            the run took its time: what is left is for the next one
│   └── OrganizationUnreadableError  one organization's fault: the others go on
└── DeliveryError               an attempt ended without a sent email
    ├── RecipientRefusedError      the recipient, for good: never tried again
    │   └── AddressMarkedError        refused a short while ago, so not even asked
    ├── TemporaryRefusalError      4yz: the server asks us to come back
    ├── EmailRefusedError          5yz, and the recipient is not to blame: content, relaying
    ├── LineBrokenError            the line broke, or an answer took too long, before the content
    ├── OutcomeUnknownError        the same after the content; perhaps it was sent
    ├── EmailNotMadeError          we could not make the email: sealed text or template
    ├── WorkersLostError           worker after worker died over it: given up
    ├── OutdatedError              what the email offers has expired: cancelled
    └── ServerUnusableError        no email at all could be sent: sending pauses
        ├── ServerUnreachableError    nobody answers, or not now
        └── ServerMisusedError        how we use the server is wrong: sign-in, TLS, sender
"""

from __future__ import annotations

from typing import Final

from notify_service.domain.notification import State


class NotifyError(Exception):
    """The root of the tree. `code` is stable and for machines; the message is a sentence for people."""

    code = "notify_error"


class SettingsError(NotifyError):
    """One or more settings are missing or wrong; the text names each variable and what it wants."""

    code = "bad_settings"


class NotificationNotFoundError(NotifyError):
    """The ledger has no such notification."""

    code = "notification_not_found"

    def __init__(self) -> None:
        super().__init__("No notification has this id.")


_NO_RESEND: Final = {
    State.SENT: ("notification_sent", "This email was sent already, and is not sent twice."),
    State.SENDING: ("notification_being_sent", "This email is being sent at this moment."),
    State.QUEUED: ("notification_queued", "This email is about to be sent."),
    State.CANCELLED: ("notification_cancelled", "What this email says is true no longer."),
}
_NOTHING_LEFT: Final = (
    "notification_erased",
    "What this email said is no longer kept. Have the service that wanted it ask for a new one.",
)


class ResendRefusedError(NotifyError):
    """The notification cannot be sent again; `code` says why."""

    def __init__(self, state: State) -> None:
        self.code, sentence = _NO_RESEND.get(state, _NOTHING_LEFT)
        super().__init__(sentence)


class CalendarError(NotifyError):
    """A run of the calendar could not do all of its work."""

    code = "calendar_error"


class ServiceAwayError(CalendarError):
    """license_service or auth_service gives no answer that could be used; what is so is not known."""

    code = "service_away"


class RunTooLongError(CalendarError):
    """The run ends before its lease does."""

    code = "run_too_long"


class OrganizationUnreadableError(CalendarError):
    """auth_service answers, but not usably about this organization."""

    code = "organization_unreadable"


class DeliveryError(NotifyError):
    """An attempt to send ended without a sent email. The message goes into the ledger: short, without secrets."""

    code = "delivery_error"
    server_met = True
    """A mail server took the connection and let us in, whatever it said then."""
    ours = False
    """Somebody who runs the service has something to set right."""


class RecipientRefusedError(DeliveryError):
    """The server refuses this recipient for good (RFC 5321 §4.2.1: 5yz; F36)."""

    code = "recipient_refused"


class AddressMarkedError(RecipientRefusedError):
    """The server refused this address a short while ago (F36)."""

    server_met = False


class TemporaryRefusalError(DeliveryError):
    """The server asks to be tried again later (RFC 5321 §4.2.1: 4yz)."""

    code = "temporary_refusal"


class EmailRefusedError(DeliveryError):
    """The server refuses this email, and it is not that the recipient is unknown: its content, or relaying (F38)."""

    code = "email_refused"
    ours = True


class LineBrokenError(DeliveryError):
    """The connection broke, or an answer took longer than its limit, before any content went out."""

    code = "line_broken"


class OutcomeUnknownError(DeliveryError):
    """The connection broke after the content went out and before the server's answer came (F37)."""

    code = "outcome_unknown"


class EmailNotMadeError(DeliveryError):
    """The sealed message does not open any more, or its template fails: a defect or a setting of ours."""

    code = "email_not_made"
    server_met = False
    ours = True


class WorkersLostError(DeliveryError):
    """One worker after another died while it had this email (F24)."""

    code = "workers_lost"
    server_met = False
    ours = True


class OutdatedError(DeliveryError):
    """What the email offers has expired: it is news no longer (F25)."""

    code = "outdated"
    server_met = False


class ServerUnusableError(DeliveryError):
    """No email could be sent now, whatever it says and whoever gets it: sending pauses (F33, F38)."""

    code = "server_unusable"
    server_met = False


class ServerUnreachableError(ServerUnusableError):
    """No connection, or it broke, or took too long, or is not wanted just now, before the server knew what we want."""

    code = "server_unreachable"


class ServerMisusedError(ServerUnusableError):
    """The server refuses us: an operator has something to set right (F38)."""

    code = "server_misused"
    ours = True
