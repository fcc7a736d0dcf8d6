"""What the portal's pages work with: the parts they call, who is signed in, and which organization was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from flask import redirect, request, url_for
from flask_login import current_user, login_required

from auth_service.domain.secret_digest import digest
from auth_service.storage.organizations import memberships_of
from auth_service.storage.portal_sessions import find_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask.typing import ResponseReturnValue

    from auth_service.actions.authorize_device import OwnersMail
    from auth_service.domain.operator import Membership, Operator
    from auth_service.outbound.license_api import LicenseApi
    from auth_service.storage.poll_pace import PollPace
    from auth_service.storage.portal_sessions import PortalSession
    from database.engine import Database

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class PortalDesk:
    """The parts behind the pages, chosen by the wiring."""

    database: Database
    pace: PollPace
    licenses: LicenseApi
    mail: OwnersMail
    user_code_key: bytes
    now: Callable[[], datetime]

    def visitor(self, secret: str) -> Visitor | None:
        """Give who holds this session secret, for Flask-Login; None when the session has ended."""
        with self.database.reading() as connection:
            session = find_session(connection, digest(secret), self.now())
            if session is None:
                return None
            return Visitor(secret, session, memberships_of(connection, session.operator.id))


class Visitor:
    """The signed-in operator, in the form that Flask-Login asks for. The session's secret is the id in the cookie."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, secret: str, session: PortalSession, memberships: list[Membership]) -> None:
        self._secret = secret
        self.session = session
        self.memberships = memberships

    def get_id(self) -> str:
        return self._secret

    @property
    def operator(self) -> Operator:
        return self.session.operator

    @property
    def member(self) -> Membership | None:
        """The chosen organization, as long as the operator still belongs to it (T44)."""
        chosen = self.session.organization_id
        return next((one for one in self.memberships if one.organization_id == chosen), None)


def in_organization(
    view: Callable[Concatenate[Visitor, Membership, P], ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Let only a signed-in operator with a chosen organization in; others are led to the page that is missing."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        visitor: Visitor = current_user._get_current_object()  # noqa: SLF001 - werkzeug's own way to the object
        member = visitor.member
        if member is None:
            return redirect(url_for("portal.organizations", next=here()), 303)
        return view(visitor, member, *args, **kwargs)

    protected: Callable[P, ResponseReturnValue] = login_required(guarded)
    return protected


def here() -> str | None:
    """Give the address to come back to, which only a page that was asked for by GET is."""
    return request.full_path.rstrip("?") if request.method == "GET" else None


def safe_next(offered: str | None) -> str:
    """Give a path of this portal to go to; anything else that was offered is dropped (T41)."""
    home = url_for("portal.devices")
    if offered is None or not offered.startswith("/") or offered.startswith("//"):
        return home
    return home if any(sign == "\\" or not sign.isprintable() for sign in offered) else offered
