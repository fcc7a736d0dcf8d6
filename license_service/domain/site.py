"""A site: an organization's installation, where its license keys are registered and activated (S2-6, S2-19, S2-20)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from license_service.domain.errors import OnPremiseError

if TYPE_CHECKING:
    from datetime import datetime


class DeploymentMode(StrEnum):
    """Whether the organization uses the cloud platform, which decides how its keys get to the site."""

    CLOUD = "cloud"
    """Keys are synchronized: once a day, and whenever somebody wants it."""
    ON_PREMISE = "on_premise"
    """Access keys are registered by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What an organization that nothing was noted of has, too: in the cloud, with nothing to activate.

    `revision` goes up with each change of the organization's license keys, `version` with each change of the settings.
    `activation_needed_since` is the first change that the site has not activated yet.
    """

    organization_id: str
    deployment_mode: DeploymentMode = DeploymentMode.CLOUD
    revision: int = 0
    activation_needed_since: datetime | None = None
    activated_at: datetime | None = None
    version: int = 1

    def check_synchronizes(self) -> None:
        """Raise OnPremiseError for a site that has no synchronization, by hand or by the calendar (S2-19, S2-20)."""
        if self.deployment_mode is DeploymentMode.ON_PREMISE:
            raise OnPremiseError
