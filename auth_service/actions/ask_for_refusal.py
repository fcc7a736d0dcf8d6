"""Ask whether the mail server refused the address of a registration, for whoever watches it and nobody else (F36)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from auth_service.domain.errors import SigningKeyAwayError
from auth_service.domain.registration import RegistrationState
from wire.errors import WireError

if TYPE_CHECKING:
    from auth_service.actions.registering import RegisteringParts
    from auth_service.domain.registration import Registration


def ask_for_refusal(parts: RegisteringParts, registration: Registration) -> bool:
    """Tell whether its last email came to an address that there is not; no answer counts as no."""
    if registration.notification_id is None or registration.state is RegistrationState.EXPIRED:
        return False
    try:
        return parts.notify.refuses_address(UUID(registration.notification_id))
    except (WireError, SigningKeyAwayError):
        # The page is about the registration, and goes without this.
        return False
