"""The routes of the Manage License page: a button is a POST that ends in a redirect, so that reloading is harmless."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import segno
from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for

from pos_client.errors import PosClientError, StateError
from pos_client.license_acquisition import Completion
from pos_client.manage_license.messages import COMPLETED, REFRESHED, REMOVED, message_of
from pos_client.manage_license.page_state import page_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response as AnyResponse

    from pos_client.device_license import DeviceLicense
    from pos_client.manage_license.messages import Message


def manage_license_routes(device_license: DeviceLicense) -> Blueprint:
    """Make the routes; a StateError passes through to the app's handler."""
    routes = Blueprint(
        "manage_license", __name__, url_prefix="/manage-license", template_folder="templates", static_folder="static"
    )

    @routes.get("")
    def show() -> str:
        page = page_state(device_license.state(), device_license.issuer)
        return render_template("manage_license/page.html", page=page)

    @routes.post("/next")
    def start() -> AnyResponse:
        return _done(device_license.start)

    @routes.post("/complete")
    def complete() -> AnyResponse:
        return _done(device_license.complete)

    @routes.post("/refresh")
    def refresh() -> AnyResponse:
        return _done(device_license.refresh, REFRESHED)

    @routes.get("/remove")
    def confirm_removal() -> AnyResponse | str:
        page = page_state(device_license.state(), device_license.issuer)
        return render_template("manage_license/remove.html", page=page) if page.may_remove else _back()

    @routes.post("/remove")
    def remove() -> AnyResponse:
        return _done(device_license.remove, REMOVED)

    @routes.get("/qr.svg")
    def qr() -> Response:
        pending = page_state(device_license.state(), device_license.issuer).pending
        if pending is None:
            abort(404)
        return Response(_qr_svg(pending.verification_uri), mimetype="image/svg+xml")

    return routes


def _done(act: Callable[[], object], said: Message | None = None) -> AnyResponse:
    try:
        outcome = act()
    except StateError:
        raise
    except PosClientError as error:
        said = message_of(error)
    else:
        said = COMPLETED[outcome] if isinstance(outcome, Completion) else said
    if said is not None:
        flash(said.text, said.level)
    return _back()


def _back() -> AnyResponse:
    return redirect(url_for("manage_license.show"), code=303)


def _qr_svg(text: str) -> bytes:
    out = BytesIO()
    # A white ground with its quiet zone, so that it can be read on any background.
    segno.make(text, micro=False, error="m").save(out, kind="svg", scale=5, border=4, light="#fff")
    return out.getvalue()
