"""List the devices of the chosen organization with their state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import redirect, render_template, url_for

from auth_service.portal.visitor import in_organization
from auth_service.storage.devices import list_devices

if TYPE_CHECKING:
    from flask import Blueprint
    from flask.typing import ResponseReturnValue

    from auth_service.domain.operator import Membership
    from auth_service.portal.desk import PortalDesk
    from auth_service.portal.visitor import Visitor


def add_devices(routes: Blueprint, desk: PortalDesk) -> None:
    """Add the page's route, and the portal's front door that leads to it."""

    @routes.get("/")
    def home() -> ResponseReturnValue:
        return redirect(url_for("portal.devices"), 303)

    @routes.get("/devices")
    @in_organization
    def devices(_visitor: Visitor, member: Membership) -> ResponseReturnValue:
        with desk.database.reading() as connection:
            listed = list_devices(connection, member.organization_id, desk.now())
        return render_template("devices.html", member=member, listed=listed)
