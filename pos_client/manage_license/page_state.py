"""What the Manage License page shows for each state of the license, free of Flask; the CLI prints the same.

Labels are as the product documentation prints them: the dash in a status is an en dash, "Token Expiry:" has its colon.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC
from typing import TYPE_CHECKING, Final

from pos_client.clock_guard import ClockFault
from pos_client.license_state import TokenStatus
from pos_client.token_store import SET_ASIDE_NAME
from wire.end_reason import EndReason
from wire.license_status import LicenseStatus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from pos_client.device_state import DeviceState
    from pos_client.license_state import LicenseState
    from pos_client.stored_state import PendingAuthorization

_ENDED_BECAUSE: Final[dict[str, str]] = {
    EndReason.REPLACED: "Another machine was authorized as this device.",
    EndReason.REMOVED: "The license was removed at the Authorization server.",
    EndReason.REVOKED: "Its authorization was given back.",
    EndReason.EXPIRED: "Its authorization is five years old and must be made anew.",
    EndReason.REFRESH_TOKEN_REUSED: "Two machines used this license: it may have been copied.",
    EndReason.DEVICE_CODE_REUSED: "Two machines used the code of its authorization: it may have been copied.",
    EndReason.NO_LICENSE: "The organization has no license any more.",
    EndReason.LICENSE_EXPIRED: "The organization's license has expired and must be renewed first.",
    EndReason.NO_SEAT: "It holds no seat of a license any more.",
}
_OFF: Final = {ClockFault.BEHIND: "behind", ClockFault.AHEAD: "ahead of"}


@dataclass(frozen=True, slots=True)
class Detail:
    """One line of License Details; `machine_time` is for the `datetime` attribute where the text is a time."""

    label: str
    text: str
    machine_time: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to act upon. `level` is `warning` or `danger`; `on_page` says what to press, for the page alone."""

    level: str
    title: str
    sentences: tuple[str, ...]
    causes: tuple[str, ...] = ()
    on_page: str | None = None


@dataclass(frozen=True, slots=True)
class PendingView:
    """The User Code and what helps to enter it."""

    user_code: str
    verification_uri: str
    expires_at: Detail


@dataclass(frozen=True, slots=True)
class PageState:
    """The whole page."""

    issuer: str
    alerts: tuple[Alert, ...]
    details: tuple[Detail, ...]
    pending: PendingView | None
    shows_instructions: bool
    may_refresh: bool
    may_remove: bool


def page_state(state: DeviceState, issuer: str) -> PageState:
    """Turn the device's state into the page's."""
    may_start = not state.held or state.authorization_ended
    pending = state.pending if may_start and not state.pending_expired else None
    return PageState(
        issuer=issuer,
        alerts=tuple(_alerts(state, issuer)),
        details=tuple(_details(state.license, state.last_contact_at)) if state.license is not None else (),
        pending=_pending_view(pending, state.clock.now) if pending is not None else None,
        shows_instructions=may_start and pending is None,
        may_refresh=state.license is not None and not state.authorization_ended,
        may_remove=state.held,
    )


def instant_text(instant: datetime) -> str:
    """Write an instant as `21 November 2026, 14:05 UTC`."""
    utc = instant.astimezone(UTC)
    return f"{day_text(utc.date())}, {utc:%H:%M} UTC"


def day_text(day: date) -> str:
    """Write a day as `21 November 2026`."""
    return f"{day.day} {day:%B} {day.year}"


def ended_because(reason: str) -> str:
    """Say in words why the authorization server ended the authorization; `reason` is its machine word."""
    return _ENDED_BECAUSE.get(reason) or f"The Authorization server's reason: {printable(reason)}."


def printable(text: str) -> str:
    """Give `text` without signs that a terminal obeys, that turn the reading direction, or that cannot be encoded."""
    return "".join(_printable_sign(sign) for sign in text)


def _printable_sign(sign: str) -> str:
    if sign.isprintable():
        return sign
    return " " if unicodedata.category(sign).startswith("Z") else "\N{REPLACEMENT CHARACTER}"


def _time_detail(label: str, instant: datetime) -> Detail:
    return Detail(label, instant_text(instant), instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def _details(license_state: LicenseState, last_contact_at: datetime | None) -> Iterator[Detail]:
    claims = license_state.claims
    yield Detail("License Status", license_state.status.value)
    yield Detail("Server ID", printable(claims.sub))
    if claims.renewal_date is not None:
        yield Detail("License Renewal Date", day_text(claims.renewal_date), claims.renewal_date.isoformat())
    yield Detail("Features", printable(", ".join(claims.features)))
    if claims.hub_server_name is not None:
        yield Detail("Hub Server Name", printable(claims.hub_server_name))
    if claims.hub_server_url is not None:
        yield Detail("Hub Server URL", printable(claims.hub_server_url))
    yield _time_detail("Token Expiry:", license_state.token_expires_at)
    if last_contact_at is not None:
        yield _time_detail("Last contact", last_contact_at)


def _pending_view(pending: PendingAuthorization, now: datetime) -> PendingView:
    expires_at = _time_detail("The User Code expires at", pending.expires_at)
    if pending.expires_at.astimezone(UTC).date() == now.astimezone(UTC).date():
        expires_at = replace(expires_at, text=f"{pending.expires_at.astimezone(UTC):%H:%M} UTC")
    return PendingView(
        user_code=pending.user_code,
        verification_uri=pending.verification_uri_complete or pending.verification_uri,
        expires_at=expires_at,
    )


def _alerts(state: DeviceState, issuer: str) -> Iterator[Alert]:
    if state.set_aside:
        yield Alert(
            "warning",
            "The license file could not be read",
            (f"It was set aside as {SET_ASIDE_NAME} in the state folder. Acquire the license again.",),
        )
    if state.unverified is not None:
        yield Alert(
            "danger",
            "The license held here cannot be verified",
            (printable(state.unverified), "Remove the license and acquire it again."),
        )
    if state.license is not None:
        yield from _token_alerts(state.license, issuer)
        yield from _renewal_alerts(state.license)
    if state.authorization_ended:
        yield _ended_alert(state)
    if state.clock.fault is not None:
        yield _clock_alert(state.clock.fault, state.clock.now)
    if state.pending is not None and state.pending_expired:
        yield Alert("warning", "The User Code has expired", (), on_page="Choose Next to get a new one.")


def _token_alerts(license_state: LicenseState, issuer: str) -> Iterator[Alert]:
    if license_state.token_status is TokenStatus.OUTLIVED:
        yield Alert(
            "danger",
            "Unable to Connect to License Server for 8 Days",
            (
                "This system is deactivated. One successful connection to the license server activates it again.",
                "There are three possible causes:",
            ),
            (
                f"A firewall or gateway blocks the connection: let this server reach {issuer}.",
                "The password of the Cloud account was changed: enter the new password on this site.",
                "This is a new site without a Licensing Group: create a group, or connect this site to one.",
            ),
        )
    if license_state.token_status is TokenStatus.NEAR:
        yield Alert(
            "warning",
            "Token Expiry is near",
            (
                f"{_days_left(license_state.days_left)} left until this system is deactivated.",
                "Re-connect the POS server to the internet to obtain fresh license tokens.",
            ),
        )


def _days_left(days: int) -> str:
    if days == 0:
        return "Less than one day"
    return "1 day" if days == 1 else f"{days} days"


def _renewal_alerts(license_state: LicenseState) -> Iterator[Alert]:
    if license_state.status is LicenseStatus.REQUIRES_RENEWAL:
        yield Alert(
            "warning",
            LicenseStatus.REQUIRES_RENEWAL.value,
            ("The license is nearing its renewal date. It must be updated at the Authorization server.",),
        )
    if license_state.status is LicenseStatus.EXPIRED:
        yield Alert(
            "danger",
            LicenseStatus.EXPIRED.value,
            (
                "The license has already expired.",
                "It must be removed here and re-acquired from the Authorization server.",
            ),
        )


def _ended_alert(state: DeviceState) -> Alert:
    sentences = ["The Authorization server gives no more license tokens to this server."]
    if state.ended_reason is not None:
        sentences.append(ended_because(state.ended_reason))
    if state.active and state.license is not None:
        sentences.append(f"The license stays usable until {instant_text(state.license.token_expires_at)}.")
    steps = "Follow the steps below to authorize this server again."
    return Alert("danger", "This server must be authorized again", tuple(sentences), on_page=steps)


def _clock_alert(fault: ClockFault, now: datetime) -> Alert:
    return Alert(
        "warning",
        "The clock of this server is wrong",
        (
            f"It is {_OFF[fault]} the time known from the Authorization server.",
            f"Until it is set right, {instant_text(now)} is taken as the time.",
        ),
    )
