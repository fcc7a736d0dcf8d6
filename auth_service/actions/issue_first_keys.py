"""Have the first license key made of each Group that was activated, and write the third email (S1-34; F42).

The relay's work, at each of its rounds: while license_service is away the third email is late, and nothing is lost.
"""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from auth_service.actions.registering import registration_event
from auth_service.domain.audit_event import AuditEventName
from auth_service.domain.errors import FirstKeyRefusedError, LicenseServiceAwayError
from auth_service.storage.audit_trail import append_event
from auth_service.storage.registrations import complete, postpone, waiting_for_a_key
from wire.errors import MessageRefusedError

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.actions.registering import RegisteringParts
    from auth_service.domain.registration import Registration
    from auth_service.outbound.first_keys import FirstKey, FirstKeys

REFUSED_SECONDS: Final = 300
"""After so long one that was refused is asked for again: somebody may have put the catalog right."""

_log = logging.getLogger(__name__)


def issue_first_keys(parts: RegisteringParts, first_keys: FirstKeys, *, now: datetime) -> bool:
    """Do one round. False when license_service is away: then the next round can wait a little.

    Raises DatabaseUnavailableError.
    """
    with parts.database.reading() as connection:
        waiting = waiting_for_a_key(connection, now)
    for registration in waiting:
        try:
            _complete(parts, registration, first_keys.issue(registration), now)
        except LicenseServiceAwayError as fault:
            _log.warning("license_service is away; license codes wait", extra={"reason": str(fault)})
            return False
        except (FirstKeyRefusedError, MessageRefusedError) as fault:
            _log.error("a Group gets no license code", extra={"reason": str(fault), "registration_id": registration.id})
            with parts.database.transaction() as connection:
                postpone(connection, registration.id, now + timedelta(seconds=REFUSED_SECONDS))
    return True


def _complete(parts: RegisteringParts, registration: Registration, key: FirstKey, now: datetime) -> None:
    with parts.database.transaction() as connection:
        # Two relays may have asked; one of them writes the email.
        notification_id = uuid.uuid4()
        if complete(connection, registration.id, str(notification_id), now):
            parts.mail.license_code(connection, registration, key, notification_id, now)
            append_event(connection, registration_event(AuditEventName.FIRST_LICENSE_KEY_SENT, registration, now))
