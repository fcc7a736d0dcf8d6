"""Prove an administrator's address by the first email, and write the second (S1-32, S1-33, S1-35; T52, T53)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from auth_service.actions.registering import (
    check_address_is_free,
    find_shown,
    refusal,
    refused,
    registration_event,
)
from auth_service.actions.sign_in_operator import PASSWORD_HASHER
from auth_service.domain.audit_event import AuditEventName
from auth_service.domain.limit import REGISTRATION_PROOF
from auth_service.domain.mailed_proof import new_proof
from auth_service.domain.password_rules import check_password
from auth_service.domain.registration import RegistrationState
from auth_service.storage.audit_trail import append_event
from auth_service.storage.registrations import prove

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.actions.registering import RegisteringParts, ShownProof
    from auth_service.domain.registration import Registration


def prove_address(
    parts: RegisteringParts, shown: ShownProof, *, cloud_password: str | None = None, address: str, now: datetime
) -> Registration:
    """Use the first email's link or code up, keep the new Cloud account password, and write the second email.

    `address` is where the request comes from. Raises BadInputError, MailedProofRefusedError, AddressTakenError,
    TooManyRequestsError or DatabaseUnavailableError.
    """
    if cloud_password is not None:
        check_password("cloud_password", cloud_password)
    with parts.limiter.count_failure(REGISTRATION_PROOF, (address, "all"), now=now):
        password_hash = None if cloud_password is None else PASSWORD_HASHER.hash(cloud_password)
        proven = _prove(parts, shown, password_hash, address=address, now=now)
        if proven is None:
            raise refusal()
    return proven


def _prove(
    parts: RegisteringParts, shown: ShownProof, password_hash: str | None, *, address: str, now: datetime
) -> Registration | None:
    proof = new_proof(now)
    with parts.database.transaction() as connection:
        found = find_shown(connection, parts, shown, state=RegistrationState.ADDRESS_UNPROVEN, now=now)
        if found is None:
            # Not raised here: a code's try must stay counted.
            refused(connection, shown, address, now)
            return None
        check_address_is_free(connection, found.email)
        kept = proof.kept(parts.code_key)
        if not prove(connection, found, kept, cloud_password_hash=password_hash, now=now):
            # Somebody else was first, a moment ago.
            return None
        parts.mail.activate_group(connection, found, proof, now)
        append_event(connection, registration_event(AuditEventName.ADDRESS_PROVEN, found, now, address=address))
    return replace(
        found,
        state=RegistrationState.ADDRESS_PROVEN,
        notification_id=kept.notification_id,
        link_expires_at=kept.link_expires_at,
        cloud_password_hash=password_hash,
    )
