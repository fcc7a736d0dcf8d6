"""What every page shares: the blueprint, sign-in state, form tokens, headers, error pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, redirect, render_template, url_for
from flask_bootstrap import Bootstrap5
from flask_login import LoginManager, current_user
from flask_wtf import CSRFProtect

from auth_service.portal.authorize_device import add_authorize_device
from auth_service.portal.devices import add_devices
from auth_service.portal.organizations import add_organizations
from auth_service.portal.passwords import add_passwords
from auth_service.portal.register_group import add_register_group
from auth_service.portal.registration import add_registration
from auth_service.portal.registration_links import add_registration_links
from auth_service.portal.sign_in import add_sign_in
from auth_service.portal.visitor import find_visitor, here

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask
    from flask.typing import ResponseReturnValue
    from werkzeug.exceptions import HTTPException

    from auth_service.portal.desk import PortalDesk
    from auth_service.settings import Settings

# Nothing inline, nothing from elsewhere, nothing in a frame (T42, T43).
_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def install_portal(app: Flask, desk: PortalDesk, settings: Settings) -> None:
    """Put the portal onto `app`."""
    _configure(app, settings)
    CSRFProtect(app)
    Bootstrap5(app)
    app.register_blueprint(_portal_routes(desk))
    _install_sign_in(app, desk)
    app.add_template_filter(_instant, "instant")


def install_security_headers(app: Flask, settings: Settings) -> None:
    """Put on every answer what tells a browser how little it may do with it."""
    app.after_request(_harden)
    if settings.is_https:
        app.after_request(_demand_tls)


def error_page(error: HTTPException) -> Response:
    """Say a failure to a person."""
    status = error.code or 500
    response = Response(render_template("error.html", error=error, status=status, bare=True), status=status)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        # A __Host- cookie needs TLS; over plain loopback the browser would drop it (T39).
        SESSION_COOKIE_NAME="__Host-tillpass" if settings.is_https else "tillpass",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # Nobody is remembered beyond the session. Flask-Login would read such a cookie all the same, and fail on one
        # that is not ASCII; no cookie has this name.
        REMEMBER_COOKIE_NAME="=",
        BOOTSTRAP_SERVE_LOCAL=True,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.is_https,
    )


def _portal_routes(desk: PortalDesk) -> Blueprint:
    routes = Blueprint(
        "portal", __name__, template_folder="templates", static_folder="static", static_url_path="/portal"
    )
    for add in (
        add_sign_in,
        add_organizations,
        add_devices,
        add_authorize_device,
        add_register_group,
        add_registration,
        add_registration_links,
        add_passwords,
    ):
        add(routes, desk)
    return routes


def _install_sign_in(app: Flask, desk: PortalDesk) -> None:
    manager = LoginManager(app, add_context_processor=False)
    # A template asks who is signed in only when it names this.
    app.jinja_env.globals["current_user"] = current_user
    # The session lives in our own table and ends there; a second check by address and browser only signs people out.
    manager.session_protection = None
    manager.user_loader(lambda secret: find_visitor(desk, secret))

    @manager.unauthorized_handler
    def lead_to_sign_in() -> ResponseReturnValue:
        return redirect(url_for("portal.sign_in", next=here()), 303)


def _harden(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = _SECURITY_POLICY
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cache-Control"] = "no-store"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return response


def _demand_tls(response: Response) -> Response:
    response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def _instant(value: datetime) -> str:
    return f"{value.day} {value:%B %Y, %H:%M} UTC"
