"""Every error that pos_client raises on purpose.

PosClientError
├── SettingsError                 at start: variables that are missing or wrong
├── StateError                    this machine: the state folder or a file in it cannot be used
│   └── StateBusyError            another process of ours is at work on it; the same call may pass later
├── NoContactError                no data: no proper answer from the authorization server; the same call may pass later
├── RefusedError                  the authorization server said no, in a proper OAuth error
│   └── AuthorizationEndedError   it refreshes no more; the device must be authorized again
├── LicenseRefusedError           bad data: a license token that must not be believed
├── UpdateRefusedError            bad data: an update manifest, or a file of an update, that must not be believed
├── AlreadyLicensedError          asked for too early: remove the license first
├── NotLicensedError              asked for too early: there is no license yet
└── NothingPendingError           asked for too early: there is no User Code yet
"""

from __future__ import annotations


class PosClientError(Exception):
    """The root of the tree. `code` is stable and for machines; the message is a sentence for people."""

    code = "pos_client_error"


class SettingsError(PosClientError):
    """Settings are missing or wrong. The message names each variable and what it wants."""

    code = "bad_settings"


class StateError(PosClientError):
    """The state folder or a file in it cannot be read or written."""

    code = "state_unusable"


class StateBusyError(StateError):
    """Another process holds the lock for longer than we wait."""

    code = "state_busy"


class NoContactError(PosClientError):
    """Nobody answered, or something that is not the authorization server did (F46).

    `may_have_arrived` tells whether the request may have been carried out and only its answer was lost;
    `retry_after_seconds` is what the server asked for (RFC 9110 §10.2.3), if it did.
    """

    code = "no_contact"

    def __init__(self, message: str, *, may_have_arrived: bool = False, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.may_have_arrived = may_have_arrived
        self.retry_after_seconds = retry_after_seconds


class RefusedError(PosClientError):
    """An OAuth error answer (RFC 6749 §5.2). `error` is its code, `reason` the machine's word for the cause, if any."""

    code = "refused"

    def __init__(self, error: str, reason: str | None = None) -> None:
        super().__init__(f"The authorization server refused: {error}" + (f" ({reason})." if reason else "."))
        self.error = error
        self.reason = reason


class AuthorizationEndedError(RefusedError):
    """The refresh token is no longer good (`invalid_grant`)."""

    code = "authorization_ended"


class LicenseRefusedError(PosClientError):
    """A license token failed verification. The message names the rule that it broke, never the token."""

    code = "license_refused"


class UpdateRefusedError(PosClientError):
    """An update manifest or a file of an update is not what its vendor signed. The message says in what it differs."""

    code = "update_refused"


class AlreadyLicensedError(PosClientError):
    """A license is held and its authorization has not ended."""

    code = "already_licensed"


class NotLicensedError(PosClientError):
    """No license is held."""

    code = "not_licensed"


class NothingPendingError(PosClientError):
    """No User Code waits for its authorization."""

    code = "nothing_pending"
