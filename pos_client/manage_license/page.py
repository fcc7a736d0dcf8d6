"""The routes of the Manage License page: a button is a POST that ends in a redirect, so that reloading is harmless."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, TypeVar

import segno
from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for

from pos_client.errors import AuthorizationEndedError, PosClientError, StateError
from pos_client.manage_license.messages import COMPLETED, REMOVED, message_of, refreshed
from pos_client.manage_license.page_state import page_state
from pos_client.manage_license.update_line import update_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response as AnyResponse

    from pos_client.device_license import DeviceLicense
    from pos_client.manage_license.messages import Message
    from pos_client.update_check import UpdateCheck

Outcome = TypeVar("Outcome")


def manage_license_routes(device_license: DeviceLicense, update_check: UpdateCheck | None = None) -> Blueprint:
    """Make the routes; a StateError passes through to the app's handler."""
    routes = Blueprint(
        "manage_license", __name__, url_prefix="/manage-license", template_folder="templates", static_folder="static"
    )

    @routes.get("")
    def show() -> str:
        page = page_state(device_license.state(), device_license.issuer)
        return render_template("manage_license/page.html", page=page, update=_update(update_check))

    @routes.post("/next")
    def start() -> AnyResponse:
        return _done(device_license.start, lambda _: None)

    @routes.post("/complete")
    def complete() -> AnyResponse:
        return _done(device_license.complete, COMPLETED.__getitem__)

    @routes.post("/refresh")
    def refresh() -> AnyResponse:
        return _done(device_license.refresh, lambda _: refreshed(device_license.state()))

    @routes.get("/remove")
    def confirm_removal() -> AnyResponse | str:
        page = page_state(device_license.state(), device_license.issuer)
        return render_template("manage_license/remove.html", page=page) if page.may_remove else _back()

    @routes.post("/remove")
    def remove() -> AnyResponse:
        return _done(device_license.remove, lambda _: REMOVED)

    @routes.get("/qr.svg")
    def qr() -> Response:
        pending = page_state(device_license.state(), device_license.issuer).pending
        if pending is None:
            abort(404)
        try:
            return Response(_qr_svg(pending.verification_uri), mimetype="image/svg+xml")
        except segno.DataOverflowError:
            abort(404)

    return routes


def _update(update_check: UpdateCheck | None) -> str | None:
    if update_check is None:
        return None
    try:
        return update_line(update_check.known())
    except StateError:
        # The license is what this page is there for.
        return None


def _done(act: Callable[[], Outcome], said: Callable[[Outcome], Message | None]) -> AnyResponse:
    try:
        message = said(act())
    except StateError:
        raise
    except AuthorizationEndedError:
        # The page itself goes on saying so.
        message = None
    except PosClientError as error:
        message = message_of(error)
    if message is not None:
        flash(message.text, message.level)
    return _back()


def _back() -> AnyResponse:
    return redirect(url_for("manage_license.show"), code=303)


def _qr_svg(text: str) -> bytes:
    out = BytesIO()
    # A white ground with its quiet zone, so that it can be read on any background.
    segno.make(text, micro=False, error="m").save(out, kind="svg", scale=5, border=4, light="#fff")
    return out.getvalue()
