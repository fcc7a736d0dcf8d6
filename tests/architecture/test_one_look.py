"""The pages look like one product: each package keeps its own copy of the look, and the copies agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def test_the_manage_license_page_has_the_portals_rules(root: Path) -> None:
    portal = (root / "auth_service/portal/static/portal.css").read_text().splitlines()
    copy = (root / "pos_client/manage_license/static/manage_license.css").read_text().splitlines()

    assert [line for line in copy if line not in portal] == []


def test_every_part_has_the_same_icon(root: Path) -> None:
    portal = (root / "auth_service/portal/static/icon.svg").read_bytes()

    for folder in (
        "pos_client/manage_license/static",
        "deploy/local_stack/mail_catcher/static",
        "notify_service/endpoints/static",
    ):
        assert (root / folder / "icon.svg").read_bytes() == portal
