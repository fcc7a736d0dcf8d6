"""Names and URLs that pages, headers of emails, terminals and logs can carry (T42, T51, T66)."""

from __future__ import annotations

import pytest

from auth_service.domain.errors import BadInputError
from auth_service.domain.plain_text import check_name, check_url


@pytest.mark.parametrize("name", ["Shop 1", " Café “Zur Post” & Söhne ", "店舗 1", "می‌خواهم", "x" * 200])
def test_a_name_of_any_script_is_taken(name: str) -> None:
    assert check_name("name", name) == name.strip()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "x" * 201,
        "a\nb",
        "a\x00b",
        "a\x1b[31mb",
        "x\u202egnp",
        "\u200b",
        "\u200d",
        "a\ud800",
        "a\u2028b",
        "\ufeff",
    ],
)
def test_a_name_that_hides_or_breaks_something_is_refused(name: str) -> None:
    with pytest.raises(BadInputError):
        check_name("name", name)


@pytest.mark.parametrize("url", ["https://hub.example.com", "http://10.0.0.7:8080/hub?x=1", "https://[::1]/"])
def test_an_absolute_url_is_taken(url: str) -> None:
    assert check_url("server_url", url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hub.example.com",
        "ftp://x",
        "http://[",
        "http://h:99999",
        "http://h:x",
        "http://u:p@h",
        'http://x"><script>',
        "http://a b",
        "http://x/" + "a" * 500,
        "http://x/" + "0" * 220 + "\n\x1b[2J",
        "https://",
    ],
)
def test_a_url_that_is_none_or_carries_more_is_refused(url: str) -> None:
    with pytest.raises(BadInputError):
        check_url("server_url", url)
