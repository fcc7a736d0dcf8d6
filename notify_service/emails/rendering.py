"""Make subject, text and HTML of an email from its folder and its checked context.

HTML is escaped, an unknown name is an error, and no value can bring a second line or a control character (T51).
"""

from __future__ import annotations

import unicodedata
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

from notify_service.domain.email import Content
from notify_service.domain.errors import EmailNotMadeError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

# Controls, lone surrogates, line and paragraph separators, and the marks that turn the direction of writing: each can
# make a line say something else than its letters do, or not be written at all.
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION_MARKS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def render_email(template: str, context: Mapping[str, Any]) -> Content:
    """Render one email.

    Raises EmailNotMadeError when the template is missing or fails; the text names the template and no value.
    """
    values = {name: _one_line(value) for name, value in context.items()}
    try:
        subject, text, html = (
            _templates.get_template(f"{template}/{part}").render(values)
            for part in ("subject.txt", "body.txt", "body.html")
        )
    except TemplateError as fault:
        raise EmailNotMadeError(f"The template {template} fails: {type(fault).__name__}.") from fault
    return Content(subject=subject.strip(), text=text.strip() + "\n", html=html.strip() + "\n")


def _one_line(value: Any) -> Any:  # noqa: ANN401 - a context holds what its schema allows
    if isinstance(value, str):
        return " ".join("".join(map(_plain, value)).split())
    if isinstance(value, list):
        return [_one_line(item) for item in value]
    return value


def _plain(character: str) -> str:
    if character in _DIRECTION_MARKS:
        return ""
    return " " if unicodedata.category(character) in _REFUSED_CATEGORIES else character


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%-d %B %Y, %H:%M UTC")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(enabled_extensions=("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["utc"] = _utc
    return environment


_templates: Final = _environment()
