"""Licensed devices in great numbers, written past the endpoints: each with a used code and a live refresh token."""

from __future__ import annotations

import json
import uuid
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, insert, select, update

from auth_service.domain.device_authorization import LIFETIME_SECONDS
from auth_service.domain.refresh_token import new_seed, read_refresh_token, successor_of
from auth_service.domain.secret_digest import digest, new_secret
from auth_service.storage.tables import device_authorizations, devices, grants, status_indexes
from auth_service.wiring import utc_now
from tests.bench.filled_service import CLIENT_ID, device_rows
from tests.bench.license_double import entitlement_document
from wire.scopes import LICENSE

if TYPE_CHECKING:
    from auth_service.wiring import Wired
    from tests.bench.filled_service import FilledService

AT_ONCE: Final = 10_000
_AGE: Final = timedelta(days=30)


class LicensedDevices:
    """The devices of one service that can refresh, each with its live token."""

    def __init__(self, service: FilledService, wired: Wired) -> None:
        self._service = service
        self._wired = wired
        self._tokens: deque[str] = deque()
        self._device_of_grant: dict[str, str] = {}

    def add(self, count: int) -> None:
        """Write devices that were authorized a month ago."""
        while count > 0:
            self._add(min(AT_ONCE, count))
            count -= AT_ONCE

    def take(self, count: int) -> list[str]:
        """Give live refresh tokens whose licenses are known so newly that nobody needs to be asked."""
        self.add(count - len(self._tokens))
        taken = [self._tokens.popleft() for _ in range(count)]
        known = [{"wanted": each, "entitlement": self._entitlement(each)} for each in map(_grant_id, taken)]
        with self._wired.database.transaction() as connection:
            connection.execute(update(grants).where(grants.c.id == bindparam("wanted")), known)
        return taken

    def give_back(self, token_answer: bytes) -> None:
        """Keep the refresh token of an answer for another time."""
        self._tokens.append(json.loads(token_answer)["refresh_token"])

    def _entitlement(self, grant_id: str) -> str:
        return json.dumps(entitlement_document(self._device_of_grant[grant_id], self._service.organization_id))

    def _add(self, count: int) -> None:
        records = device_rows(count, self._service.organization_id)
        codes = [_used_code(each, self._service) for each in records]
        with self._wired.database.transaction() as connection:
            connection.execute(insert(status_indexes), [{"device_authorization_id": code["id"]} for code in codes])
            newest = select(status_indexes.c.number).order_by(status_indexes.c.number.desc()).limit(count)
            numbers = connection.execute(newest).scalars().all()
            for code, number in zip(codes, numbers, strict=True):
                code["status_index"] = number
            connection.execute(insert(devices), records)
            connection.execute(insert(device_authorizations), codes)
            connection.execute(insert(grants), [self._grant(code) for code in codes])

    def _grant(self, code: dict[str, Any]) -> dict[str, Any]:
        grant_id, seed, before = code["id"], new_seed(), new_secret()
        key = self._wired.protocol.refresh_token_key
        token = successor_of(before, seed, grant_id=grant_id, generation=0, key=key)
        self._tokens.append(token)
        self._device_of_grant[grant_id] = code["device_id"]
        return {
            "id": grant_id,
            "device_id": code["device_id"],
            "client_id": CLIENT_ID,
            "scope": LICENSE,
            "entitlement": code["entitlement"],
            "created_at": code["consumed_at"],
            "last_contact_at": code["consumed_at"],
            "expires_at": code["consumed_at"] + 12 * _AGE,
            "status_index": code["status_index"],
            "refresh_token_digest": digest(token),
            "predecessor_digest": digest(before),
            "generation": 0,
            "rotated_at": code["consumed_at"],
            "earlier_uses": "[]",
        }


def _grant_id(token: str) -> str:
    read = read_refresh_token(token)
    if read is None:
        raise ValueError("This is no refresh token.")
    return read.grant_id


def _used_code(device: dict[str, Any], service: FilledService) -> dict[str, Any]:
    then = utc_now() - _AGE
    return {
        "id": str(uuid.uuid4()),
        "device_code_digest": digest(new_secret()),
        "user_code_digest": digest(new_secret()),
        "client_id": CLIENT_ID,
        "scope": LICENSE,
        "status": "consumed",
        "requested_from": "127.0.0.1",
        "created_at": then,
        "expires_at": then + timedelta(seconds=LIFETIME_SECONDS),
        "device_id": device["id"],
        "organization_id": device["organization_id"],
        "operator_id": service.operator_id,
        "entitlement": json.dumps(entitlement_document(device["id"], device["organization_id"])),
        "decided_at": then,
        "consumed_at": then,
    }
