"""Sign the access key of a license key, as often as it is asked for: the text is not stored (S2-4, S2-5, T57)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from license_service.actions.read_license_key import read_license_key
from license_service.domain.access_key import claims_of
from wire.access_key import sign_access_key as signed_text

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.signing.key_folder import KeyFolder


@dataclass(frozen=True, slots=True)
class SignedAccessKey:
    """The text of a license key's record at `version`; the same until the record or the signing key changes."""

    key_id: str
    version: int
    access_key: str


def sign_access_key(
    database: Database, signing_keys: KeyFolder, key_id: str, *, visible_to: str | None = None
) -> SignedAccessKey:
    """Give the access key of a license key that this organization (None: anybody) may see.

    Raises KeyNotFoundError, in the same words when the key is another organization's (T44), KeyNotActiveError or
    SigningKeyUnavailableError.
    """
    key = read_license_key(database, key_id, visible_to=visible_to)
    claims = claims_of(key)
    return SignedAccessKey(key.id, key.version, signed_text(claims, signing_keys.current_key()))
