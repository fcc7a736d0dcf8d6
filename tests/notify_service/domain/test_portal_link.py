from __future__ import annotations

import pytest

from notify_service.domain.portal_link import leads_to_portal

PORTAL = "https://licenses.example/portal"


@pytest.mark.parametrize("portal", [PORTAL, f"{PORTAL}/"])
@pytest.mark.parametrize(
    "link",
    [PORTAL, f"{PORTAL}/", f"{PORTAL}/devices", f"{PORTAL}?a=..", f"{PORTAL}/register/x?link=a%2Fb#c", f"{PORTAL}//x"],
)
def test_a_link_below_the_portal_leads_to_it(portal: str, link: str) -> None:
    assert leads_to_portal(link, portal)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/portal/",
        "https://licenses.example/",
        "https://licenses.example/portal-of-evil",
        "https://licenses.example.evil.example/portal/",
        "https://licenses.example@evil.example/portal/",
        "https://licenses.example:8443/portal/",
        "http://licenses.example/portal/",
        "//licenses.example/portal/",
        "https://licenses.example/portal/../evil",
        "https://licenses.example/portal/%2e%2E/evil",
        "https://licenses.example/portal/x/..%2f../evil",
        "https://licenses.example/portal/..\\evil",
        "https://licenses.example\\@evil.example/portal/",
        "javascript:alert(1)//https://licenses.example/portal/",
        "",
    ],
)
def test_any_other_link_does_not(link: str) -> None:
    """T40."""
    assert not leads_to_portal(link, PORTAL)


def test_a_portal_without_a_path_is_no_prefix_of_another_host() -> None:
    assert not leads_to_portal("https://licenses.example.evil.example/", "https://licenses.example")
