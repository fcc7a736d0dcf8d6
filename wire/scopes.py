"""Every scope, the one thing it opens, and the audience whose API it opens (RFC 6749 §3.3, RFC 9068 §3).

The authorization server puts the audiences of the granted scopes into `aud`; each API accepts only its own.
"""

from typing import Final

AUTH_AUDIENCE: Final = "auth_service"
LICENSE_AUDIENCE: Final = "license_service"
NOTIFY_AUDIENCE: Final = "notify_service"
POS_AUDIENCE: Final = "pos_client"
"""The audience of every license token: POS servers and registers that check it offline."""

EVERY_AUDIENCE: Final = (AUTH_AUDIENCE, LICENSE_AUDIENCE, NOTIFY_AUDIENCE, POS_AUDIENCE)

LICENSE: Final = "license"
"""A device may hold a license, and speak to license_service about itself and read what its own organization has."""

ENTITLEMENTS: Final = "entitlements"
"""auth_service may claim seats for devices and read what a device is entitled to."""

LICENSES_READ: Final = "licenses.read"
"""Vendor staff's tools may read license records."""

LICENSES_WRITE: Final = "licenses.write"
"""Vendor staff's tools may create license records."""

WEBHOOKS_READ: Final = "webhooks.read"
"""Vendor staff's tools may see where events are sent, and what came of it."""

WEBHOOKS_WRITE: Final = "webhooks.write"
"""Vendor staff's tools may choose where events of every organization are sent, and get the secrets that sign them."""

NOTIFICATIONS_READ: Final = "notifications.read"
"""The state of notifications may be read."""

NOTIFICATIONS_WRITE: Final = "notifications.write"
"""Vendor staff's tools may have a notification sent again that was not sent."""

ORGANIZATIONS_READ: Final = "organizations.read"
"""notify_service may read whom to write to, in which language, and what a device is called."""

AUDIENCE_OF_SCOPE: Final = {
    LICENSE: LICENSE_AUDIENCE,
    ENTITLEMENTS: LICENSE_AUDIENCE,
    LICENSES_READ: LICENSE_AUDIENCE,
    LICENSES_WRITE: LICENSE_AUDIENCE,
    WEBHOOKS_READ: LICENSE_AUDIENCE,
    WEBHOOKS_WRITE: LICENSE_AUDIENCE,
    NOTIFICATIONS_READ: NOTIFY_AUDIENCE,
    NOTIFICATIONS_WRITE: NOTIFY_AUDIENCE,
    ORGANIZATIONS_READ: AUTH_AUDIENCE,
}


def audiences_of(scope: str) -> list[str]:
    """Give the sorted audiences that a space-separated scope opens; a scope nobody knows opens none."""
    return sorted({AUDIENCE_OF_SCOPE[name] for name in scope.split() if name in AUDIENCE_OF_SCOPE})
