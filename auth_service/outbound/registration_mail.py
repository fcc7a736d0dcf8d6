"""The emails of a registration, written into the outbox (S1-32 … S1-34; T40, T51, T55).

They go to the one address that was entered, and no other. Links begin with the configured base URL, whatever host a
request named. No password is ever in one; the license key is in the third, to an address that has been proven.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from auth_service.domain.user_code import display_user_code
from auth_service.storage.outbox import add_outgoing
from wire.notification_message import NotificationMessage, seal_message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection

    from auth_service.domain.mailed_proof import MailedProof
    from auth_service.domain.registration import Registration
    from auth_service.outbound.first_keys import FirstKey

PROVE_ADDRESS_PATH: Final = "/register/prove-address"
ACTIVATE_GROUP_PATH: Final = "/register/activate-group"
LINK_PARAMETER: Final = "link"
"""In the query, which no log of ours has; the path would be in each."""
CONNECT_PATH: Final = "/register/connect"
SIGN_IN_PATH: Final = "/sign-in"


@dataclass(frozen=True, slots=True)
class RegistrationMail:
    """What these emails need beside the registration."""

    notification_key: str = field(repr=False)
    base_url: str

    def verify_address(
        self, connection: Connection, registration: Registration, proof: MailedProof, now: datetime
    ) -> None:
        """Write the first email: prove that the address is yours (S1-32)."""
        context = {"verify_url": self._link(PROVE_ADDRESS_PATH, proof), **_proof_context(registration, proof)}
        self._write(connection, registration, "verify_address", context, proof.notification_id, now)

    def already_registered(
        self, connection: Connection, registration: Registration, proof: MailedProof, now: datetime
    ) -> None:
        """Write to an address that has an account, instead of the first email (T36)."""
        context = {"sign_in_url": self.base_url + SIGN_IN_PATH, "requested_at": now.isoformat()}
        self._write(connection, registration, "already_registered", context, proof.notification_id, now)

    def activate_group(
        self, connection: Connection, registration: Registration, proof: MailedProof, now: datetime
    ) -> None:
        """Write the second email: activate the Group (S1-33)."""
        context = {"activate_url": self._link(ACTIVATE_GROUP_PATH, proof), **_proof_context(registration, proof)}
        self._write(connection, registration, "activate_group", context, proof.notification_id, now)

    def license_code(
        self, connection: Connection, registration: Registration, key: FirstKey, notification_id: UUID, now: datetime
    ) -> None:
        """Write the third email: the license code, which "Connect to a Group" asks for (S1-34, S1-38)."""
        context = {
            "group_name": registration.group_name,
            "license_key": key.access_key,
            "profile_name": key.profile_name,
            "renewal_date": None if key.renewal_date is None else key.renewal_date.isoformat(),
            "connect_url": self.base_url + CONNECT_PATH,
        }
        self._write(connection, registration, "license_code", context, notification_id, now)

    def _link(self, path: str, proof: MailedProof) -> str:
        return f"{self.base_url}{path}?{urlencode({LINK_PARAMETER: proof.link_secret})}"

    def _write(
        self,
        connection: Connection,
        registration: Registration,
        template: str,
        context: Mapping[str, Any],
        notification_id: UUID,
        now: datetime,
    ) -> None:
        message = NotificationMessage(
            id=notification_id,
            template=template,
            recipient=registration.email,
            context=context,
            locale=registration.locale,
            organization_id=registration.organization_id,
        )
        add_outgoing(connection, message, seal_message(message, self.notification_key), now)


def _proof_context(registration: Registration, proof: MailedProof) -> dict[str, Any]:
    return {
        "group_name": registration.group_name,
        "code": display_user_code(proof.code),
        "expires_at": proof.link_expires_at.isoformat(),
        "code_expires_at": proof.code_expires_at.isoformat(),
    }
