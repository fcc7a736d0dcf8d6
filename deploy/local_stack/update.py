"""The demonstration's update manifest: the version that runs here is the newest, signed anew at each start."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.local_stack.owner_only import write_owner_only
from license_service.actions.publish_update import publish_update
from license_service.actions.sign_update import UpdateDraft
from license_service.signing.update_key import create_update_key, load_update_key, public_key_set
from license_service.storage.update_folder import UpdateFolder
from license_service.update_settings import load_update_settings
from wire.update_manifest import Release

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_VALID_DAYS: Final = 30


def seed_update(environ: Mapping[str, str], now: datetime) -> None:
    """Make the key at the first start, pin it for the demo POS server, and publish. Raises LicenseServiceError."""
    key_file = Path(environ["TILLPASS_UPDATE_KEY"])
    key = load_update_key(key_file) if key_file.exists() else create_update_key(key_file)
    write_owner_only(Path(environ["POS_UPDATE_KEYS"]), json.dumps(public_key_set([key])) + "\n")
    newest = Release.read(version("tillpass"))
    draft = UpdateDraft(
        newest_version=newest,
        minimum_version=Release(0, 0, 0),
        artifacts={},
        notes_url=None,
        valid_days=_VALID_DAYS,
    )
    folder = load_update_settings(environ).folder
    folder.mkdir(mode=0o700, exist_ok=True)
    publish_update(UpdateFolder(folder), draft, key, sequence=None, now=now)
