"""A device: one POS server or register, a named record in an organization made before it is authorized (S3-6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class DeviceKind(StrEnum):
    """What a device is."""

    SERVER = "server"
    REGISTER = "register"


@dataclass(frozen=True, slots=True)
class Device:
    """One device; `id` is its Server ID (S3-19) and the `sub` of its tokens.

    Its hub is another device: that one's name and server_url are this one's Hub Server Name and Hub Server URL
    (S3-22, S3-23). A top server has none.
    """

    id: str
    organization_id: str
    name: str
    kind: DeviceKind
    store: str | None = None
    hub_server_name: str | None = None
    hub_server_url: str | None = None


@dataclass(frozen=True, slots=True)
class ListedDevice:
    """A device and the state of its authorization, as the portal lists it."""

    device: Device
    authorized_at: datetime | None
    last_contact_at: datetime | None
    ended_at: datetime | None
    is_waiting: bool
    """Approved, and not yet fetched: Complete Authorization is still to be chosen on the POS server (S3-11)."""

    @property
    def is_authorized(self) -> bool:
        """Tell whether a machine holds this device's license now."""
        return self.authorized_at is not None and self.ended_at is None

    @property
    def is_removable(self) -> bool:
        """Tell whether there is a license to remove, or an approval that would become one."""
        return self.is_authorized or self.is_waiting
