"""Who is signed in, which organization was chosen (S3-3, S3-4), and the pages that ask for it."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from flask import redirect, request, url_for
from flask_login import current_user, login_required

from auth_service.domain.secret_digest import digest
from auth_service.storage.organizations import memberships_of
from auth_service.storage.portal_sessions import find_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.typing import ResponseReturnValue

    from auth_service.domain.operator import Membership, Operator
    from auth_service.portal.desk import PortalDesk
    from auth_service.storage.portal_sessions import PortalSession

P = ParamSpec("P")


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


def find_visitor(desk: PortalDesk, secret: str) -> Visitor | None:
    """Give who holds this session secret; None when the session has ended."""
    with desk.database.reading() as connection:
        session = find_session(connection, digest(secret), desk.now())
        if session is None:
            return None
        return Visitor(secret, session, memberships_of(connection, session.operator.id))


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
