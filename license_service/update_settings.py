"""The settings of the update service: where the manifest lies that it gives out, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from license_service.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class UpdateSettings:
    """The update service has a process, a port and a host of its own: it needs no database and holds no secret."""

    folder: Path


def load_update_settings(environ: Mapping[str, str]) -> UpdateSettings:
    """Read the settings. Raises SettingsError."""
    folder = environ.get("LICENSE_UPDATE_FOLDER", "").strip()
    if not Path(folder).is_absolute():
        raise SettingsError(
            "Set LICENSE_UPDATE_FOLDER to the absolute path of the folder that the update manifest is served from."
        )
    return UpdateSettings(Path(folder))
