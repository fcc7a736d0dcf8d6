"""Sign in and sign out (S3-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, SubmitField
from wtforms.validators import InputRequired, Length

from auth_service.actions.sign_in_operator import Credentials, sign_in_operator
from auth_service.domain.errors import SignInRefusedError
from auth_service.portal.visitor import Visitor, find_visitor, safe_next
from auth_service.storage.portal_sessions import remove_session

if TYPE_CHECKING:
    from flask import Blueprint
    from flask.typing import ResponseReturnValue

    from auth_service.portal.desk import PortalDesk


class SignInForm(FlaskForm):
    """Field names are fixed: scripts rely on them."""

    email = EmailField("Email address", [InputRequired(), Length(max=254)])
    password = PasswordField("Password", [InputRequired()])
    submit = SubmitField("Sign in")


def add_sign_in(routes: Blueprint, desk: PortalDesk) -> None:
    """Add the two pages' routes."""

    @routes.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> ResponseReturnValue:
        form = SignInForm()
        if not form.is_submitted():
            return render_template("sign_in.html", form=form)
        try:
            secret = _sign_in(form, desk)
        except SignInRefusedError as refused:
            flash(str(refused), "danger")
            return render_template("sign_in.html", form=form), 422
        # Nothing of what the browser held before signing in survives it, here or there (T38).
        _end_session(desk)
        visitor = find_visitor(desk, secret)
        login_user(visitor)
        return redirect(url_for("portal.organizations", next=safe_next(request.args.get("next"))), 303)

    @routes.post("/sign-out")
    def sign_out() -> ResponseReturnValue:
        _end_session(desk)
        flash("You are signed out.", "info")
        return redirect(url_for("portal.sign_in"), 303)


def _end_session(desk: PortalDesk) -> None:
    if isinstance(visitor := current_user._get_current_object(), Visitor):  # noqa: SLF001 - werkzeug's own way
        with desk.database.transaction() as connection:
            remove_session(connection, visitor.session.digest)
    logout_user()
    session.clear()


def _sign_in(form: SignInForm, desk: PortalDesk) -> str:
    # What is left out or cannot be an address counts as any other failure.
    credentials = Credentials(
        email=form.email.data or "",
        password=form.password.data or "",
        address=desk.proxies.asker(request.remote_addr, request.headers),
    )
    return sign_in_operator(desk.database, desk.limiter, credentials, now=desk.now())
