"""Answer a code or token that was used before: a lost answer, a lost race, or reuse (RFC 9700 §4.14, T23, T25)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auth_service.actions.issuing import IssuedGrant
from auth_service.domain.errors import InvalidGrantError
from auth_service.domain.grant import DEVICE_CODE_GENERATION, Verdict
from auth_service.domain.grant_events import grant_reused
from auth_service.domain.refresh_token import successor_of
from auth_service.storage.audit_trail import append_event
from auth_service.storage.grants import end_grant
from wire.end_reason import EndReason

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.actions.issuing import IssuingParts, Presenter
    from auth_service.domain.grant import Grant, KeptGrant


def answer_replay(  # noqa: PLR0913 - what was shown, as what, by whom
    parts: IssuingParts,
    kept: KeptGrant,
    shown: str,
    *,
    generation: int,
    presenter: Presenter,
    same_key: bool,
    now: datetime,
) -> IssuedGrant:
    """Give the same successor again, or end the family, or refuse without harm.

    Raises InvalidGrantError or DatabaseUnavailableError.
    """
    verdict = kept.family.judge(generation, same_key=same_key, now=now)
    if verdict is Verdict.GIVE_AGAIN and kept.successor_seed is not None:
        again = successor_of(
            shown,
            kept.successor_seed,
            grant_id=kept.grant.id,
            generation=kept.family.generation,
            key=parts.refresh_token_key,
        )
        return IssuedGrant(grant=kept.grant, refresh_token=again)
    if verdict is Verdict.REUSED:
        reason = _reason(generation)
        _end(parts, kept.grant, reason, presenter, now)
        raise InvalidGrantError("This device's authorization has ended.", reason=reason)
    if verdict is Verdict.NEWER:
        raise InvalidGrantError("This token is newer than our records. Authorize the device again.")
    raise InvalidGrantError("This has been used. Use what was given for it.")


def _reason(generation: int) -> EndReason:
    used = generation == DEVICE_CODE_GENERATION
    return EndReason.DEVICE_CODE_REUSED if used else EndReason.REFRESH_TOKEN_REUSED


def _end(parts: IssuingParts, grant: Grant, reason: EndReason, presenter: Presenter, now: datetime) -> None:
    with parts.database.transaction() as connection:
        if end_grant(connection, grant.id, reason=reason, now=now):
            context = _context(grant, presenter, now)
            parts.mail.write(connection, grant.device.organization_id, "device_reuse_detected", context, now)
            append_event(connection, grant_reused(grant, reason, presenter.address, now))


def _context(grant: Grant, presenter: Presenter, now: datetime) -> dict[str, Any]:
    return {
        "organization_name": grant.organization_name,
        "device_name": grant.device.name,
        "device_id": grant.device.id,
        "detected_at": now.isoformat(),
        "seen_from": presenter.address,
    }
