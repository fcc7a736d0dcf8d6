"""Guard a route with an access token and a scope (RFC 6750 §2.1, §3; RFC 9449 §7).

A token that is bound to a key (`cnf`) opens nothing without a proof of that key, and nothing as a bearer token: who
copied it has nothing (T15).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar
from urllib.parse import quote

from flask import g, request

from wire.errors import NonceWantedError, ProofRefusedError, TokenRefusedError
from wire.scopes import LICENSE
from wire.serving.problem_handler import ProblemError
from wire.token_types import SIGNING_ALGORITHM

if TYPE_CHECKING:
    from collections.abc import Callable

    from wire.claims import AccessTokenClaims
    from wire.dpop import DpopVerifier
    from wire.token_verification import TokenVerifier


P = ParamSpec("P")
R = TypeVar("R")

BEARER: Final = "Bearer"
DPOP: Final = f'DPoP algs="{SIGNING_ALGORITHM}"'
_CHALLENGE: Final = "WWW-Authenticate"
_UNESCAPED: Final = "/:@!$&'()*+,;="


@dataclass(frozen=True, slots=True)
class BearerGuard:
    """Lets a request through to a route only with an access token of ours that carries the route's scope.

    `public_url` is this service's address as its callers write it: what the `htu` of a proof begins with.
    """

    verifier: TokenVerifier
    proofs: DpopVerifier
    public_url: str

    def requires(self, *scopes: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Decorate a view that any one of `scopes` opens; `caller()` gives the claims inside it.

        A device's token, which names its organization, opens by `license` alone, and no other token does by that: where
        a view is opened by it, what it shows is to be that organization's. Raises ProblemError: 401 without a good
        token (RFC 6750 §3) or without the proof that it needs (RFC 9449 §7.1), 403 without a scope that opens (§3.1).
        KeysUnavailableError, and what the memory of proofs raises, passes through and is answered with 503.
        """

        def decorate(view: Callable[P, R]) -> Callable[P, R]:
            @wraps(view)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
                g.access_token_claims = self._claims(scopes)
                return view(*args, **kwargs)

            return guarded

        return decorate

    def _claims(self, scopes: tuple[str, ...]) -> AccessTokenClaims:
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        token = rest.strip()
        if scheme.lower() not in {"bearer", "dpop"} or not token:
            raise _missing()
        claims = self._proved(token) if scheme.lower() == "dpop" else self._borne(token)
        is_device = claims.organization_id is not None
        opening = [scope for scope in scopes if (scope == LICENSE) is is_device]
        if not set(opening) & set(claims.scope.split()):
            raise _insufficient(claims, (opening or scopes)[0], wrong_kind=not opening)
        return claims

    def _borne(self, token: str) -> AccessTokenClaims:
        claims = self._verified(token, BEARER)
        if claims.jkt is not None:
            # RFC 9449 §7.2: a service that takes both schemes MUST NOT take a bound token as a bearer token.
            raise _refused(DPOP, "invalid_token", "The token is bound to a key. Send it as DPoP, with a proof.")
        return claims

    def _proved(self, token: str) -> AccessTokenClaims:
        claims = self._verified(token, DPOP)
        if claims.jkt is None:
            raise _refused(DPOP, "invalid_token", "The token is not bound to a key. Send it as Bearer.")
        proof = request.headers.get("DPoP", "")
        if not proof:
            raise _refused(DPOP, ProofRefusedError.code, "The request lacks the DPoP header with a proof.")
        url = self.public_url.rstrip("/") + quote(request.path, safe=_UNESCAPED)
        try:
            jkt = self.proofs.key_of(proof, method=request.method, url=url, access_token=token)
        except NonceWantedError as fault:
            raise _refused(DPOP, fault.code, str(fault), ("DPoP-Nonce", fault.nonce)) from fault
        except ProofRefusedError as fault:
            raise _refused(DPOP, fault.code, str(fault)) from fault
        if jkt != claims.jkt:
            raise _refused(DPOP, ProofRefusedError.code, "The proof is made with another key than the token's.")
        return claims

    def _verified(self, token: str, scheme: str) -> AccessTokenClaims:
        try:
            return self.verifier.access_token(token)
        except TokenRefusedError as fault:
            raise _refused(scheme, fault.code, str(fault)) from fault


def _missing() -> ProblemError:
    # RFC 6750 §3.1: a request without any credentials gets no error code in the challenge.
    challenges = [(_CHALLENGE, BEARER), (_CHALLENGE, DPOP)]
    return ProblemError(
        401, "missing_token", "Send an access token, as a bearer token or with a DPoP proof.", headers=challenges
    )


def _refused(scheme: str, code: str, sentence: str, *headers: tuple[str, str]) -> ProblemError:
    challenge = _challenge(scheme, f'error="{code}", error_description="{sentence}"')
    return ProblemError(401, code, sentence, headers=[(_CHALLENGE, challenge), *headers])


def _insufficient(claims: AccessTokenClaims, scope: str, *, wrong_kind: bool) -> ProblemError:
    detail = f"The token lacks the scope '{scope}'."
    if wrong_kind:
        # Whatever scopes its client was registered with: what is for services is shut to a device, and the other way.
        bearer = "A service's" if scope == LICENSE else "A device's"
        detail = f"{bearer} token does not open what the scope '{scope}' is for."
    scheme = BEARER if claims.jkt is None else DPOP
    challenge = _challenge(scheme, f'error="insufficient_scope", scope="{scope}"')
    return ProblemError(403, "insufficient_scope", detail, headers=[(_CHALLENGE, challenge)])


def _challenge(scheme: str, parameters: str) -> str:
    # A scheme alone takes its first parameter after a space, one that has some takes more after a comma.
    return f"{scheme} {parameters}" if scheme == BEARER else f"{scheme}, {parameters}"


def caller() -> AccessTokenClaims:
    """Give the claims of the token that opened this route; only inside a guarded view."""
    claims: AccessTokenClaims = g.access_token_claims
    return claims
