"""Create a new Group: the public form that begins a registration (S1-24 … S1-31)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, StringField, SubmitField
from wtforms.validators import InputRequired, Length, ValidationError

from auth_service.actions.register_group import NewRegistration, check_registration, register_group
from auth_service.actions.registering import Watcher
from auth_service.domain.errors import BadInputError
from auth_service.domain.operator import normal_email
from auth_service.domain.registration import LOCALES
from auth_service.portal.faults import tell_faults
from auth_service.portal.registration import watch

if TYPE_CHECKING:
    from flask import Blueprint
    from flask.typing import ResponseReturnValue

    from auth_service.portal.desk import PortalDesk


GROUP_PASSWORD_RULE: Final = "At least six characters, with one number and one symbol."  # noqa: S105 - a rule


class RegisterGroupForm(FlaskForm):
    """The seed's fields, under their labels (S1-26 … S1-31)."""

    asks_for_passwords = True

    group_name = StringField(
        "Group Name",
        [InputRequired("Enter the name of the site and its postcode."), Length(max=200)],
        description="The name of the site and its postcode, such as “Corner Bakery, 90210”.",
        render_kw={"autocomplete": "off"},
    )
    group_password = PasswordField(
        "Group Password",
        [InputRequired("Enter a Group Password.")],
        description=f"{GROUP_PASSWORD_RULE} It is asked for on site, and no email ever holds it: keep it safe.",
        render_kw={"autocomplete": "new-password"},
    )
    email = EmailField(
        "Administrator’s Email Address",  # noqa: RUF001 - as the label is printed in the requirements
        [InputRequired("Enter the address to which the three emails go."), Length(max=254)],
        description="The three emails go there. Most sites take a manager's address.",
        render_kw={"autocomplete": "email"},
    )
    email_again = EmailField(
        "Re-enter Email Address",
        [InputRequired("Enter the address a second time.")],
        # Filled in from memory it would find no typing mistake.
        render_kw={"autocomplete": "off"},
    )
    sales_manager = StringField(
        "Sales Manager",
        [Length(max=200)],
        description="Leave this blank. It is for your vendor's own use.",
        render_kw={"autocomplete": "off"},
    )
    submit = SubmitField("Create")

    def validate_email_again(self, field: EmailField) -> None:
        """S1-29."""
        if normal_email(field.data or "") != normal_email(self.email.data or ""):
            raise ValidationError("The two addresses differ. Correct the one that is wrong.")


def add_register_group(routes: Blueprint, desk: PortalDesk) -> None:
    """Add the page's route."""

    @routes.route("/register", methods=["GET", "POST"], endpoint="register_group")
    def register() -> ResponseReturnValue:
        form = RegisterGroupForm()
        if not form.is_submitted():
            return render_template("register_group.html", form=form)
        entered = _entered(desk, form)
        is_whole = form.validate()
        try:
            check_registration(entered)
        except BadInputError as refused:
            tell_faults(form, refused)
            is_whole = False
        if not is_whole:
            return render_template("register_group.html", form=form), 422
        started = register_group(desk.registering, entered, now=desk.now())
        watch(Watcher(started.registration_id, started.watch_token))
        return redirect(url_for("portal.registration"), 303)


def _entered(desk: PortalDesk, form: RegisterGroupForm) -> NewRegistration:
    return NewRegistration(
        group_name=form.group_name.data or "",
        group_password=form.group_password.data or "",
        email=form.email.data or "",
        sales_manager=form.sales_manager.data,
        # The emails are in the language that the browser asks for, where we have it.
        locale=request.accept_languages.best_match(LOCALES, LOCALES[0]),
        requested_from=desk.proxies.asker(request.remote_addr, request.headers),
    )
