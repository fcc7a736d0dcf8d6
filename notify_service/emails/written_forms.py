"""Instants, days and numbers as the readers of a language write them (Unicode CLDR, by Babel)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from babel import Locale
from babel.dates import UTC, format_date, format_time
from babel.numbers import format_decimal

if TYPE_CHECKING:
    from datetime import date, datetime

# Where a language is written in more than one way, the one that nobody misreads: day first, 24 hours.
_WRITTEN_AS: Final = {"en": "en_GB"}


@dataclass(frozen=True, slots=True)
class WrittenForms:
    """The forms of one language."""

    locale: Locale

    @classmethod
    def of(cls, language: str) -> WrittenForms:
        return cls(Locale.parse(_WRITTEN_AS.get(language, language)))

    def day(self, day: date) -> str:
        """Write a day: 1 June 2026, 1 de junio de 2026."""
        return format_date(day, "long", self.locale)

    def moment(self, moment: datetime) -> str:
        """Write an instant, in UTC since nobody has told us the reader's time zone."""
        return f"{self.day(moment.astimezone(UTC).date())}, {format_time(moment, 'short', UTC, self.locale)} UTC"

    def number(self, number: int) -> str:
        """Write a number: 12,345 and 12.345."""
        return format_decimal(number, locale=self.locale)
