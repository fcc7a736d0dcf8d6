"""`Idempotency-Key` on every POST (the IETF draft idempotency-key-header): repeated, it is done once (F47).

The same key with the same request gives the answer of the first time, a refusal too, for a day; with another request
422, and 409 while the first is under way. Without a key a POST is done as often as it comes, but for what the records
themselves hold to once.
"""

from __future__ import annotations

import re
import secrets
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

from flask import Response, current_app, request

from license_service.actions.answer_once import answer_once
from license_service.domain.errors import IdempotencyKeyReusedError, LicenseServiceError, PostUnderWayError
from license_service.domain.idempotent_post import Answer, IdempotentPost
from license_service.endpoints.refusals import problem_of
from wire.problem import Problem
from wire.serving.api_document import problem_answers
from wire.serving.bearer import caller
from wire.serving.problem_handler import ProblemError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from database.engine import Database
    from license_service.endpoints.request_parser import ApiBlueprint

View = TypeVar("View", bound="Callable[..., Any]")

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
_CHARACTERS: Final = "[A-Za-z0-9._~:+/=-]{16,128}"
# The draft writes it as a structured field's string, in quotes; many callers leave them out.
KEY_PATTERN: Final = f'^({_CHARACTERS}|"{_CHARACTERS}")$'
_KEPT_HEADERS: Final = ("Content-Type", "Location", "ETag")
_PARAMETER: Final = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "A new random text, such as a UUID, for each thing that is to be done, and the same when it is "
    "asked for again after an answer was lost: it is then done once, and the answer of the first time comes again "
    f"(with `{REPLAYED}: true`), for 24 hours.",
    "schema": {"type": "string", "pattern": KEY_PATTERN, "example": "8e03978e-40d5-43dd-bc93-6894a57f9324"},
}
_MALFORMED: Final = Problem(
    422,
    "invalid_fields",
    "Some fields are wrong; `errors` names them.",
    {HEADER: ["Must be 16 to 128 letters, digits or . _ ~ : + / = -, with or without quotes; a UUID serves well."]},
)


def idempotent(
    routes: ApiBlueprint, database: Database, now: Callable[[], datetime], *, joined: bool = True
) -> Callable[[View], View]:
    """Decorate a POST, below its guard and arguments and above its response: what fails before them is not kept.

    What the view does through `database` and its answer are kept together, unless it is not `joined`.
    Raises ProblemError 422.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answered(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the view
            if HEADER not in request.headers:
                return view(*args, **kwargs)
            once = answer_once(
                database,
                _post(is_joined=joined),
                lambda: _answer(view, *args, **kwargs),
                claim_id=secrets.token_hex(16),
                nonce=secrets.token_bytes(12),
                now=now(),
            )
            headers = {**once.answer.headers, **({REPLAYED: "true"} if once.is_replay else {})}
            return Response(once.answer.body, once.answer.status, headers)

        problems = [_MALFORMED, problem_of(IdempotencyKeyReusedError), problem_of(PostUnderWayError)]
        documented: View = routes.doc(responses=problem_answers(problems))(routes.parameter(_PARAMETER)(answered))
        return documented

    return decorate


def _post(*, is_joined: bool) -> IdempotentPost:
    key = request.headers[HEADER]
    if re.fullmatch(KEY_PATTERN, key, re.ASCII) is None:
        raise ProblemError.of(_MALFORMED)
    claims = caller()
    asked = (request.method, request.path, request.query_string.decode("latin-1"), request.headers.get("If-Match", ""))
    return IdempotentPost(
        # All devices share one client: `sub` tells them apart (T44).
        caller=(claims.client_id, claims.sub),
        key=key.strip('"'),
        request=(*(part.encode() for part in asked), request.get_data()),
        is_joined=is_joined,
    )


def _answer(view: Callable[..., Any], *args: Any, **kwargs: Any) -> Answer:  # noqa: ANN401 - as the view
    try:
        given = view(*args, **kwargs)
    except (LicenseServiceError, ProblemError) as refusal:
        if isinstance(refusal, LicenseServiceError) and refusal.is_passing:
            raise
        given = current_app.handle_user_exception(refusal)
    response = current_app.make_response(given)
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Answer(response.status_code, headers, response.get_data())
