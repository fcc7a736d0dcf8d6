"""Authorize Device: the verification page (RFC 8628 §3.3, §3.3.1, §5.4; S3-5 … S3-10).

GET never looks a code up and never changes anything: `verification_uri_complete` only fills the field in (T13). A
first POST shows what the code stands for; a second one, from that page, decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, SubmitField
from wtforms.validators import AnyOf, InputRequired

from auth_service.actions.authorize_device import Decision, authorize_device
from auth_service.actions.deny_device import deny_device
from auth_service.actions.review_user_code import Entry, review_user_code
from auth_service.domain.errors import DeviceUnknownError, RefusedError, UserCodeUnknownError
from auth_service.domain.user_code import LONGEST_ENTRY, display_user_code
from auth_service.portal.visitor import in_organization
from auth_service.storage.devices import list_devices

if TYPE_CHECKING:
    from flask import Blueprint
    from flask.typing import ResponseReturnValue

    from auth_service.actions.review_user_code import Review
    from auth_service.domain.operator import Membership
    from auth_service.portal.desk import PortalDesk
    from auth_service.portal.visitor import Visitor

_CHOOSE = "Choose a device from the list."


class UserCodeForm(FlaskForm):
    """The seed's two fields, under their labels (S3-6, S3-9)."""

    device_id = SelectField("Device", [InputRequired(_CHOOSE)])
    user_code = StringField(
        "UserCode",
        [InputRequired("Enter the User Code.")],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )
    submit = SubmitField("Authorize")


class DecisionForm(FlaskForm):
    """What the confirmation page sends back."""

    device_id = HiddenField(validators=[InputRequired()])
    user_code = HiddenField(validators=[InputRequired()])
    decision = StringField(validators=[AnyOf(["authorize", "deny"])])


def add_authorize_device(routes: Blueprint, desk: PortalDesk) -> None:
    """Add the routes of the page and of its confirmation."""

    @routes.get("/activate")
    @in_organization
    def activate(_visitor: Visitor, member: Membership) -> ResponseReturnValue:
        form = _new_form(desk, member)
        form.user_code.data = request.args.get("user_code", "")[:LONGEST_ENTRY]
        if len(form.device_id.choices) == 2:  # "Choose a device", and the only one
            form.device_id.data = form.device_id.choices[1][0]
        return _page(form, member)

    @routes.post("/activate")
    @in_organization
    def review(visitor: Visitor, member: Membership) -> ResponseReturnValue:
        form = _new_form(desk, member)
        if not form.validate():
            return _page(form, member), 422
        try:
            found = _review(desk, visitor, member, form)
        except RefusedError as refused:
            return _refused(form, member, refused)
        return _confirmation(desk, found, member)

    @routes.post("/activate/decision")
    @in_organization
    def decide(visitor: Visitor, member: Membership) -> ResponseReturnValue:
        form = DecisionForm()
        if not form.validate():
            flash("Enter the code once more.", "danger")
            return redirect(url_for("portal.activate"), 303)
        try:
            found = _review(desk, visitor, member, form)
            _decide(desk, Decision(review=found, operator=visitor.operator, member=member), form.decision.data)
        except RefusedError as refused:
            return _refused(_new_form(desk, member, form), member, refused)
        return redirect(url_for("portal.devices"), 303)


def _new_form(desk: PortalDesk, member: Membership, sent: DecisionForm | None = None) -> UserCodeForm:
    with desk.database.reading() as connection:
        listed = list_devices(connection, member.organization_id, desk.now())
    form = UserCodeForm() if sent is None else UserCodeForm(formdata=None)
    form.device_id.choices = [("", "Choose a device"), *((one.device.id, one.device.name) for one in listed)]
    if sent is not None:
        form.device_id.data, form.user_code.data = sent.device_id.data, sent.user_code.data
    return form


def _page(form: UserCodeForm, member: Membership) -> str:
    return render_template("authorize_device.html", form=form, member=member)


def _refused(form: UserCodeForm, member: Membership, refused: RefusedError) -> ResponseReturnValue:
    """Say why beside the field that is at fault, or above the form when it is neither."""
    if isinstance(refused, UserCodeUnknownError):
        form.user_code.errors = [str(refused)]
    elif isinstance(refused, DeviceUnknownError):
        form.device_id.errors = [str(refused)]
    else:
        flash(str(refused), "danger")
    return _page(form, member), 422


def _review(desk: PortalDesk, visitor: Visitor, member: Membership, form: UserCodeForm | DecisionForm) -> Review:
    entry = Entry(
        user_code=form.user_code.data,
        device_id=form.device_id.data,
        member=member,
        operator_id=visitor.operator.id,
        address=desk.proxies.asker(request.remote_addr, request.headers),
    )
    return review_user_code(desk.codes, entry, now=desk.now())


def _confirmation(desk: PortalDesk, found: Review, member: Membership) -> str:
    return render_template(
        "confirm_device.html",
        form=DecisionForm(formdata=None, data={"device_id": found.device.id, "user_code": found.user_code}),
        found=found,
        member=member,
        shown_code=display_user_code(found.user_code),
        from_elsewhere=found.authorization.requested_from != desk.proxies.asker(request.remote_addr, request.headers),
    )


def _decide(desk: PortalDesk, decision: Decision, chosen: str) -> None:
    name = decision.review.device.name
    if chosen == "authorize":
        authorize_device(desk.database, desk.licenses, decision, mail=desk.mail, now=desk.now())
        flash(f"{name} is authorized. On its Manage License page, choose Complete Authorization.", "success")
    else:
        deny_device(desk.database, decision, mail=desk.mail, now=desk.now())
        flash("Denied: the device that showed this code gets no license.", "info")
    desk.pace.decided(decision.review.authorization.device_code_digest)
