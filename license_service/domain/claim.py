"""Why no license key of an organization takes a new device (S3-17, T59)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.errors import (
    ComponentNotLicensedError,
    LicenseExpiredError,
    LicenseSuspendedError,
    NoLicenseError,
)
from license_service.domain.license_key import HELD
from license_service.domain.renewal import has_ended

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from license_service.domain.errors import LicenseServiceError
    from license_service.domain.license_key import LicenseKey


def why_none_is_open(keys: Sequence[LicenseKey], component_code: str, now: datetime) -> LicenseServiceError:
    """Give the error that says why none of an organization's keys takes a new device."""
    held = [key for key in keys if key.status in HELD]
    if not held:
        return NoLicenseError()
    fitting = [key for key in held if component_code in {each.component_code for each in key.components}]
    if not fitting:
        return ComponentNotLicensedError()
    lasting = [key for key in fitting if not has_ended(key, now)]
    return LicenseSuspendedError() if lasting else LicenseExpiredError()
