"""The message catalogs: English is what the templates say, every other language is a catalog <locale>.po beside them.

Babel reads a catalog as translators write it, when the process starts; there is nothing to compile before.
"""

from __future__ import annotations

from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE_LOCALE: Final = "en"
CATALOGS: Final = Path(__file__).parent


def read_catalog(locale: str) -> NullTranslations:
    """Give the translations into one language. Raises OSError when it has no catalog."""
    if locale == SOURCE_LOCALE:
        return NullTranslations()
    with (CATALOGS / f"{locale}.po").open("rb") as file:
        catalog = read_po(file, locale=locale, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)
