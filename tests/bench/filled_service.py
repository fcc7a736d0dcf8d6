"""An auth_service with a database of its own, filled for the bench, and the hand that approves there."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from cryptography.fernet import Fernet
from sqlalchemy import insert

from auth_service.actions.authorize_device import Decision, authorize_device
from auth_service.actions.create_operator import NewOperator, create_operator
from auth_service.actions.create_organization import create_organization
from auth_service.actions.create_signing_key import create_signing_key
from auth_service.actions.register_client import NewClient, register_client
from auth_service.actions.review_user_code import Entry, review_user_code
from auth_service.domain.operator import Membership, Operator, Role
from auth_service.settings import load_settings
from auth_service.storage import tables
from auth_service.wiring import key_vault, utc_now, wire_up
from database.engine import Database
from database.migrations import migrate
from tests.bench.license_double import entitlement_document
from wire.grant_types import DEVICE_CODE, REFRESH_TOKEN
from wire.license_documents import EntitlementSchema
from wire.scopes import EVERY_AUDIENCE, LICENSE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from auth_service.wiring import Wired
    from wire.entitlement import Entitlement

CLIENT_ID: Final = "tillpass-pos"
INTROSPECTOR_ID: Final = "introspector"
ORGANIZATION: Final = "Bench Bakery"
_PASSWORD: Final = "correct horse battery"


@dataclass(frozen=True, slots=True)
class FilledService:
    """Where it is, and who is in it."""

    environment: dict[str, str]
    organization_id: str
    operator_id: str
    introspector_secret: str

    def wired(self) -> Wired:
        """Give the parts of the service, for use from this process."""
        return wire_up(load_settings(self.environment))

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> FilledService:
        return cls(**json.loads(path.read_text()))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What the service speaks to, by URL."""

    database: str
    redis: str
    license_service: str


def fill(folder: Path, issuer: str, neighbours: Neighbours) -> FilledService:
    """Migrate the database; make a key, one organization, one who may approve there, and the POS client."""
    environment = {
        "AUTH_DATABASE_URL": neighbours.database,
        "AUTH_REDIS_URL": neighbours.redis,
        "AUTH_ISSUER": issuer,
        "AUTH_SECRET_KEY": uuid.uuid4().hex,
        "AUTH_KEY_FOLDER": str(folder / "keys"),
        "AUTH_LICENSE_SERVICE_URL": neighbours.license_service,
        "AUTH_NOTIFY_SERVICE_URL": "http://127.0.0.1:1",
        "AUTH_NOTIFICATION_KEY": Fernet.generate_key().decode(),
        # Counted as ever, but one machine asks for a fleet here.
        "AUTH_LIMIT_CODES_PER_ADDRESS": "1000000000",
        "AUTH_LIMIT_CODES_PER_CLIENT": "1000000000",
    }
    migrate("auth_service", neighbours.database)
    now = utc_now()
    create_signing_key(key_vault(load_settings(environment)), now=now)
    database = Database(neighbours.database)
    organization_id = create_organization(database, ORGANIZATION, now=now)
    # An approver and no owner: nobody is to be written to.
    new = NewOperator("approver@example.com", "Ada Approver", _PASSWORD, organization_id, Role.APPROVER)
    operator_id = create_operator(database, new, now=now)
    client = NewClient(CLIENT_ID, "POS server", (DEVICE_CODE, REFRESH_TOKEN), (LICENSE,), is_public=True)
    register_client(database, client, now=now)
    introspector = NewClient(INTROSPECTOR_ID, "Introspector", (), (), is_public=False, introspects=EVERY_AUDIENCE)
    secret = register_client(database, introspector, now=now)
    database.close()
    return FilledService(environment, organization_id, operator_id, str(secret))


class Approver:
    """Approves user codes by the actions that the portal calls, each for a new device."""

    def __init__(self, service: FilledService, wired: Wired) -> None:
        self._wired = wired
        self._operator = Operator(service.operator_id, "approver@example.com", "Ada Approver")
        self._member = Membership(service.organization_id, ORGANIZATION, Role.APPROVER)

    def approve(self, user_codes: Iterable[str]) -> None:
        waiting = iter(user_codes)
        while some := list(islice(waiting, 500)):
            for user_code, device_id in zip(some, self._new_devices(len(some)), strict=True):
                self._approve(user_code, device_id)

    def _approve(self, user_code: str, device_id: str) -> None:
        desk = self._wired.desk
        entry = Entry(user_code, device_id, self._member, self._operator.id, "127.0.0.1")
        review = review_user_code(desk.codes, entry, now=utc_now())
        decision = Decision(review, self._operator, self._member)
        authorize_device(desk.database, _Licenses(), decision, mail=desk.mail, now=utc_now())
        desk.pace.decided(review.authorization.device_code_digest)

    def _new_devices(self, count: int) -> list[str]:
        rows = device_rows(count, self._member.organization_id)
        with self._wired.database.transaction() as connection:
            connection.execute(insert(tables.devices), rows)
        return [row["id"] for row in rows]


class _Licenses:
    """Grants a seat without asking anybody."""

    def claim_seat(self, device_id: str, organization_id: str) -> Entitlement:
        granted: Entitlement = EntitlementSchema().load(entitlement_document(device_id, organization_id))
        return granted


def device_rows(count: int, organization_id: str) -> list[dict[str, Any]]:
    """Make rows of new devices."""
    ids = [str(uuid.uuid4()) for _ in range(count)]
    return [
        {
            "id": each,
            "organization_id": organization_id,
            "name": f"Till {each}",
            "kind": "server",
            "created_at": utc_now(),
        }
        for each in ids
    ]
