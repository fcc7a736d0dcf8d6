"""`python -m deploy.local_stack.seed`: migrate the three databases and make the demonstration's records, once.

Prints what is there as one line of JSON. Run again it finds everything and changes nothing. Refuses any database but
SQLite (T64): demo records have no place in production.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from auth_service.actions.create_device import NewDevice, create_device
from auth_service.actions.create_operator import NewOperator, create_operator
from auth_service.actions.create_organization import create_organization
from auth_service.actions.create_signing_key import create_signing_key
from auth_service.actions.register_client import NewClient, register_client
from auth_service.domain.operator import Role
from auth_service.settings import load_settings as load_auth_settings
from auth_service.storage.clients import find_client
from auth_service.storage.devices import list_devices
from auth_service.storage.operators import find_by_email
from auth_service.storage.organizations import memberships_of
from auth_service.wiring import key_vault
from database.engine import Database
from database.migrations import migrate
from deploy.local_stack.process_table import POS_CLIENT_ID
from deploy.local_stack.update import seed_update
from license_service.actions.create_signing_key import create_signing_key as create_license_signing_key
from license_service.actions.issue_key import issue_key
from license_service.actions.list_license_keys import list_license_keys
from license_service.actions.record_agreement import record_agreement
from license_service.domain.agreement import Agreement
from license_service.domain.license_key import KeyTerms
from license_service.domain.renewal import years_after
from license_service.signing.key_folder import KeyFolder
from wire.grant_types import CLIENT_CREDENTIALS, CONNECT_TO_GROUP, DEVICE_CODE, REFRESH_TOKEN
from wire.scopes import (
    LICENSE,
    LICENSES_READ,
    LICENSES_WRITE,
    NOTIFICATIONS_READ,
    NOTIFICATIONS_WRITE,
    ORGANIZATIONS_READ,
    WEBHOOKS_READ,
    WEBHOOKS_WRITE,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auth_service.domain.client import Client

ORGANIZATION: Final = "Demo Bakery Group"
OPERATOR: Final = "owner@demo-bakery.example"
HUB: Final = "Head Office Hub"
HUB_URL: Final = "https://hub.demo-bakery.example"
POS_SERVER: Final = "Shop 1 POS Server"
AGREEMENT: Final = "DEMO-1"
ID_NUMBER: Final = "Demo"
SCRIPTS_CLIENT_ID: Final = "local-scripts"
NOTIFY_CLIENT_ID: Final = "notify-service"
_PACKAGES: Final = {
    "auth_service": "AUTH_DATABASE_URL",
    "license_service": "LICENSE_DATABASE_URL",
    "notify_service": "NOTIFY_DATABASE_URL",
}


@dataclass(frozen=True, slots=True)
class Seeding:
    """Where the records go, and the secrets that they get."""

    auth: Database
    licenses: Database
    demo_password: str
    scripts_secret: str
    notify_secret: str
    now: datetime


def seed(environ: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Migrate and seed what `environ` names. Raises SystemExit with a sentence when that cannot be."""
    for package, variable in _PACKAGES.items():
        if not environ[variable].startswith("sqlite:"):
            sys.exit(f"{variable} names another database than SQLite: demonstration records are refused there.")
        migrate(package, environ[variable])
    settings = load_auth_settings(environ)
    vault = key_vault(settings)
    if vault.read().current is None:
        create_signing_key(vault, now=now)
    license_keys = KeyFolder(Path(environ["LICENSE_KEY_FOLDER"]))
    if license_keys.read().current is None:
        create_license_signing_key(license_keys, now=now)
    seeding = Seeding(
        auth=Database(settings.database_url),
        licenses=Database(environ["LICENSE_DATABASE_URL"]),
        demo_password=environ["TILLPASS_DEMO_PASSWORD"],
        scripts_secret=environ["TILLPASS_SCRIPTS_SECRET"],
        notify_secret=environ["TILLPASS_NOTIFY_SECRET"],
        now=now,
    )
    _seed_clients(seeding)
    organization_id = _organization(seeding)
    _seed_license_key(seeding, organization_id)
    seed_update(environ, now)
    return {
        "operator": {"email": OPERATOR},
        "organization": {"id": organization_id, "name": ORGANIZATION},
        "devices": _devices(seeding, organization_id),
        "scripts_client_id": SCRIPTS_CLIENT_ID,
    }


def _organization(seeding: Seeding) -> str:
    """Give the demo operator's organization, both made where they are missing."""
    with seeding.auth.reading() as connection:
        found = find_by_email(connection, OPERATOR)
        memberships = memberships_of(connection, found[0].id) if found else []
    if memberships:
        return memberships[0].organization_id
    organization_id = create_organization(seeding.auth, ORGANIZATION, now=seeding.now)
    owner = NewOperator(
        email=OPERATOR,
        name="Demo Owner",
        password=seeding.demo_password,
        organization_id=organization_id,
        role=Role.OWNER,
    )
    create_operator(seeding.auth, owner, now=seeding.now)
    return organization_id


def _devices(seeding: Seeding, organization_id: str) -> dict[str, dict[str, str]]:
    hub_id = _device(seeding, NewDevice(organization_id, HUB, store="Head office", server_url=HUB_URL))
    pos_server_id = _device(seeding, NewDevice(organization_id, POS_SERVER, store="Shop 1", hub_device_id=hub_id))
    return {"hub": {"id": hub_id, "name": HUB}, "pos_server": {"id": pos_server_id, "name": POS_SERVER}}


def _device(seeding: Seeding, new: NewDevice) -> str:
    with seeding.auth.reading() as connection:
        listed = list_devices(connection, new.organization_id, seeding.now)
    ids = {one.device.name: one.device.id for one in listed}
    return ids.get(new.name) or create_device(seeding.auth, new, now=seeding.now)


def _seed_clients(seeding: Seeding) -> None:
    grant_types = (DEVICE_CODE, REFRESH_TOKEN, CONNECT_TO_GROUP)
    pos = NewClient(POS_CLIENT_ID, "Tillpass POS server", grant_types, (LICENSE,), is_public=True)
    if _client(seeding, POS_CLIENT_ID) is None:
        register_client(seeding.auth, pos, now=seeding.now)
    scopes = (
        LICENSES_READ,
        LICENSES_WRITE,
        NOTIFICATIONS_READ,
        NOTIFICATIONS_WRITE,
        WEBHOOKS_READ,
        WEBHOOKS_WRITE,
    )
    scripts = NewClient(SCRIPTS_CLIENT_ID, "Local scripts", (CLIENT_CREDENTIALS,), scopes, is_public=False)
    _seed_confidential_client(seeding, scripts, seeding.scripts_secret)
    reads = (LICENSES_READ, ORGANIZATIONS_READ)
    notify = NewClient(NOTIFY_CLIENT_ID, "Notify service", (CLIENT_CREDENTIALS,), reads, is_public=False)
    _seed_confidential_client(seeding, notify, seeding.notify_secret)


def _seed_confidential_client(seeding: Seeding, client: NewClient, secret: str) -> None:
    registered = _client(seeding, client.client_id)
    if registered is None:
        register_client(seeding.auth, client, now=seeding.now, client_secret=secret)
    elif not registered.check_client_secret(secret):
        sys.exit("secrets.json is not the one that these databases were made with: remove the folder, start anew.")


def _client(seeding: Seeding, client_id: str) -> Client | None:
    with seeding.auth.reading() as connection:
        return find_client(connection, client_id)


def _seed_license_key(seeding: Seeding, organization_id: str) -> None:
    if list_license_keys(seeding.licenses, organization_id=organization_id):
        return
    today = seeding.now.date()
    agreement = Agreement(str(uuid4()), organization_id, AGREEMENT, signed_on=today, created_at=seeding.now)
    record_agreement(seeding.licenses, agreement)
    terms = KeyTerms(id_number=ID_NUMBER, profile_code="standard", seats={"xms": 5}, renewal_date=years_after(today))
    issue_key(seeding.licenses, terms, agreement_id=agreement.id, key_id=str(uuid4()), now=seeding.now)


if __name__ == "__main__":
    print(json.dumps(seed(os.environ, datetime.now(UTC))))
