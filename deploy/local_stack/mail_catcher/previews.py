"""Every email that there is, in every language, as the examples beside its template make it; nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from flask import Blueprint, abort, render_template

from deploy.local_stack.mail_catcher.framed_html import framed_html
from notify_service.emails.examples import examples_of
from notify_service.emails.rendering import render_email
from wire.notification_contexts import CONTEXT_SCHEMAS
from wire.notification_message import LOCALES

if TYPE_CHECKING:
    from flask import Response

    from notify_service.domain.email import Content

_IF_DARK: Final = "(prefers-color-scheme: dark)"
_WHEN: Final = {"light": "not all", "dark": "all"}
"""Both modes are shown, whatever the browser prefers."""


@dataclass(frozen=True, slots=True)
class Preview:
    """One email in one language from one example."""

    locale: str
    template: str
    number: int
    content: Content


def preview_routes() -> Blueprint:
    """Give the list, and the page and the frame of each preview."""
    routes = Blueprint("previews", __name__, url_prefix="/previews")

    @routes.get("/")
    def every_email() -> str:
        previews = {template: _previews(template) for template in CONTEXT_SCHEMAS}
        return render_template("previews.html", previews=previews, locales=LOCALES)

    @routes.get("/<locale>/<template>/<int:number>")
    def one(locale: str, template: str, number: int) -> str:
        return render_template("preview.html", preview=_found(locale, template, number))

    @routes.get("/<locale>/<template>/<int:number>/<any(light, dark):mode>")
    def html_part(locale: str, template: str, number: int, mode: str) -> Response:
        html = _found(locale, template, number).content.html
        return framed_html(html.replace(_IF_DARK, _WHEN[mode]))

    return routes


def _previews(template: str) -> list[Preview]:
    return [
        Preview(locale, template, number, render_email(template, example, locale))
        for number, example in enumerate(examples_of(template), start=1)
        for locale in LOCALES
    ]


def _found(locale: str, template: str, number: int) -> Preview:
    made = _previews(template) if template in CONTEXT_SCHEMAS else []
    found = next((preview for preview in made if (preview.locale, preview.number) == (locale, number)), None)
    if found is None:
        abort(404)
    return found
