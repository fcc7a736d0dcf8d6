"""Which URLs and addresses webhooks are sent to (no SSRF, T31)."""

from __future__ import annotations

import pytest

from license_service.domain.errors import WebhookUrlError
from license_service.domain.webhook_target import WebhookTarget, may_be_sent_to, webhook_target

PUBLIC = WebhookTarget(is_https=True, host="hooks.example", port=443, path="/")
PLAIN = WebhookTarget(is_https=False, host="localhost", port=80, path="/")


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://hooks.example", "hooks.example", 443, "/"),
        ("https://Hooks.Example:8443/a/b?c=d", "hooks.example", 8443, "/a/b?c=d"),
        ("https://8.8.8.8/x", "8.8.8.8", 443, "/x"),
        ("https://[2606:4700:4700::1111]/x", "2606:4700:4700::1111", 443, "/x"),
    ],
)
def test_a_public_https_url_is_taken_apart(url: str, host: str, port: int, path: str) -> None:
    assert webhook_target(url, allow_loopback=False) == WebhookTarget(is_https=True, host=host, port=port, path=path)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "hooks.example",
        "https://",
        "https:///path",
        "https://user:password@hooks.example/",
        "https://hooks.example@127.0.0.1/",
        "https://hooks.example/#part",
        "https://hooks.example\\@127.0.0.1/",
        "https://hooks.example:0/",
        "https://hooks.example:99999/",
        "https://hooks.example/ ",
        "https://hooks.example/\r\nHost: other",
        "https://hööks.example/",
        "https://hooks%2eexample/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://hooks.example/" + "a" * 2048,
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    """T31."""
    with pytest.raises(WebhookUrlError):
        webhook_target(url, allow_loopback=False)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:10.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001:0:7f00:1::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_that_is_not_everybody_s_is_refused(address: str) -> None:
    """T31: private, loopback, link-local, multicast, reserved, metadata, and any of them dressed as IPv6."""
    assert not may_be_sent_to(PUBLIC, address, allow_loopback=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_a_public_address_is_sent_to_over_https_only(address: str) -> None:
    assert may_be_sent_to(PUBLIC, address, allow_loopback=False)
    assert not may_be_sent_to(PLAIN, address, allow_loopback=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_sent_to_only_where_it_is_allowed(address: str) -> None:
    assert may_be_sent_to(PLAIN, address, allow_loopback=True)
    assert not may_be_sent_to(PLAIN, address, allow_loopback=False)


def test_where_this_machine_is_allowed_no_other_private_address_is() -> None:
    assert webhook_target("http://127.0.0.1:9000/x", allow_loopback=True).port == 9000
    assert webhook_target("http://localhost/x", allow_loopback=True).port == 80
    with pytest.raises(WebhookUrlError):
        webhook_target("http://10.0.0.1/", allow_loopback=True)
    with pytest.raises(WebhookUrlError):
        webhook_target("https://169.254.169.254/", allow_loopback=True)
