"""What redeeming and refreshing have in common: the parts they use, and what they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auth_service.domain.grant import Grant
    from auth_service.outbound.license_api import LicenseApi
    from auth_service.outbound.owners_mail import OwnersMail
    from auth_service.storage.poll_pace import PollPace
    from database.engine import Database


@dataclass(frozen=True)
class IssuingParts:
    """The parts behind the token endpoint, chosen by the wiring."""

    database: Database
    pace: PollPace
    licenses: LicenseApi
    mail: OwnersMail
    refresh_token_key: bytes


@dataclass(frozen=True, slots=True)
class Presenter:
    """Who shows a code or token: the client that authenticated, the key that it proved, where it comes from."""

    client_id: str
    dpop_jkt: str | None
    address: str


@dataclass(frozen=True, slots=True)
class IssuedGrant:
    """A grant and its live refresh token, in the clear for this one answer."""

    grant: Grant
    refresh_token: str
