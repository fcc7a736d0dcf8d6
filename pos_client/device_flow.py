"""The client's side of the device authorization grant (RFC 8628 §3.1-3.5): ask for codes, poll once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final

from marshmallow import EXCLUDE, Schema, fields, validate

from pos_client.errors import RefusedError
from pos_client.issuer import check_address, loaded
from pos_client.polling import PollingPace
from pos_client.stored_state import PendingAuthorization
from pos_client.token_endpoint import request_tokens
from wire.grant_types import DEVICE_CODE
from wire.oauth_errors import ACCESS_DENIED, AUTHORIZATION_PENDING, EXPIRED_TOKEN, INVALID_GRANT, SLOW_DOWN
from wire.polling_interval import DEFAULT_INTERVAL_SECONDS
from wire.scopes import LICENSE

if TYPE_CHECKING:
    from datetime import datetime

    from pos_client.issuer import Issuer
    from pos_client.token_endpoint import TokenAnswer


class PollAnswer(Enum):
    """What a poll may say beside tokens (§3.5)."""

    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    DENIED = "access_denied"
    EXPIRED = "expired_token"


# `invalid_grant` means that the code is unknown or used up: to a person, the same as expired.
_ANSWER_OF_ERROR: Final = {
    AUTHORIZATION_PENDING: PollAnswer.PENDING,
    SLOW_DOWN: PollAnswer.SLOW_DOWN,
    ACCESS_DENIED: PollAnswer.DENIED,
    EXPIRED_TOKEN: PollAnswer.EXPIRED,
    INVALID_GRANT: PollAnswer.EXPIRED,
}


class _DeviceAuthorizationSchema(Schema):
    class Meta:
        """§3.2 gives the members; others are passed over."""

        unknown = EXCLUDE

    device_code = fields.String(required=True, validate=validate.Regexp(r"\A[\x21-\x7e]{1,1024}\Z"))
    user_code = fields.String(required=True, validate=validate.Regexp(r"\A[\x20-\x7e]{1,64}\Z"))
    verification_uri = fields.String(required=True, validate=check_address)
    verification_uri_complete = fields.String(load_default=None, validate=check_address)
    expires_in = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=86_400))
    interval = fields.Integer(
        load_default=DEFAULT_INTERVAL_SECONDS, strict=True, validate=validate.Range(min=0, max=3600)
    )


@dataclass(frozen=True, slots=True)
class DeviceFlow:
    """Speaks the device authorization grant with one issuer, as a public client."""

    issuer: Issuer
    client_id: str

    def authorize(self, now: datetime) -> PendingAuthorization:
        """Ask for a device_code and a user_code (§3.1-3.2); `now` is when the request leaves.

        Raises NoContactError or RefusedError.
        """
        endpoint = self.issuer.metadata().device_authorization_endpoint
        answer = self.issuer.post(endpoint, {"client_id": self.client_id, "scope": LICENSE})
        values = loaded(_DeviceAuthorizationSchema(), answer)
        return PendingAuthorization(
            device_code=values["device_code"],
            user_code=values["user_code"],
            verification_uri=values["verification_uri"],
            verification_uri_complete=values["verification_uri_complete"],
            expires_at=now + timedelta(seconds=values["expires_in"]),
            pace=PollingPace(values["interval"]),
        )

    def poll(self, device_code: str) -> TokenAnswer | PollAnswer:
        """Ask once whether the operator has decided (§3.4-3.5).

        Raises NoContactError, or RefusedError for an error that the grant does not know.
        """
        form = {"grant_type": DEVICE_CODE, "device_code": device_code, "client_id": self.client_id}
        try:
            return request_tokens(self.issuer, form)
        except RefusedError as refusal:
            answer = _ANSWER_OF_ERROR.get(refusal.error)
            if answer is None:
                raise
            return answer
