"""Where secrets may travel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_client.secure_url import is_secure_url


@pytest.mark.parametrize(
    "url",
    [
        "https://auth.example",
        "https://auth.example:8443/a?b=c",
        "http://127.0.0.1:8001",
        "http://localhost",
        "http://[::1]:80/x",
    ],
)
def test_https_and_loopback_http_are_secure(url: str) -> None:
    assert is_secure_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://auth.example",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://10.0.0.1",
        "javascript:alert(1)",
        "data:text/html,x",
        "//auth.example",
        "https://",
        "https://user@auth.example",
        "https://auth.example:port",
        "https://auth.example:99999",
        "https://[::1",
        "https://auth.example/a b",
        "https://auth.example/\x00",
        "https://auth.example/\n",
        "",
    ],
)
def test_anything_else_is_not(url: str) -> None:
    assert not is_secure_url(url)


@given(st.text())
def test_any_text_is_judged_without_an_error(text: str) -> None:
    assert isinstance(is_secure_url(text), bool)
