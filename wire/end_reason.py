"""Why a device's authorization ended: the member `reason` beside `invalid_grant` (RFC 6749 §5.2 lets us add one)."""

from enum import StrEnum


class EndReason(StrEnum):
    """auth_service says it, and may say one that an older POS server does not know yet."""

    REPLACED = "replaced"
    REMOVED = "removed"
    REVOKED = "revoked"
    EXPIRED = "grant_expired"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105 - a word, not a secret
    DEVICE_CODE_REUSED = "device_code_reused"
    NO_LICENSE = "no_license"
    LICENSE_EXPIRED = "license_expired"
    NO_SEAT = "no_seat"
