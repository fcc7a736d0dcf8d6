"""Device access token request (RFC 8628 §3.4, §3.5).

Authlib's grant gives the client's authentication and the frame; the order of questions and the one-shot redemption
are ours, because Authlib's own credential check is not single-use under races and calls an unknown code
`invalid_request`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from authlib.oauth2.rfc6749.errors import InvalidRequestError, UnauthorizedClientError
from authlib.oauth2.rfc8628 import DeviceCodeGrant as AuthlibDeviceCodeGrant

from auth_service.actions.redeem_device_code import PresentedDeviceCode, redeem_device_code
from auth_service.domain.client import EVERY_METHOD
from auth_service.grants.oauth_errors import as_oauth_errors

if TYPE_CHECKING:
    from auth_service.grants.services import ProtocolServices

POLLED: Final = "tillpass.polled"
"""In the WSGI environment of a poll that the gate has counted, which is a public client's: the Pace that came of it."""


class DeviceCodeGrant(AuthlibDeviceCodeGrant):
    """`urn:ietf:params:oauth:grant-type:device_code`."""

    TOKEN_ENDPOINT_AUTH_METHODS = EVERY_METHOD

    def validate_token_request(self) -> None:
        self.request.client = self.authenticate_token_endpoint_client()
        if not self.request.client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("This client is not registered for the device_code grant.")
        if not self.request.form.get("device_code"):
            raise InvalidRequestError("The parameter device_code is missing.")

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        services: ProtocolServices = self.server.services
        now = services.now()
        with as_oauth_errors():
            shown = PresentedDeviceCode(
                self.request.form["device_code"],
                self.request.presenter(),
                code_verifier=self.request.form.get("code_verifier") or None,
                polled=self.request.mark(POLLED),
            )
            issued = redeem_device_code(services, shown, now=now)
        return 200, services.issuer.device_answer(issued.grant, issued.refresh_token, now), self.TOKEN_RESPONSE_HEADER
