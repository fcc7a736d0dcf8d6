"""Choose the organization to manage (S3-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import redirect, render_template, request
from flask_login import current_user, login_required
from flask_wtf import FlaskForm
from wtforms import RadioField, SubmitField
from wtforms.validators import InputRequired

from auth_service.portal.visitor import safe_next
from auth_service.storage.portal_sessions import choose_organization

if TYPE_CHECKING:
    from flask import Blueprint
    from flask.typing import ResponseReturnValue

    from auth_service.portal.desk import PortalDesk


class OrganizationForm(FlaskForm):
    """One choice among the operator's own organizations."""

    organization_id = RadioField("Organization", [InputRequired("Choose an organization.")])
    submit = SubmitField("Continue")


def add_organizations(routes: Blueprint, desk: PortalDesk) -> None:
    """Add the page's route."""

    @routes.route("/organizations", methods=["GET", "POST"])
    @login_required
    def organizations() -> ResponseReturnValue:
        memberships = current_user.memberships
        form = OrganizationForm()
        form.organization_id.choices = [(one.organization_id, one.organization_name) for one in memberships]
        if not form.is_submitted():
            if len(memberships) == 1:
                form.organization_id.data = memberships[0].organization_id
            return render_template("organizations.html", form=form, memberships=memberships)
        if not form.validate():
            return render_template("organizations.html", form=form, memberships=memberships), 422
        with desk.database.transaction() as connection:
            choose_organization(connection, current_user.session.digest, form.organization_id.data)
        return redirect(safe_next(request.args.get("next")), 303)
