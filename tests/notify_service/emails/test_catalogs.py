from __future__ import annotations

import configparser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import notify_service.emails
from notify_service.emails.catalogs import SOURCE_LOCALE, read_catalog
from wire.notification_message import LOCALES

FOLDER = Path(notify_service.emails.__path__[0])
TRANSLATED = [locale for locale in LOCALES if locale != SOURCE_LOCALE]


def messages_of_the_templates() -> set[str | tuple[str, ...]]:
    """Give them as `make catalogs` finds them."""
    told = configparser.ConfigParser()
    told.read(FOLDER / "extraction.cfg")
    methods = [section.split(": ") for section in told.sections()]
    options = {method[1]: dict(told[section]) for method, section in zip(methods, told.sections(), strict=True)}
    found = extract_from_dir(FOLDER, [(pattern, kind) for kind, pattern in methods], options)
    return {message for _file, _line, message, _comments, _context in found}


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_message_is_translated_and_none_is_left_over(locale: str) -> None:
    with (FOLDER / f"{locale}.po").open("rb") as file:
        catalog = read_po(file, locale=locale)
    entries = [message for message in catalog if message.id]

    assert {message.id for message in entries} == messages_of_the_templates()
    for message in entries:
        translations = [message.string] if isinstance(message.string, str) else message.string
        assert all(translations), message.id
        assert not message.fuzzy, message.id
        # The same names stand in it: Babel's own check.
        assert list(message.check(catalog)) == [], message.id
    assert not catalog.obsolete


def test_a_translation_is_given_for_one_and_for_many() -> None:
    spanish = read_catalog("es")

    assert spanish.gettext("Device authorized") == "Dispositivo autorizado"
    singular, plural = (
        "A license of %(organization_name)s has to be renewed within %(days)s day.",
        "A license of %(organization_name)s has to be renewed within %(days)s days.",
    )
    assert "%(days)s día." in spanish.ngettext(singular, plural, 1)
    assert "%(days)s días." in spanish.ngettext(singular, plural, 2)


def test_a_language_without_a_catalog_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        read_catalog("xx")
