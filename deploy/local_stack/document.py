"""What a running stack tells: `stack.json` for scripts (owner-only), and the same as a table for a person."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from deploy.local_stack.owner_only import write_owner_only
from deploy.local_stack.process_table import POS_CLIENT_ID, addresses
from deploy.local_stack.settings import LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.local_stack.settings import StackSettings
    from deploy.local_stack.stack_secrets import StackSecrets


def stack_document(settings: StackSettings, secrets: StackSecrets, seeded: dict[str, Any]) -> dict[str, Any]:
    """Give the document; `seeded` is what `deploy.local_stack.seed` printed."""
    urls = addresses(settings, secrets)
    return {
        "auth_url": urls.auth,
        "license_url": urls.license,
        "notify_url": urls.notify,
        "status_url": f"{urls.operations}/status",
        "pos_url": urls.pos,
        "update_url": urls.update,
        "mails_url": f"{urls.notify}/mails/",
        "smtp": {"host": LOOPBACK, "port": settings.ports.smtp},
        "operator": {"email": seeded["operator"]["email"], "password": secrets.demo_password},
        "organization": seeded["organization"],
        "devices": seeded["devices"],
        "clients": {
            "pos": {"client_id": POS_CLIENT_ID},
            "scripts": {"client_id": seeded["scripts_client_id"], "client_secret": secrets.client_secret},
        },
        "pid": os.getpid(),
    }


def write_document(path: Path, document: dict[str, Any]) -> None:
    write_owner_only(path, json.dumps(document, indent=2) + "\n")


def table(document: dict[str, Any]) -> str:
    """Draw the table of addresses, and the line that says what to open."""
    rows = [
        ("Manage License (the demo POS server)", document["pos_url"]),
        ("Portal (the authorization server)", document["auth_url"]),
        ("Mails that were sent", document["mails_url"]),
        ("How emails are going", document["status_url"]),
        ("License service", f"{document['license_url']}/docs"),
        ("Notify service", f"{document['notify_url']}/docs"),
        ("Update service", document["update_url"]),
        ("SMTP server", f"{document['smtp']['host']}:{document['smtp']['port']}"),
        ("Operator", document["operator"]["email"]),
        ("Demo password (made once)", document["operator"]["password"]),
    ]
    width = max(len(name) for name, _ in rows)
    rule = "  " + "-" * (width + 2 + max(len(value) for _, value in rows))
    lines = [f"  {name:<{width}}  {value}" for name, value in rows]
    device = document["devices"]["pos_server"]["name"]
    return "\n".join(
        [
            rule,
            *lines,
            rule,
            f"Open Manage License, {document['pos_url']} , and follow it.",
            f'It leads you to the portal, where you authorize the device "{device}".',
        ]
    )
