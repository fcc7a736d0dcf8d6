"""The authorization server as we find it: its metadata (RFC 8414 §3) and the two kinds of calls we make to it.

Only a proper answer counts as contact. A captive portal's page, a gateway's error, a broken or timed-out connection
are NoContactError, whatever status they carry (F46).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import urllib3
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from pos_client.errors import NoContactError, RefusedError
from pos_client.secure_url import is_secure_url
from wire.errors import AnswerRefusedError, UnreachableError
from wire.oauth_errors import TEMPORARILY_UNAVAILABLE, USE_DPOP_NONCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pos_client.device_key import DeviceKey
    from wire.http_client import HttpAnswer, HttpClient

WELL_KNOWN: Final = "/.well-known/oauth-authorization-server"
METADATA_SECONDS: Final = 600
LONGEST_ADDRESS: Final = 1000
_NEVER_SENT: Final = (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.SSLError)


def check_address(value: str) -> None:
    """Refuse, as a marshmallow validator, an address that no secret may travel to or that no page may link to."""
    if len(value) > LONGEST_ADDRESS or not is_secure_url(value):
        raise ValidationError("Not a secure address.")


@dataclass(frozen=True, slots=True)
class IssuerMetadata:
    """The addresses that we use, as the issuer publishes them."""

    token_endpoint: str
    device_authorization_endpoint: str
    jwks_uri: str


class _MetadataSchema(Schema):
    class Meta:
        """RFC 8414 §2: members we do not know are passed over."""

        unknown = EXCLUDE

    issuer = fields.String(required=True)
    token_endpoint = fields.String(required=True, validate=check_address)
    device_authorization_endpoint = fields.String(required=True, validate=check_address)
    jwks_uri = fields.String(required=True, validate=check_address)


class _OAuthErrorSchema(Schema):
    class Meta:
        """RFC 6749 §5.2: `error_description` and `error_uri` are not for machines."""

        unknown = EXCLUDE

    error = fields.String(required=True, validate=validate.Regexp(r"\A[\x20\x21\x23-\x5b\x5d-\x7e]{1,64}\Z"))
    reason = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(r"\A[\x20-\x7e]{1,128}\Z"))


class Issuer:
    """One authorization server, known by its issuer URL."""

    def __init__(
        self,
        http: HttpClient,
        issuer: str,
        *,
        key: DeviceKey | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._key = key
        self.issuer = issuer
        self._monotonic = monotonic
        self._metadata: IssuerMetadata | None = None
        self._metadata_until = float("-inf")

    def metadata(self) -> IssuerMetadata:
        """Give the issuer's metadata, kept for METADATA_SECONDS. Raises NoContactError."""
        if self._metadata is None or self._monotonic() >= self._metadata_until:
            self._metadata = self._discover()
            self._metadata_until = self._monotonic() + METADATA_SECONDS
        return self._metadata

    def document(self, url: str) -> Any:  # noqa: ANN401 - JSON before its schema has seen it
        """GET a JSON document of the issuer. Raises NoContactError."""
        answer = self._sent("GET", url)
        if answer.status != 200:
            raise _unexpected(answer)
        return _json(answer)

    def post(self, url: str, form: Mapping[str, str]) -> Any:  # noqa: ANN401 - as `document`
        """POST a form, with a proof of our key, to an endpoint; give the JSON of the issuer's answer (RFC 6749 §5.1).

        A server that wants another nonce is obeyed, once (RFC 9449 §8).
        Raises NoContactError, RefusedError for an OAuth error answer (RFC 6749 §5.2), or StateError.
        """
        try:
            return self._answer_to(url, form)
        except _NonceWantedError:
            return self._answer_to(url, form)

    def _answer_to(self, url: str, form: Mapping[str, str]) -> Any:  # noqa: ANN401 - as `document`
        proof = None if self._key is None else self._key.proof("POST", url)
        answer = self._sent("POST", url, form, {} if proof is None else {"DPoP": proof})
        has_nonce = self._key is not None and self._key.take_nonce(answer.headers.get("dpop-nonce"))
        if answer.status == 200:
            return _json(answer)
        if answer.status in {400, 401}:
            raise _refusal(answer, has_nonce=has_nonce)
        raise _unexpected(answer)

    def _discover(self) -> IssuerMetadata:
        values = loaded(_MetadataSchema(), self.document(_well_known(self.issuer)))
        # §3.3: the metadata of another issuer MUST NOT be used.
        if values.pop("issuer") != self.issuer:
            raise NoContactError(f"The server at {self.issuer} calls itself by another issuer name.")
        return IssuerMetadata(**values)

    def _sent(
        self, method: str, url: str, form: Mapping[str, str] | None = None, more: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        headers = {"Accept": "application/json", **(more or {})}
        try:
            if method == "GET":
                return self._http.get(url, headers=headers)
            return self._http.post_form(url, form or {}, headers=headers)
        except UnreachableError as fault:
            sent = not isinstance(fault.__cause__, _NEVER_SENT)
            raise NoContactError(str(fault), may_have_arrived=sent) from fault
        except AnswerRefusedError as fault:
            raise NoContactError(str(fault), may_have_arrived=True) from fault


def loaded(schema: Schema, document: object) -> dict[str, Any]:
    """Check a JSON answer against its schema. Raises NoContactError: whoever said this is not our issuer."""
    try:
        values: dict[str, Any] = schema.load(document)  # type: ignore[arg-type]  # any JSON may have come
    except ValidationError as fault:
        raise NoContactError("The answer is not what an authorization server says.", may_have_arrived=True) from fault
    return values


def _well_known(issuer: str) -> str:
    # §3.1: the well-known path is put between the host and the path of the issuer.
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path.rstrip('/')}"


def _json(answer: HttpAnswer) -> Any:  # noqa: ANN401 - as `document`
    try:
        return answer.json()
    except AnswerRefusedError as fault:
        raise NoContactError(
            "Something between us and the authorization server answered with a page of its own.", may_have_arrived=True
        ) from fault


class _NonceWantedError(RefusedError):
    """The same request with the nonce that the answer brought may do."""


def _refusal(answer: HttpAnswer, *, has_nonce: bool) -> RefusedError:
    values = loaded(_OAuthErrorSchema(), _json(answer))
    kind = _NonceWantedError if has_nonce and values["error"] == USE_DPOP_NONCE else RefusedError
    return kind(values["error"], values["reason"])


def _unexpected(answer: HttpAnswer) -> NoContactError:
    return NoContactError(
        f"The authorization server cannot answer at the moment (status {answer.status}).",
        may_have_arrived=not _says_nothing_was_done(answer),
        retry_after_seconds=_retry_after(answer),
    )


def _says_nothing_was_done(answer: HttpAnswer) -> bool:
    if answer.status == 429:
        return True
    try:
        document = answer.json()
    except AnswerRefusedError:
        return False
    return isinstance(document, dict) and document.get("error") == TEMPORARILY_UNAVAILABLE


def _retry_after(answer: HttpAnswer) -> int | None:
    # The form with a date (RFC 9110 §10.2.3) would ask for a clock that we do not trust.
    value = answer.headers.get("retry-after", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 6 else None
