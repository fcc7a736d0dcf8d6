"""How often a guess may fail: passwords (T35) and user codes (RFC 8628 §5.1, T01, T02).

Only failures count. The counts are shared through Redis; while it is away each process counts by itself, so that there
is always a limit. The key is the peer's address, or the operator: never a field of the form alone (T03).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask import g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from redis.backoff import NoBackoff
from redis.retry import Retry

from auth_service.domain.operator import normal_email

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Response

SIGN_IN_ADDRESS: Final = "30 per 5 minutes"
SIGN_IN_ACCOUNT: Final = "10 per 5 minutes"
SIGN_IN_OVERALL: Final = "1000 per 5 minutes"
USER_CODE_OPERATOR: Final = "10 per 15 minutes"
USER_CODE_ADDRESS: Final = "30 per 15 minutes"
USER_CODE_OVERALL: Final = "300 per 15 minutes"
_SOCKET_SECONDS: Final = 0.5


def new_limiter(redis_url: str) -> Limiter:
    """Make the limiter of one app."""
    # A failed call falls back at once: redis-py's default retries would hold the request for seconds.
    options: dict[str, Any] = {
        "socket_timeout": _SOCKET_SECONDS,
        "socket_connect_timeout": _SOCKET_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
    return Limiter(
        get_remote_address,
        storage_uri=redis_url,
        storage_options=options,
        strategy="fixed-window",
        in_memory_fallback_enabled=True,
        key_prefix="limits",
        headers_enabled=False,
    )


def limit_sign_in(limiter: Limiter, app: Flask, endpoint: str) -> None:
    """Put the limits of failed sign-ins on one endpoint."""
    _limit(limiter, app, endpoint, SIGN_IN_ADDRESS, get_remote_address)
    _limit(limiter, app, endpoint, SIGN_IN_ACCOUNT, _address_and_email)
    _limit(limiter, app, endpoint, SIGN_IN_OVERALL, lambda: "all")


def limit_user_codes(limiter: Limiter, app: Flask, endpoint: str) -> None:
    """Put the limits of wrong user codes on one endpoint; endpoints share their counts."""
    _limit(limiter, app, endpoint, USER_CODE_OPERATOR, _operator, scope="user_code")
    _limit(limiter, app, endpoint, USER_CODE_ADDRESS, get_remote_address, scope="user_code")
    _limit(limiter, app, endpoint, USER_CODE_OVERALL, lambda: "all", scope="user_code")


def _limit(
    limiter: Limiter, app: Flask, endpoint: str, limit: str, key: Callable[[], str], *, scope: str = "sign_in"
) -> None:
    decorate: Any = limiter.shared_limit(
        limit, scope=f"{scope}:{key.__name__}", key_func=key, methods=["POST"], deduct_when=_failed
    )
    app.view_functions[endpoint] = decorate(app.view_functions[endpoint])


def note_failed_guess() -> None:
    """Let this request count: a password or a user code was wrong. Nothing else that is refused does."""
    g.failed_guess = True


def _failed(_response: Response) -> bool:
    return bool(g.get("failed_guess", False))


def _address_and_email() -> str:
    return f"{get_remote_address()} {normal_email(request.form.get('email', ''))[:254]}"


def _operator() -> str:
    return current_user.operator.id if current_user.is_authenticated else get_remote_address()
