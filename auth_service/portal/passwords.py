"""Change the Cloud account password, and the Group Password of the chosen organization (S1-19, S1-20, S1-27)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from werkzeug.exceptions import NotFound
from wtforms import PasswordField, SubmitField
from wtforms.validators import EqualTo, InputRequired

from auth_service.actions.change_cloud_password import CloudPasswordChange, change_cloud_password
from auth_service.actions.change_group_password import GroupPasswordChange, change_group_password
from auth_service.domain.errors import BadInputError
from auth_service.portal.faults import tell_faults
from auth_service.portal.register_group import GROUP_PASSWORD_RULE
from auth_service.portal.registration_links import CLOUD_PASSWORD_RULE
from auth_service.portal.visitor import in_organization

if TYPE_CHECKING:
    from flask import Blueprint
    from flask.typing import ResponseReturnValue

    from auth_service.domain.operator import Membership
    from auth_service.portal.desk import PortalDesk
    from auth_service.portal.visitor import Visitor

_NEW = {"autocomplete": "new-password"}
_DIFFER = "The two passwords differ. Type both in again."


class CloudPasswordForm(FlaskForm):
    """The operator's own password, asked for once more."""

    asks_for_passwords = True

    current_password = PasswordField(
        "Current Cloud account password",
        [InputRequired("Enter your current password.")],
        render_kw={"autocomplete": "current-password"},
    )
    new_password = PasswordField(
        "New Cloud account password",
        [InputRequired("Choose a new password.")],
        description=CLOUD_PASSWORD_RULE,
        render_kw=_NEW,
    )
    new_password_again = PasswordField(
        "Re-enter new Cloud account password", [EqualTo("new_password", _DIFFER)], render_kw=_NEW
    )
    submit = SubmitField("Change password")


class GroupPasswordForm(FlaskForm):
    """The organization's, for its owners to change."""

    asks_for_passwords = True

    new_password = PasswordField(
        "New Group Password",
        [InputRequired("Choose a new Group Password.")],
        description=GROUP_PASSWORD_RULE,
        render_kw=_NEW,
    )
    new_password_again = PasswordField(
        "Re-enter new Group Password", [EqualTo("new_password", _DIFFER)], render_kw=_NEW
    )
    submit = SubmitField("Change Group Password")


def add_passwords(routes: Blueprint, desk: PortalDesk) -> None:
    """Add the routes of both pages."""

    @routes.route("/cloud-password", methods=["GET", "POST"])
    @in_organization
    def cloud_password(visitor: Visitor, member: Membership) -> ResponseReturnValue:
        form = CloudPasswordForm()
        if not form.is_submitted():
            return render_template("cloud_password.html", form=form)
        if not form.validate():
            return render_template("cloud_password.html", form=form), 422
        change = CloudPasswordChange(
            operator=visitor.operator,
            member=member,
            session_digest=visitor.session.digest,
            current_password=form.current_password.data,
            new_password=form.new_password.data,
            address=desk.proxies.asker(request.remote_addr, request.headers),
        )
        try:
            change_cloud_password(desk.database, change, limiter=desk.limiter, mail=desk.mail, now=desk.now())
        except BadInputError as refused:
            tell_faults(form, refused)
            return render_template("cloud_password.html", form=form), 422
        flash("Your Cloud account password is changed. Everywhere else you are signed out.", "success")
        return redirect(url_for("portal.devices"), 303)

    @routes.route("/group-password", methods=["GET", "POST"])
    @in_organization
    def group_password(visitor: Visitor, member: Membership) -> ResponseReturnValue:
        if not member.is_owner:
            raise NotFound
        form = GroupPasswordForm()
        if not form.is_submitted():
            return render_template("group_password.html", form=form)
        if not form.validate():
            return render_template("group_password.html", form=form), 422
        change = GroupPasswordChange(
            member=member,
            operator_id=visitor.operator.id,
            new_password=form.new_password.data,
            address=desk.proxies.asker(request.remote_addr, request.headers),
        )
        try:
            change_group_password(desk.database, change, mail=desk.mail, now=desk.now())
        except BadInputError as refused:
            tell_faults(form, refused)
            return render_template("group_password.html", form=form), 422
        flash("The Group Password is changed. Enter the new one at each site that was connected with it.", "success")
        return redirect(url_for("portal.devices"), 303)
