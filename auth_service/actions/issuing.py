"""What redeeming and refreshing have in common: the parts they use, and what they give."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

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


@dataclass(frozen=True)
class Presenter:
    """Who shows a code or token: the client that authenticated, where it comes from, the key that it proves."""

    client_id: str
    is_public: bool
    address: str
    prove_key: Callable[[], str | None] = field(repr=False)

    @cached_property
    def dpop_jkt(self) -> str | None:
        """The thumbprint of the key whose proof came along, or None without one (RFC 9449 §5).

        Verified when it is first asked for, which costs as much as all else: a pending poll never asks, and what is
        made up without a code or token of ours is refused before. Raises ProofRefusedError or UnreachableError.
        """
        return self.prove_key()


@dataclass(frozen=True, slots=True)
class IssuedGrant:
    """A grant and its live refresh token, in the clear for this one answer."""

    grant: Grant
    refresh_token: str
