"""`/metrics` for Prometheus: what the given collectors say at each scrape (architecture §6).

A collector reads what every process of its service shares (the database) and keeps nothing itself, so that whichever
process answers, the numbers are the same, and a restart sets none of them back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

if TYPE_CHECKING:
    from prometheus_client.registry import Collector


def metrics_routes(*collectors: Collector) -> Blueprint:
    """Make the route. What a collector raises ends the scrape: Prometheus then knows that it has no numbers."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    def metrics() -> Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(registry), content_type=content_type, headers={"Cache-Control": "no-store"})

    return routes
