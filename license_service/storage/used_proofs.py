"""The rows of `used_proofs`: which DPoP proofs opened this API lately, for all processes (RFC 9449 §11.1).

This service has no Redis; a proof is so rare here that a row is cheap.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete
from sqlalchemy.dialects import postgresql, sqlite

from database.retried import retried
from license_service.storage.tables import used_proofs

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from database.engine import Database

_FORGET: Final = delete(used_proofs).where(used_proofs.c.ends_at <= bindparam("now"))
# ON CONFLICT is spelt by each dialect's own insert. Rows are counted by what comes back, as for seats.
_ADD: Final = {
    "sqlite": sqlite.insert(used_proofs).on_conflict_do_nothing().returning(used_proofs.c.digest),
    "postgresql": postgresql.insert(used_proofs).on_conflict_do_nothing().returning(used_proofs.c.digest),
}


class UsedProofs:
    """The proofs that were used; a wire.dpop.ReplayMemory."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @retried
    def is_first_use(self, proof: str, *, seconds: int, now: datetime) -> bool:
        """Note a proof (its digest) for `seconds`; tell whether it was not known. Raises DatabaseUnavailableError."""
        with self._database.transaction() as connection:
            connection.execute(_FORGET, {"now": now})
            return _added(connection, proof, now + timedelta(seconds=seconds))


def _added(connection: Connection, proof: str, ends_at: datetime) -> bool:
    values = {"digest": proof, "ends_at": ends_at}
    return connection.execute(_ADD[connection.dialect.name], values).one_or_none() is not None
