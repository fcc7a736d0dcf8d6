"""Every error that auth_service raises on purpose; split by what the asker does next.

AuthError
├── SettingsError                    the environment is wrong: mend it and start again
├── AuditTrailBrokenError            the audit trail is not as it was written: ask who changed it
├── RefusedError                     the asker's side: a sentence for a person, a stable code for a machine
│   ├── BadInputError                values that cannot be taken
│   ├── SignInRefusedError           the email address or the password is wrong
│   ├── UserCodeUnknownError         no live device authorization has this user code
│   ├── AlreadyDecidedError          another decision came first, or the code has expired
│   ├── NotAllowedError              the operator's role does not reach this far
│   ├── DeviceUnknownError           no such device in this organization
│   ├── OrganizationUnknownError     no such organization
│   ├── RegistrationUnknownError     no such registration, or not this asker's to watch
│   ├── MailedProofRefusedError      the link or code of an email is used, too old or unknown
│   ├── AddressTakenError            the administrator's address belongs to an account already
│   ├── KeyChangeRefusedError        a move of the signing keys that would break verifiers, or that cannot be
│   ├── NoLicenseError               license_service: the organization has no license for one more device
│   │   └── LicenseSuspendedError    for now; the same call may pass later
│   └── GrantRefusedError            the token endpoint's answers (RFC 6749 §5.2, RFC 8628 §3.5)
│       ├── InvalidGrantError        unknown, foreign, used or ended code or token
│       ├── UnsupportedTokenTypeError  not a kind of token that can be revoked (RFC 7009 §2.2.1)
│       ├── AuthorizationPendingError
│       ├── SlowDownError
│       ├── AccessDeniedError
│       └── ExpiredTokenError
├── TooManyRequestsError             asked, or failed, too often: the same again after `retry_after_seconds`
├── LicenseServiceAwayError          no answer: the same call may pass later
├── FirstKeyRefusedError             license_service makes no first license key: put settings or catalog right
└── SigningKeyAwayError              the PKCS#11 token does not sign: the same call may pass later
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class AuthError(Exception):
    """The root of the tree; the message is a sentence for people."""

    code = "auth_error"


class SettingsError(AuthError):
    """The environment does not describe a service that can start; the message lists every fault."""

    code = "settings"


class AuditTrailBrokenError(AuthError):
    """The chain of the audit trail breaks; the message names the first place, and how."""

    code = "audit_trail_broken"


class RefusedError(AuthError):
    """A request that cannot be granted, through no fault of ours."""

    code = "refused"


class BadInputError(RefusedError):
    """Values that cannot be taken; the message says what would be, `faults` the same by field where that is known."""

    code = "bad_input"

    def __init__(self, sentence: str, *, field: str | None = None, faults: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.faults = dict(faults or {}) if field is None else {field: sentence}


class SignInRefusedError(RefusedError):
    """An unknown address and a wrong password are one answer (T36)."""

    code = "sign_in_refused"


class UserCodeUnknownError(RefusedError):
    """Unknown, malformed and expired codes are one answer, so that guessing learns nothing (T01, T16)."""

    code = "user_code_unknown"


class AlreadyDecidedError(RefusedError):
    """The device authorization was decided, redeemed or expired in the meantime (T07)."""

    code = "already_decided"


class NotAllowedError(RefusedError):
    """The operator may look but not decide."""

    code = "not_allowed"


class DeviceUnknownError(RefusedError):
    """No such device in this organization; another organization's device is as unknown as none (T44)."""

    code = "device_unknown"


class OrganizationUnknownError(RefusedError):
    """There is no such organization."""

    code = "organization_not_found"


class RegistrationUnknownError(RefusedError):
    """No such registration; one that is somebody else's to watch is as unknown as none (T44)."""

    code = "registration_unknown"


class MailedProofRefusedError(RefusedError):
    """Used, too old, replaced by a newer one, mistyped too often and unknown are one answer (T52)."""

    code = "proof_refused"


class AddressTakenError(RefusedError):
    """Told only to who has shown that the mailbox is theirs (T36)."""

    code = "address_taken"


class KeyChangeRefusedError(RefusedError):
    """A signing key cannot make this move; the message says why, and what to do."""

    code = "key_change_refused"


class NoLicenseError(RefusedError):
    """license_service has no license for this device: `code` is its own word for the reason."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class LicenseSuspendedError(NoLicenseError):
    """There is none for now: the vendor suspended the license, and may reinstate it."""


class GrantRefusedError(RefusedError):
    """The token endpoint refuses; `reason` may name the cause for machines."""

    code = "invalid_grant"

    def __init__(self, sentence: str, *, reason: str | None = None) -> None:
        super().__init__(sentence)
        self.reason = reason


class InvalidGrantError(GrantRefusedError):
    """The code or token is unknown, of another client, used, or its grant has ended (RFC 6749 §5.2)."""


class UnsupportedTokenTypeError(GrantRefusedError):
    """A kind of token that cannot be revoked by itself (RFC 7009 §2.2.1)."""

    code = "unsupported_token_type"


class AuthorizationPendingError(GrantRefusedError):
    """Nobody has decided yet (RFC 8628 §3.5)."""

    code = "authorization_pending"


class SlowDownError(GrantRefusedError):
    """Still pending, and polled too fast: the interval grows by five seconds for good (RFC 8628 §3.5)."""

    code = "slow_down"


class AccessDeniedError(GrantRefusedError):
    """An operator denied the device, or the approval was withdrawn before it was redeemed (RFC 8628 §3.5)."""

    code = "access_denied"


class ExpiredTokenError(GrantRefusedError):
    """The device code has expired (RFC 8628 §3.5)."""

    code = "expired_token"


class TooManyRequestsError(AuthError):
    """A limit is reached; right and wrong, known and unknown are refused in the same words (T16, T36)."""

    code = "too_many_requests"

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"Too many attempts. Try again in {_for_people(retry_after_seconds)}.")
        self.retry_after_seconds = retry_after_seconds


def _for_people(seconds: int) -> str:
    for unit, name in ((3600, "hours"), (60, "minutes")):
        if seconds > 2 * unit:
            return f"{-(-seconds // unit)} {name}"
    return f"{seconds} seconds"


class LicenseServiceAwayError(AuthError):
    """license_service did not answer, or not as agreed; nothing was decided."""

    code = "temporarily_unavailable"


class FirstKeyRefusedError(AuthError):
    """license_service refuses the first license key of a Group as its records stand; the message has its reason."""

    code = "first_key_refused"


class SigningKeyAwayError(AuthError):
    """The PKCS#11 token that holds the signing key did not sign; nothing was issued."""

    code = "temporarily_unavailable"
