"""How far the registration is, and its email once more (S1-35), for the browser that began it.

The cookie of that browser holds the secret that watches the registration; it is in no address and no log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import flash, redirect, render_template, request, session, url_for
from flask_wtf import FlaskForm

from auth_service.actions.ask_for_refusal import ask_for_refusal
from auth_service.actions.read_registration import read_registration
from auth_service.actions.registering import Watcher
from auth_service.actions.resend_registration_mail import resend_registration_mail
from auth_service.domain.errors import RegistrationUnknownError
from auth_service.domain.registration import RegistrationState

if TYPE_CHECKING:
    from flask import Blueprint
    from flask.typing import ResponseReturnValue

    from auth_service.domain.registration import Registration
    from auth_service.portal.desk import PortalDesk

_WATCHED: Final = "registration"
_STEPS: Final = {
    RegistrationState.ADDRESS_UNPROVEN: 1,
    RegistrationState.ADDRESS_PROVEN: 2,
    RegistrationState.ACTIVATED: 3,
    RegistrationState.COMPLETE: 4,
}
"""The step that the registration waits for; 4: none."""


def watch(watcher: Watcher) -> None:
    """Let this browser watch the registration from now on."""
    session[_WATCHED] = [watcher.registration_id, watcher.watch_token]


def watcher() -> Watcher | None:
    """Give what this browser watches."""
    kept = session.get(_WATCHED)
    return None if kept is None else Watcher(*kept)


def watched(desk: PortalDesk) -> Registration | None:
    """Give the registration that this browser watches; None when there is none, or no longer."""
    own = watcher()
    if own is None:
        return None
    try:
        return read_registration(desk.database, own, now=desk.now())
    except RegistrationUnknownError:
        return None


def add_registration(routes: Blueprint, desk: PortalDesk) -> None:
    """Add the page's route, the one of its button, and the page that tells how a site is connected."""

    @routes.get("/register/progress")
    def registration() -> str:
        found = watched(desk)
        step = 0 if found is None else _STEPS.get(found.state, 0)
        refused = found is not None and ask_for_refusal(desk.registering, found)
        return render_template("registration.html", form=FlaskForm(), found=found, step=step, refused=refused)

    @routes.post("/register/resend")
    def resend() -> ResponseReturnValue:
        own = watcher()
        if own is not None:
            _resend(desk, own)
        return redirect(url_for("portal.registration"), 303)

    @routes.get("/register/connect")
    def connect_to_group() -> str:
        return render_template("connect_to_group.html")


def _resend(desk: PortalDesk, own: Watcher) -> None:
    address = desk.proxies.asker(request.remote_addr, request.headers)
    try:
        resend_registration_mail(desk.registering, own, address=address, now=desk.now())
    except RegistrationUnknownError as refused:
        flash(str(refused), "danger")
    else:
        flash("The email is sent again. The ones before it no longer work.", "success")
