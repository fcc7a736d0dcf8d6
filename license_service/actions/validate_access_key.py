"""Validate an access key for an organization that connects a site: "Connect to a Group" (S1-38, S1-41, S1-43)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.access_key import validated
from license_service.domain.errors import AccessKeyUnknownError, GroupNotActivatedError
from license_service.signing.jwk_set import signers_of
from license_service.storage import license_keys
from wire.access_key import read_access_key
from wire.errors import AccessKeyOfAnotherOrganizationError

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.access_key import OrganizationFacts, ValidatedAccessKey
    from license_service.signing.key_folder import KeyFolder


def validate_access_key(
    database: Database, signing_keys: KeyFolder, organization: OrganizationFacts, access_key: str, *, now: datetime
) -> ValidatedAccessKey:
    """Give the license key behind the text, and whether it may be used now as its record stands.

    A key that was renewed since the text was signed is active, whatever date the text says. Raises
    GroupNotActivatedError, whatever the text is: who waits for the second email has no access key yet; then a
    wire.errors.AccessKeyRefusedError of the kind that fits, but not AccessKeyExpiredError; AccessKeyUnknownError, or
    SigningKeyUnavailableError.
    """
    if not organization.is_activated:
        raise GroupNotActivatedError
    claims = read_access_key(access_key, signers_of(signing_keys.read()))
    if claims.organization_id != organization.id:
        raise AccessKeyOfAnotherOrganizationError
    with database.reading() as connection:
        key = license_keys.by_id(connection, claims.key_id, organization.id)
    if key is None:
        raise AccessKeyUnknownError
    return validated(key, now)
