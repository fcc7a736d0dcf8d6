"""From where a device asked, as the operator sees it: only a named proxy is believed (T03, T12)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from auth_service.app import create_app
from auth_service.domain.trusted_proxies import read_trusted_proxies

if TYPE_CHECKING:
    from tests.doubles.auth_house import House

CLAIMED = {"X-Forwarded-For": "198.51.100.66, 203.0.113.9"}


def behind(house: House, proxies: str) -> House:
    trusted = read_trusted_proxies(proxies)
    wired = replace(
        house.wired,
        protocol=replace(house.wired.protocol, proxies=trusted),
        desk=replace(house.wired.desk, proxies=trusted),
    )
    return replace(house, wired=wired, app=create_app(wired))


def confirmation_of_a_code_from(house: House, headers: dict[str, str]) -> str:
    codes = house.post("/oauth/device_authorization", {"client_id": "tillpass-pos"}, headers=headers).json
    page: str = house.sign_in().submit("/activate", device_id=house.device_id, user_code=codes["user_code"]).text
    return page


def test_a_spoofed_header_is_not_shown_to_the_operator(house: House) -> None:
    """T03, T12: whoever asks cannot say that it asks from the operator's own shop."""
    page = confirmation_of_a_code_from(house, CLAIMED)

    assert "from 127.0.0.1," in page
    assert "198.51.100.66" not in page


def test_through_a_named_proxy_the_hop_before_it_is_shown(house: House) -> None:
    """T12."""
    page = confirmation_of_a_code_from(behind(house, "127.0.0.1"), CLAIMED)

    assert "from 203.0.113.9," in page
    assert "another network address" in page


def test_two_machines_of_one_ipv6_network_are_not_apart(house: House) -> None:
    """T12: privacy addresses change by the hour; a warning that is always there warns of nothing."""
    codes = house.post(
        "/oauth/device_authorization",
        {"client_id": "tillpass-pos"},
        environ_base={"REMOTE_ADDR": "2001:db8:1:2::77"},
    ).json
    visitor = house.sign_in()
    visitor.web.environ_base["REMOTE_ADDR"] = "2001:db8:1:2::88"

    page = visitor.submit("/activate", device_id=house.device_id, user_code=codes["user_code"]).text

    assert "from 2001:db8:1:2::/64," in page
    assert "another network address" not in page
