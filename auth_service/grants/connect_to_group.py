"""Connect to a Group: an extension grant (RFC 6749 §4.5; S1-36 … S1-43).

The site shows its administrator's email address, the Group Password and the license key, and gets the tokens of a
device, with the Group Name to fill in (S1-40). It is no password grant: a Group Password is the installation's own,
opens no account, and is worth nothing without the license key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin
from authlib.oauth2.rfc6749.errors import InvalidRequestError, InvalidScopeError, UnauthorizedClientError

from auth_service.actions.check_group_details import GroupDetails
from auth_service.actions.connect_to_group import Site, connect_to_group
from auth_service.domain.client import EVERY_METHOD
from auth_service.domain.errors import BadInputError
from auth_service.domain.plain_text import check_name
from auth_service.grants.oauth_errors import as_oauth_errors
from wire.errors import ProofRefusedError
from wire.grant_types import CONNECT_TO_GROUP

if TYPE_CHECKING:
    from auth_service.grants.services import ProtocolServices

LONGEST_LICENSE_KEY: Final = 16_000
_PARAMETERS: Final = ("email", "group_password", "license_key", "device_name")


class ConnectToGroupGrant(BaseGrant, TokenEndpointMixin):
    """`urn:tillpass:params:oauth:grant-type:connect-to-group`."""

    GRANT_TYPE = CONNECT_TO_GROUP
    TOKEN_ENDPOINT_AUTH_METHODS = EVERY_METHOD

    def validate_token_request(self) -> None:
        self.request.client = self.authenticate_token_endpoint_client()
        if not self.request.client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("This client is not registered for connecting to a Group.")
        form = self.request.form
        for name in _PARAMETERS:
            if not form.get(name):
                raise InvalidRequestError(f"The parameter {name} is missing.")
        if len(form["license_key"]) > LONGEST_LICENSE_KEY:
            raise InvalidRequestError("The license_key is longer than any.")
        try:
            self._device_name = check_name("device_name", form["device_name"])
        except BadInputError as fault:
            raise InvalidRequestError(str(fault).replace("'", "")) from fault
        scope = self.request.client.allowed_scope(form.get("scope"))
        if scope is None:
            raise InvalidScopeError("The scope is not one that this client may have.")
        self.request.scope = scope

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        services: ProtocolServices = self.server.services
        now, form = services.now(), self.request.form
        with as_oauth_errors():
            if services.dpop_required and "DPoP" not in self.request.headers:
                raise ProofRefusedError("A device must hold a key here. Send a DPoP proof with the request.")
            issued = connect_to_group(
                services,
                services.quota.limiter,
                GroupDetails(form["email"], form["group_password"], form["license_key"], self.request.address),
                Site(self._device_name, self.request.scope, self.request.presenter()),
                now=now,
            )
        answer = services.issuer.device_answer(issued.grant, issued.refresh_token, now)
        return 200, {**answer, "group_name": issued.grant.organization_name}, self.TOKEN_RESPONSE_HEADER
