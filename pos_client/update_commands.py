"""The commands of `tillpass-pos` on updates, and on what must be reached over the network (S1-13, S1-14)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pos_client.errors import SettingsError, UpdateRefusedError
from pos_client.manage_license.page_state import printable
from pos_client.manage_license.update_line import update_line
from pos_client.update_check import UpdateStatus, verify_artifact

if TYPE_CHECKING:
    import argparse

    from pos_client.settings import Settings
    from pos_client.update_check import UpdateCheck, UpdateState
    from pos_client.wiring import Wired

EXIT_CODES: Final = {UpdateStatus.UP_TO_DATE: 0, UpdateStatus.CANNOT_TELL: 6, UpdateStatus.UPDATE_AVAILABLE: 7}
_PORTS: Final = {"http": 80, "https": 443}


def add_update_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add the commands to those of `tillpass-pos`."""
    purpose = "Ask the vendor's update service for the newest version; nothing is downloaded or installed."
    check = commands.add_parser("check-update", help=purpose, description=purpose)
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(act_on_updates=_check)

    purpose = "Check that a file that was downloaded is the update, byte for byte, as its vendor signed it."
    verify = commands.add_parser("verify-update", help=purpose, description=purpose)
    verify.add_argument("file", type=Path, metavar="FILE")
    verify.set_defaults(act_on_updates=_verify)

    purpose = "Show what this server must reach: what to open in the firewall and the gateway."
    connections = commands.add_parser("connections", help=purpose, description=purpose)
    connections.add_argument("--json", action="store_true", help="print JSON")
    connections.set_defaults(act_on_updates=_connections)


def _check(wired: Wired, arguments: argparse.Namespace) -> int:
    state = _update_check(wired).check()
    if arguments.json:
        print(json.dumps(update_document(state), indent=1))
    else:
        print(update_line(state))
        if state.status is UpdateStatus.UPDATE_AVAILABLE:
            _print_where(state)
    return EXIT_CODES[state.status]


def _verify(wired: Wired, arguments: argparse.Namespace) -> int:
    state = _update_check(wired).known()
    if state.manifest is None:
        raise UpdateRefusedError(f"{state.reason} Run: tillpass-pos check-update")
    if state.artifact is None:
        raise UpdateRefusedError("The vendor names no file for this platform.")
    verify_artifact(arguments.file, state.artifact)
    print(f"{printable(str(arguments.file))} is version {state.manifest.newest_version} as its vendor signed it.")
    return 0


def _connections(wired: Wired, arguments: argparse.Namespace) -> int:
    listed = connections_document(wired.settings)
    if arguments.json:
        print(json.dumps({"connections": listed}, indent=1))
    else:
        for one in listed:
            print(f"{one['service']:<20} {one['protocol']:<6} port {one['port']:<6} {one['url']}")
    return 0


def connections_document(settings: Settings) -> list[dict[str, Any]]:
    """Give every address that this server goes to; nothing comes in from outside (S1-14)."""
    addresses = [("Licensing Service", settings.issuer)]
    if settings.update_source is not None:
        addresses.append(("Update Service", settings.update_source.url))
    return [_connection(service, url) for service, url in addresses]


def _connection(service: str, url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "service": service,
        "url": url,
        "host": parts.hostname,
        "port": parts.port or _PORTS[parts.scheme],
        "protocol": parts.scheme.upper(),
    }


def update_document(state: UpdateState) -> dict[str, Any]:
    """Give the JSON for scripts; what cannot be told is null."""
    manifest, artifact = state.manifest, state.artifact
    return {
        "status": state.status.value,
        "reason": state.reason,
        "version": state.running,
        "supported": state.is_supported,
        "newest_version": str(manifest.newest_version) if manifest else None,
        "sequence": manifest.sequence if manifest else None,
        "expires_at": manifest.expires_at.isoformat() if manifest else None,
        "notes_url": manifest.notes_url if manifest else None,
        "artifact": {"url": artifact.url, "size": artifact.size, "sha256": artifact.sha256} if artifact else None,
    }


def _update_check(wired: Wired) -> UpdateCheck:
    if wired.update_check is None:
        raise SettingsError("POS_UPDATE_URL: Set it to the address of the vendor's update manifest.")
    return wired.update_check


def _print_where(state: UpdateState) -> None:
    if state.artifact is not None:
        print(f"Download: {printable(state.artifact.url)}")
        print("Then run: tillpass-pos verify-update FILE")
    if state.manifest is not None and state.manifest.notes_url is not None:
        print(f"What is new: {printable(state.manifest.notes_url)}")
