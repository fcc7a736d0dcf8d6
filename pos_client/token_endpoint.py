"""Ask the token endpoint and read its success answer (RFC 6749 §3.2, §5.1), with our extra member `license_token`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from marshmallow import EXCLUDE, Schema, fields, validate

from pos_client.issuer import loaded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pos_client.issuer import Issuer

_TOKEN: Final = validate.Regexp(r"\A[\x21-\x7e]{1,8192}\Z")


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What we keep of the answer. The access token lives minutes and opens nothing that we use: it is not kept.

    `refresh_token` is None when the server lets the old one stand (§6). `license_token` is not verified yet; None when
    the answer has none, which must not cost us the refresh token beside it.
    """

    refresh_token: str | None = field(repr=False)
    license_token: str | None = field(repr=False)


class _TokenAnswerSchema(Schema):
    class Meta:
        """§5.1: "The client MUST ignore unrecognized value names"."""

        unknown = EXCLUDE

    access_token = fields.String(required=True, validate=_TOKEN)
    token_type = fields.String(required=True, validate=validate.Regexp(r"(?i)\A(bearer|dpop)\Z"))
    refresh_token = fields.String(load_default=None, validate=_TOKEN)
    license_token = fields.String(load_default=None, validate=_TOKEN)


def request_tokens(issuer: Issuer, form: Mapping[str, str]) -> TokenAnswer:
    """Send one token request.

    Raises RefusedError for an OAuth error answer, NoContactError for anything else that is not a token answer.
    """
    values = loaded(_TokenAnswerSchema(), issuer.post(issuer.metadata().token_endpoint, form))
    return TokenAnswer(refresh_token=values["refresh_token"], license_token=values["license_token"])
