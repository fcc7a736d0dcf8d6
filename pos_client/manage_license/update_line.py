"""What the page's foot and the CLI say of updates, in a sentence or two; free of Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pos_client.manage_license.page_state import printable
from pos_client.update_check import UpdateStatus

if TYPE_CHECKING:
    from pos_client.update_check import UpdateState


def update_line(state: UpdateState) -> str:
    """Say whether there is an update; doubt is said as doubt."""
    running = printable(state.running)
    if state.manifest is None:
        return f"This server runs version {running}. Whether that is the newest cannot be told: {state.reason}"
    unsupported = "" if state.is_supported else " Its vendor no longer supports it."
    if state.status is UpdateStatus.UPDATE_AVAILABLE:
        newest = state.manifest.newest_version
        return f"Update available: version {newest}. This server runs version {running}.{unsupported}"
    return f"This server runs version {running}, which is up to date."
