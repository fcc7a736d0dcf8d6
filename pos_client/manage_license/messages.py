"""What is said once after a button was pressed, free of Flask: a level and a sentence or two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from pos_client.errors import AuthorizationEndedError, LicenseRefusedError, NoContactError, RefusedError
from pos_client.license_acquisition import Completion
from pos_client.manage_license.page_state import ended_because, instant_text

if TYPE_CHECKING:
    from pos_client.device_state import DeviceState
    from pos_client.errors import PosClientError


class Message(NamedTuple):
    """`level` is `success`, `info`, `warning` or `danger`."""

    level: str
    text: str


COMPLETED: Final = {
    Completion.LICENSED: Message("success", "This server is licensed."),
    Completion.NOT_AUTHORIZED_YET: Message(
        "info",
        "Not authorized yet. In the Authorization server tab, enter the User Code and choose Authorize, "
        "then choose Complete Authorization here again.",
    ),
    Completion.DENIED: Message(
        "warning", "The authorization was denied at the Authorization server. Choose Next to try again."
    ),
    Completion.EXPIRED: Message("warning", "The User Code is no longer valid. Choose Next to get a new one."),
}
REMOVED: Final = Message("success", "The license was removed from this server.")


def refreshed(state: DeviceState) -> Message:
    """Say until when the fresh token of `state` is good."""
    expiry = f" Token Expiry: {instant_text(state.license.token_expires_at)}." if state.license is not None else ""
    return Message("success", f"A fresh license token was obtained.{expiry}")


def message_of(error: PosClientError) -> Message:
    """Say what went wrong and what to do."""
    if isinstance(error, NoContactError):
        return Message(
            "warning",
            f"The Authorization server could not be reached. {error} "
            "Check the internet connection of this server, then try again. Nothing was lost.",
        )
    if isinstance(error, AuthorizationEndedError):
        because = f" {ended_because(error.reason)}" if error.reason is not None else ""
        return Message("danger", f"The Authorization server gives no more license tokens to this server.{because}")
    if isinstance(error, RefusedError):
        return Message("danger", f"{error} Ask your vendor whether this software may obtain licenses.")
    if isinstance(error, LicenseRefusedError):
        return Message("danger", f"The license could not be verified and was not taken. {error}")
    return Message("warning", str(error))
