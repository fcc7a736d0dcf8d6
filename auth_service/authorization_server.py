"""The Authlib server with every grant registered on it, and the one way a protocol request is read.

Authlib is tightened here: the request must be one urlencoded form whose parameters stand once and in the body
(RFC 6749 §3.2, T50); a confidential client must authenticate by exactly one method (§2.3); what is refused is refused
in fixed words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote_to_bytes

import orjson
from authlib.integrations.flask_oauth2 import AuthorizationServer as FlaskAuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError, UnsupportedGrantTypeError
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from flask import Response
from flask import request as current_request
from werkzeug.datastructures import EnvironHeaders

from auth_service.actions.authenticate_by_assertion import authenticate_by_assertion
from auth_service.actions.issuing import Presenter
from auth_service.domain.client import CLIENT_SECRET_BASIC, PRIVATE_KEY_JWT
from auth_service.grants.client_credentials import ClientCredentialsGrant
from auth_service.grants.connect_to_group import ConnectToGroupGrant
from auth_service.grants.device_code import DeviceCodeGrant
from auth_service.grants.oauth_errors import as_oauth_errors
from auth_service.grants.refresh_token import RefreshTokenGrant
from auth_service.tokens.client_assertion import ASSERTION_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Request

    from auth_service.domain.client import Client
    from auth_service.grants.services import ProtocolServices

    Headers = list[tuple[str, str]]

FORM_TYPE: Final = "application/x-www-form-urlencoded"
_BLANK: Final = vars(OAuth2Request("POST", "https://issuer.example"))
_CONTROL_CHARACTER: Final = re.compile(r"[\x00-\x1f\x7f]")


class ProtocolAnswer(NamedTuple):
    """What a protocol endpoint answers; `headers` name the type of the body, which is JSON."""

    status: int
    document: dict[str, Any]
    headers: Headers

    def body(self) -> bytes:
        """Give the body."""
        return orjson.dumps(self.document, option=orjson.OPT_SORT_KEYS)

    def response(self) -> Response:
        """Give it as Flask sends it."""
        return Response(self.body(), status=self.status, headers=self.headers)


class AuthorizationServer(FlaskAuthorizationServer):
    """The token endpoint's grants, and client authentication for every protocol endpoint."""

    def __init__(self, services: ProtocolServices) -> None:
        super().__init__()
        self.services = services
        self._assertion_audiences = (services.issuer.issuer, f"{services.issuer.issuer}/oauth/token")
        self.register_client_auth_method(PRIVATE_KEY_JWT, self._authenticate_by_assertion)
        for grant in (DeviceCodeGrant, RefreshTokenGrant, ClientCredentialsGrant, ConnectToGroupGrant):
            self.register_grant(grant)

    def query_client(self, client_id: str) -> Client | None:
        if not client_id.isascii() or not client_id.isprintable():
            return None
        with as_oauth_errors():
            return self.services.clients.find(client_id)

    def authenticate_client(self, request: ProtocolRequest, methods: Any, endpoint: str = "token") -> Client:  # noqa: ANN401
        """Authenticate the client (RFC 6749 §2.3).

        Raises InvalidClientError, always 401 and in the same words (§5.2), or InvalidRequestError for two methods.
        """
        by_assertion = "client_assertion" in request.form
        if ("Authorization" in request.headers) + ("client_secret" in request.form) + by_assertion > 1:
            raise InvalidRequestError("Authenticate by one method: a header, a client_secret or a client_assertion.")
        # Whoever brings an assertion or a header stands or falls with it, also where the client named is a public one.
        if by_assertion:
            methods = [method for method in methods if method == PRIVATE_KEY_JWT]
        elif "Authorization" in request.headers:
            methods = [method for method in methods if method == CLIENT_SECRET_BASIC]
        try:
            client: Client = super().authenticate_client(request, methods, endpoint)
        except (InvalidClientError, ValueError) as fault:
            # Authlib decodes a Basic header that is not ASCII, or not UTF-8 inside, without catching.
            raise InvalidClientError(
                "Client authentication failed. Send a registered client_id, and its secret or assertion if it has one.",
                status_code=401,
            ) from fault
        named = request.form.get("client_id")
        if named is not None and named != client.client_id:
            raise InvalidRequestError("The client_id is not that of the client that authenticated.")
        return client

    def _authenticate_by_assertion(
        self, find: Callable[[str], Client | None], request: ProtocolRequest
    ) -> Client | None:
        assertion = request.form.get("client_assertion")
        if not assertion or request.form.get("client_assertion_type") != ASSERTION_TYPE:
            return None
        with as_oauth_errors():
            return authenticate_by_assertion(
                find,
                self.services.assertions,
                assertion=assertion,
                audiences=self._assertion_audiences,
                now=self.services.now(),
            )

    def create_oauth2_request(self, request: object) -> ProtocolRequest:
        """Give the request that was read already, or read the one that Flask has now.

        Raises InvalidRequestError when that is not one plain form.
        """
        if isinstance(request, ProtocolRequest):
            return request
        # The request itself: Flask's stand-in looks it up anew at each touch.
        current = current_request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - werkzeug documents it
        return ProtocolRequest(current.environ, _read_form(current), self.services)

    def handle_response(self, status_code: int, payload: dict[str, Any], headers: Headers) -> ProtocolAnswer:
        """Give the token endpoint's answer as it is; who asked for it knows how to send it."""
        return ProtocolAnswer(status_code, payload, headers)

    def get_token_grant(self, request: ProtocolRequest) -> Any:  # noqa: ANN401 - Authlib's grants are untyped
        if not request.form.get("grant_type"):
            raise InvalidRequestError("The parameter grant_type is missing.")
        try:
            return super().get_token_grant(request)
        except UnsupportedGrantTypeError as fault:
            # Authlib's own text repeats the input.
            raise OAuth2Error(
                error=fault.error, description="This grant_type is not offered.", status_code=400
            ) from fault


class ProtocolRequest(OAuth2Request):
    """One request to a protocol endpoint: its WSGI environment, and its form, in which each parameter stands once."""

    def __init__(self, environ: dict[str, Any], form: Mapping[str, str], services: ProtocolServices) -> None:
        # Not by its own __init__, which parses the address to ask whether it is https. Behind a proxy that ends TLS
        # that is for the issuer to say, and the settings have asked it.
        self.__dict__.update(_BLANK)
        self.method = environ["REQUEST_METHOD"]
        self.uri = services.issuer.issuer + environ["PATH_INFO"]
        self.headers = EnvironHeaders(environ)
        self._environ = environ
        self._form = form
        self._services = services
        self.payload = BasicOAuth2Payload(form)

    @property
    def form(self) -> Mapping[str, str]:
        return self._form

    @property
    def address(self) -> str:
        """Where the request comes from, as far as that can be known."""
        address: str = self._services.proxies.asker(self._environ.get("REMOTE_ADDR"), self.headers)
        return address

    def mark(self, name: str) -> Any:  # noqa: ANN401 - whatever was left
        """Give what the gate left in the environment under this name, or None; a client cannot."""
        return self._environ.get(name)

    def presenter(self) -> Presenter:
        """Give who shows a code or token, once its client is authenticated."""
        return Presenter(
            client_id=self.client.client_id,
            is_public=self.client.is_public,
            address=self.address,
            prove_key=self.prove_key,
        )

    def prove_key(self) -> str | None:
        """Verify the DPoP proof that came along, if any, and give the thumbprint of its key (RFC 9449 §5).

        Raises ProofRefusedError, or UnreachableError when it cannot be known whether it was used.
        """
        proof = self.headers.get("DPoP")
        return None if proof is None else self._services.proofs.key_of(proof, method=self.method, url=self.uri)


def _read_form(request: Request) -> dict[str, str]:
    if request.query_string:
        raise InvalidRequestError("Send parameters in the body, not in the address.")
    if request.mimetype != FORM_TYPE:
        raise InvalidRequestError(f"Send the parameters as {FORM_TYPE}.")
    try:
        text = unquote_to_bytes(request.get_data()).decode()
    except UnicodeDecodeError as fault:
        raise InvalidRequestError("The parameters are not UTF-8.") from fault
    if _CONTROL_CHARACTER.search(text):
        raise InvalidRequestError("A parameter holds control characters.")
    if any(len(values) > 1 for _, values in request.form.lists()):
        raise InvalidRequestError("A parameter stands more than once.")
    return request.form.to_dict()
