"""The pages behind the links of the first two emails, and their short codes (S1-32, S1-33; T52, T53).

A GET shows what the link is for and a button, and uses nothing up: programs that look through mailboxes follow links.
Only the POST moves the registration on. A code counts only in the browser that began the registration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired

from auth_service.actions.activate_group import activate_group
from auth_service.actions.prove_address import prove_address
from auth_service.actions.read_registration import read_registration_of_link
from auth_service.actions.registering import ShownCode, ShownLink
from auth_service.domain.errors import AddressTakenError, BadInputError, MailedProofRefusedError
from auth_service.domain.registration import RegistrationState
from auth_service.portal.faults import tell_faults
from auth_service.portal.registration import watched, watcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint
    from flask.typing import ResponseReturnValue

    from auth_service.actions.registering import ShownProof
    from auth_service.domain.registration import Registration
    from auth_service.portal.desk import PortalDesk


CLOUD_PASSWORD_RULE: Final = "At least eight characters. A few words in a row are good."  # noqa: S105 - a rule


class ProofForm(FlaskForm):
    """The link, or the code beside it; and the Cloud account password where none is set yet."""

    link = HiddenField()
    code = StringField(
        "Code",
        [InputRequired("Enter the code of the email.")],
        description="Eight letters, good for ten minutes.",
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"},
    )
    cloud_password = PasswordField(
        "Cloud account password",
        [InputRequired("Choose a password.")],
        description=CLOUD_PASSWORD_RULE,
        render_kw={"autocomplete": "new-password"},
    )
    cloud_password_again = PasswordField(
        "Re-enter Cloud account password",
        [EqualTo("cloud_password", "The two passwords differ. Type both in again.")],
        render_kw={"autocomplete": "new-password"},
    )
    asks_for_passwords = True


@dataclass(frozen=True, slots=True)
class _Step:
    """One of the two: the state that it moves on from, its page, and where who watches nothing is led to then."""

    state: RegistrationState
    template: str
    move_on: Callable[..., Registration]
    next_page: str
    done: str


_PROVE: Final = _Step(
    RegistrationState.ADDRESS_UNPROVEN,
    "prove_address.html",
    prove_address,
    "portal.address_proven",
    "Your address is confirmed. Email 2 is on its way.",
)
_ACTIVATE: Final = _Step(
    RegistrationState.ADDRESS_PROVEN,
    "activate_group.html",
    activate_group,
    "portal.connect_to_group",
    "The group is active.",
)


def add_registration_links(routes: Blueprint, desk: PortalDesk) -> None:
    """Add the routes of both pages, and the one that says to look for the second email."""

    @routes.route("/register/prove-address", methods=["GET", "POST"], endpoint="prove_address")
    def prove() -> ResponseReturnValue:
        return _answer(desk, _PROVE)

    @routes.route("/register/activate-group", methods=["GET", "POST"], endpoint="activate_group")
    def activate() -> ResponseReturnValue:
        return _answer(desk, _ACTIVATE)

    @routes.get("/register/address-proven")
    def address_proven() -> str:
        return render_template("address_proven.html")


def _answer(desk: PortalDesk, step: _Step) -> ResponseReturnValue:
    link = request.values.get("link")
    try:
        found = _find(desk, step, link)
        if found is None:
            return redirect(url_for("portal.registration"), 303)
        form = _new_form(found, link)
        if not form.is_submitted():
            return render_template(step.template, form=form, found=found)
        if not form.validate():
            return render_template(step.template, form=form, found=found), 422
        return _move_on(desk, step, form, found)
    except MailedProofRefusedError:
        return render_template("dead_link.html", watched=watched(desk)), 410
    except AddressTakenError as refused:
        flash(str(refused), "danger")
        return redirect(url_for("portal.sign_in"), 303)


def _find(desk: PortalDesk, step: _Step, link: str | None) -> Registration | None:
    """Give the registration that waits for this step: the link's, or without a link the one that is watched here.

    Raises MailedProofRefusedError for a link that no longer works.
    """
    if link is not None:
        return read_registration_of_link(desk.database, ShownLink(link), state=step.state, now=desk.now())
    found = watched(desk)
    return found if found is not None and found.state is step.state else None


def _new_form(found: Registration, link: str | None) -> ProofForm:
    form = ProofForm()
    if link is None:
        del form.link
    else:
        form.link.data = link
        del form.code
    if found.cloud_password_hash is not None:
        del form.cloud_password, form.cloud_password_again
    return form


def _move_on(desk: PortalDesk, step: _Step, form: ProofForm, found: Registration) -> ResponseReturnValue:
    password = form.cloud_password.data if form.cloud_password else None
    address = desk.proxies.asker(request.remote_addr, request.headers)
    try:
        step.move_on(desk.registering, _shown(form), cloud_password=password, address=address, now=desk.now())
    except BadInputError as refused:
        tell_faults(form, refused)
        return render_template(step.template, form=form, found=found), 422
    except MailedProofRefusedError as refused:
        if form.link:
            raise
        form.code.errors = [str(refused)]
        return render_template(step.template, form=form, found=found), 422
    own = watcher()
    is_watched = own is not None and own.registration_id == found.id
    flash(step.done, "success")
    return redirect(url_for("portal.registration" if is_watched else step.next_page), 303)


def _shown(form: ProofForm) -> ShownProof:
    if form.link:
        return ShownLink(form.link.data)
    own = watcher()
    if own is None:
        # The cookie was there a moment ago, when the registration was found by it.
        raise AssertionError
    return ShownCode(own, form.code.data)
