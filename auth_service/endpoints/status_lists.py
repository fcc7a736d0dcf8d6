"""The Token Status Lists of license tokens (draft-ietf-oauth-status-list §8, §9), for anyone, cacheable by anyone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, abort, jsonify, request

from auth_service.domain.status_place import status_list_uri
from wire.status_list import STATUS_LIST_MEDIA_TYPE, STATUS_LIST_PATH

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from auth_service.actions.publish_status_lists import StatusLists

CACHE_SECONDS: Final = 60
"""Less than the list's own ttl: a cache on the way must not add as much again."""


def status_list_routes(lists: StatusLists, issuer: str, now: Callable[[], datetime]) -> Blueprint:
    """Make the routes of each list and of the aggregation that names them all."""
    routes = Blueprint("status_lists", __name__)

    @routes.get(f"{STATUS_LIST_PATH}/<int:number>")
    def status_list(number: int) -> Response:
        _check_wishes()
        published = lists.get(number, now())
        if published is None:
            abort(404, "There is no status list of this number.")
        response = Response(published.token, content_type=STATUS_LIST_MEDIA_TYPE)
        response.set_etag(hashlib.sha256(published.token.encode()).hexdigest()[:32])
        response.headers["Vary"] = "Accept"
        _public(response).make_conditional(request)
        return response

    @routes.get(STATUS_LIST_PATH)
    def aggregation() -> Response:
        return _public(jsonify(status_lists=[status_list_uri(issuer, number) for number in range(lists.count())]))

    return routes


def _check_wishes() -> None:
    if "time" in request.args:
        # §8.4: lists of the past are an option of the draft; who does not keep them says so.
        abort(501, "Only the present status is published.")
    if request.accept_mimetypes and not request.accept_mimetypes.quality(STATUS_LIST_MEDIA_TYPE):
        abort(406, f"A status list is {STATUS_LIST_MEDIA_TYPE}.")


def _public(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={CACHE_SECONDS}"
    # §8.1: a page in a browser may read it too; there is nothing in it that is anybody's.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
