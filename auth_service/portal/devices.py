"""List the devices of the chosen organization with their state, and remove the license of one (S3-18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, url_for
from flask_wtf import FlaskForm
from werkzeug.exceptions import NotFound

from auth_service.actions.remove_license import remove_license
from auth_service.portal.visitor import in_organization
from auth_service.storage.devices import list_devices

if TYPE_CHECKING:
    from flask import Blueprint
    from flask.typing import ResponseReturnValue

    from auth_service.domain.device import ListedDevice
    from auth_service.domain.operator import Membership
    from auth_service.portal.desk import PortalDesk
    from auth_service.portal.visitor import Visitor


def add_devices(routes: Blueprint, desk: PortalDesk) -> None:
    """Add the pages' routes, and the portal's front door that leads to them."""

    @routes.get("/")
    def home() -> ResponseReturnValue:
        return redirect(url_for("portal.devices"), 303)

    @routes.get("/devices")
    @in_organization
    def devices(_visitor: Visitor, member: Membership) -> ResponseReturnValue:
        with desk.database.reading() as connection:
            listed = list_devices(connection, member.organization_id, desk.now())
        return render_template("devices.html", member=member, listed=listed)

    @routes.route("/devices/<device_id>/remove", methods=["GET", "POST"], endpoint="remove_license")
    @in_organization
    def remove(visitor: Visitor, member: Membership, device_id: str) -> ResponseReturnValue:
        found = _find(desk, member, device_id)
        form = FlaskForm()
        if not form.validate_on_submit():
            return render_template("remove_license.html", form=form, found=found)
        remove_license(desk.database, found.device.id, member, operator_id=visitor.operator.id, now=desk.now())
        flash(f"The license of {found.device.name} is removed.", "success")
        return redirect(url_for("portal.devices"), 303)


def _find(desk: PortalDesk, member: Membership, device_id: str) -> ListedDevice:
    """Find a device that this member may take a license or an approval from; else there is no such page (T44)."""
    with desk.database.reading() as connection:
        listed = list_devices(connection, member.organization_id, desk.now())
    found = next((one for one in listed if one.device.id == device_id and one.is_removable), None)
    if found is None or not member.may_approve:
        raise NotFound
    return found
