"""Guard a route with an access token and a scope (RFC 6750 §2.1, §3)."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from flask import g, request

from wire.errors import TokenRefusedError
from wire.scopes import LICENSE
from wire.serving.problem_handler import ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire.claims import AccessTokenClaims
    from wire.token_verification import TokenVerifier


P = ParamSpec("P")
R = TypeVar("R")


class BearerGuard:
    """Lets a request through to a route only with an access token of ours that carries the route's scope."""

    def __init__(self, verifier: TokenVerifier) -> None:
        self._verifier = verifier

    def requires(self, scope: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Decorate a view; `caller()` gives the claims inside it.

        Raises ProblemError: 401 without a good token (RFC 6750 §3), 403 without the scope (§3.1) or
        with a device's token where the scope is one of services.
        KeysUnavailableError passes through and is answered with 503.
        """

        def decorate(view: Callable[P, R]) -> Callable[P, R]:
            @wraps(view)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
                g.access_token_claims = self._claims(scope)
                return view(*args, **kwargs)

            return guarded

        return decorate

    def _claims(self, scope: str) -> AccessTokenClaims:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            # RFC 6750 §3.1: a request without any credentials gets no error code in the challenge.
            raise ProblemError(401, "missing_token", "Send an access token as a bearer token.", challenge="Bearer")
        try:
            claims = self._verifier.access_token(token.strip())
        except TokenRefusedError as fault:
            challenge = f'Bearer error="invalid_token", error_description="{fault}"'
            raise ProblemError(401, fault.code, str(fault), challenge=challenge) from fault
        if scope not in claims.scope.split():
            raise _insufficient(scope, f"The token lacks the scope '{scope}'.")
        if scope != LICENSE and claims.organization_id is not None:
            # Only a device's token names an organization. Whatever scopes its client was registered with, what is for
            # services stays shut to it.
            raise _insufficient(scope, f"A device's token does not open what the scope '{scope}' is for.")
        return claims


def _insufficient(scope: str, detail: str) -> ProblemError:
    challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
    return ProblemError(403, "insufficient_scope", detail, challenge=challenge)


def caller() -> AccessTokenClaims:
    """Give the claims of the token that opened this route; only inside a guarded view."""
    claims: AccessTokenClaims = g.access_token_claims
    return claims
