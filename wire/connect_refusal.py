"""Why "Connect to a Group" was refused: the member `reason` beside the OAuth error (S1-20, S1-41, S1-43)."""

from enum import StrEnum


class ConnectRefusal(StrEnum):
    """auth_service says it, and may say one that an older POS server does not know yet."""

    WRONG_DETAILS = "wrong_details"
    """Email address, Group Password or license key: which of them is told to nobody (T36)."""
    GROUP_NOT_ACTIVATED = "group_not_activated"
    """The second email waits for somebody to follow it."""
    DEVICE_NAME_TAKEN = "device_name_taken"
    """Another machine is connected under this name."""
    LICENSE_KEY_NOT_ACTIVE = "license_key_not_active"
    """It is of the Group, and was suspended, revoked or replaced, or has expired."""
    GROUP_PASSWORD_CHANGED = "group_password_changed"  # noqa: S105 - a word, not a secret
    """At a refresh: nothing has ended, and connecting with the new Group Password goes on."""
