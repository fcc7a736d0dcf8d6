"""The pause, if there is one: begun once, probed by one at a time, told once, ended by whoever got in (F33, F38)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from sqlalchemy import case, delete, select, update

from notify_service.domain.pause import Pause
from notify_service.storage.tables import pauses
from notify_service.storage.write_once import write_once

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_MAIL_SERVER: Final = "mail_server"

_row = pauses.c
_is_ours = _row.id == _MAIL_SERVER
_find = select(*(column for column in pauses.columns if column is not _row.id)).where(_is_ours)


def find(connection: Connection) -> Pause | None:
    """Give the pause that there is."""
    found = connection.execute(_find).mappings().first()
    return Pause(**found) if found else None


def begin(connection: Connection, pause: Pause) -> bool:
    """Begin a pause; False when there is one already."""
    return write_once(connection, pauses, {"id": _MAIL_SERVER, **asdict(pause)})


def claim_probe(connection: Connection, *, now: datetime, until: datetime) -> bool:
    """Be the one that tries; False when no probe is due, or another has it. Nobody else gets one before `until`."""
    claimed = connection.execute(
        update(pauses).where(_is_ours, _row.next_probe_at <= now).values(probes=_row.probes + 1, next_probe_at=until)
    )
    return claimed.rowcount == 1


def go_on(connection: Connection, *, fault: str, answer: str, next_probe_at: datetime) -> None:
    """Keep to the pause after a probe that failed. Another fault than before is news to those who were told."""
    connection.execute(
        update(pauses)
        .where(_is_ours)
        .values(
            fault=fault,
            answer=answer,
            next_probe_at=next_probe_at,
            told_at=case((_row.fault == fault, _row.told_at), else_=None),
        )
    )


def probe_at(connection: Connection, moment: datetime) -> bool:
    """Let the next probe be due then; False when there is no pause."""
    return connection.execute(update(pauses).where(_is_ours).values(next_probe_at=moment)).rowcount == 1


def note_told(connection: Connection, *, now: datetime) -> bool:
    """Note that those who run the service are told of this fault; False when they were."""
    return connection.execute(update(pauses).where(_is_ours, _row.told_at.is_(None)).values(told_at=now)).rowcount == 1


def end(connection: Connection) -> bool:
    """End the pause; False when there was none."""
    return connection.execute(delete(pauses).where(_is_ours)).rowcount == 1
