from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from notify_service.emails.written_forms import WrittenForms


@pytest.mark.parametrize(
    ("language", "day", "moment", "number"),
    [
        ("en", "1 June 2026", "31 May 2026, 22:30 UTC", "12,345"),
        ("es", "1 de junio de 2026", "31 de mayo de 2026, 22:30 UTC", "12.345"),
    ],
)
def test_days_instants_and_numbers_are_written_as_their_readers_write(
    language: str, day: str, moment: str, number: str
) -> None:
    """An instant of another zone is told in UTC, day and time alike."""
    forms = WrittenForms.of(language)

    assert forms.day(date(2026, 6, 1)) == day
    assert forms.moment(datetime(2026, 6, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))) == moment
    assert forms.number(12345) == number


def test_an_hour_has_two_digits_where_it_is_written_so() -> None:
    assert WrittenForms.of("en").moment(datetime(2026, 6, 1, 8, 5, tzinfo=UTC)) == "1 June 2026, 08:05 UTC"
