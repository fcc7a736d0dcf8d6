"""The page that shows the caught mails: plain HTML, no script; a mail's own HTML is shown in a sandbox.

What a mail says is not trusted: it is escaped, or framed.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Flask, Response, abort, render_template, request

from deploy.local_stack.mail_catcher.framed_html import framed_html
from deploy.local_stack.mail_catcher.links import links_of
from deploy.local_stack.mail_catcher.previews import preview_routes

if TYPE_CHECKING:
    from deploy.local_stack.mail_catcher.caught_mails import CaughtMail, CaughtMails

_COMMON_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'none'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
}


def create_mail_page(mails: CaughtMails) -> Flask:
    """Build the page; it answers on loopback only."""
    app = Flask(__name__)
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost"]
    app.json.sort_keys = False  # type: ignore[attr-defined] # of Flask's DefaultJSONProvider
    app.before_request(_refuse_strangers)
    app.register_blueprint(_mail_routes(mails))
    app.register_blueprint(preview_routes())
    app.register_error_handler(404, _not_found)
    app.after_request(_with_headers)
    return app


def _refuse_strangers() -> None:
    # Whatever address its web server listens at.
    if not ip_address(request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104 - no address is bound here
        abort(403)


def _with_headers(response: Response) -> Response:
    for name, value in _COMMON_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _not_found(_fault: Exception) -> tuple[str, int]:
    return render_template("not_found.html"), 404


def _mail_routes(mails: CaughtMails) -> Blueprint:
    routes = Blueprint("mails", __name__)

    @routes.get("/")
    def newest() -> str:
        return render_template("mails.html", mails=mails.newest_first())

    @routes.get("/mails.json")
    def for_scripts() -> dict[str, Any]:
        return {"mails": [_document(mail) for mail in mails.newest_first()]}

    @routes.get("/<key>")
    def one(key: str) -> str:
        mail = _found(mails, key)
        return render_template("mail.html", mail=mail, links=links_of(mail.text, mail.html))

    @routes.get("/<key>/html")
    def html_part(key: str) -> Response:
        return framed_html(_found(mails, key).html)

    @routes.get("/<key>/source")
    def source(key: str) -> Response:
        return Response(_found(mails, key).source, content_type="text/plain; charset=utf-8")

    return routes


def _found(mails: CaughtMails, key: str) -> CaughtMail:
    mail = mails.find(key)
    if mail is None:
        abort(404)
    return mail


def _document(mail: CaughtMail) -> dict[str, Any]:
    return {
        "key": mail.key,
        "subject": mail.subject,
        "from": mail.sender,
        "to": mail.recipients,
        "at": mail.at.isoformat(),
        "text": mail.text,
        "links": links_of(mail.text, mail.html),
    }
