"""Refresh the tokens (RFC 6749 §6).

The old refresh token dies once its successor is used, and repeating it later ends the authorization. The server gives
the same successor again to whoever lost the answer, for half a minute: so an answer that may have been lost is asked
for again within that time, and never later (F05, F06).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pos_client.errors import AuthorizationEndedError, NoContactError, RefusedError
from pos_client.token_endpoint import request_tokens
from wire.grant_types import REFRESH_TOKEN
from wire.oauth_errors import INVALID_GRANT

if TYPE_CHECKING:
    from collections.abc import Callable

    from pos_client.issuer import Issuer
    from pos_client.token_endpoint import TokenAnswer

ASK_AGAIN_AFTER_SECONDS: Final = (2.0, 4.0)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TokenRefresh:
    """Refreshes tokens with one issuer; waiting is an argument."""

    issuer: Issuer
    client_id: str
    wait: Callable[[float], object]

    def refresh(self, refresh_token: str) -> TokenAnswer:
        """Exchange a refresh token for new tokens.

        Raises AuthorizationEndedError (only for `invalid_grant`), RefusedError for any other OAuth error, or
        NoContactError; the last two change nothing.
        """
        for seconds in ASK_AGAIN_AFTER_SECONDS:
            try:
                return self._ask(refresh_token)
            except NoContactError as fault:
                if not fault.may_have_arrived:
                    raise
                _log.warning("the answer to a refresh may be lost, asking again in %s s", seconds)
                self.wait(seconds)
        return self._ask(refresh_token)

    def _ask(self, refresh_token: str) -> TokenAnswer:
        form = {"grant_type": REFRESH_TOKEN, "refresh_token": refresh_token, "client_id": self.client_id}
        try:
            return request_tokens(self.issuer, form)
        except RefusedError as refusal:
            if refusal.error == INVALID_GRANT:
                raise AuthorizationEndedError(refusal.error, refusal.reason) from refusal
            raise
