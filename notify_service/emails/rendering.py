"""Make subject, text and HTML of an email from its folder and its checked context, in one language.

HTML is escaped, an unknown name is an error, and no value can bring a second line or a control character (T42, T51).
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

from notify_service.domain.email import Content
from notify_service.domain.errors import EmailNotMadeError
from notify_service.emails.catalogs import read_catalog
from notify_service.emails.plain_values import plain_values
from notify_service.emails.written_forms import WrittenForms
from wire.notification_message import LOCALES

if TYPE_CHECKING:
    from collections.abc import Mapping

_WIDEST_LINE: Final = 76
_IS_A_STEP: Final = re.compile(r"\d\. ")
_MORE_THAN_ONE_BLANK_LINE: Final = re.compile(r"\n{3,}")


def render_email(template: str, context: Mapping[str, Any], locale: str) -> Content:
    """Render one email.

    Raises EmailNotMadeError when the template is missing or fails; the text names the template and no value.
    """
    values = plain_values(template, context)
    try:
        subject, text, html = (
            _templates[locale].get_template(f"{template}/{part}").render(values)
            for part in ("subject.txt", "body.txt", "body.html")
        )
    except TemplateError as fault:
        raise EmailNotMadeError(f"The template {template} fails: {type(fault).__name__}.") from fault
    return Content(subject=subject.strip(), text=_readable(text), html=html.strip() + "\n")


def _readable(text: str) -> str:
    joined = "\n".join(map(_wrapped, text.splitlines()))
    return _MORE_THAN_ONE_BLANK_LINE.sub("\n\n", joined).strip() + "\n"


def _wrapped(line: str) -> str:
    """Wrap a long line between words, never inside a link or a license key; a step is indented below its number."""
    if len(line) <= _WIDEST_LINE:
        return line
    indent = "   " if _IS_A_STEP.match(line) else ""
    return textwrap.fill(line, _WIDEST_LINE, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _environment(locale: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(enabled_extensions=("html",)),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(read_catalog(locale), newstyle=True)  # type: ignore[attr-defined]
    forms = WrittenForms.of(locale)
    environment.filters.update(day=forms.day, moment=forms.moment, number=forms.number)
    environment.globals["locale"] = locale
    return environment


# Made at the start: a catalog that is missing or broken is noticed then, and not by the first who reads Spanish.
_templates: Final = {locale: _environment(locale) for locale in LOCALES}
