"""`/metrics` (architecture §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from wire.errors import UnreachableError
from wire.serving.metrics import metrics_routes
from wire.serving.problem_handler import install_problem_handler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric


class Kettle(Collector):
    """Boils a little more at each look."""

    def __init__(self) -> None:
        self.degrees = 0
        self.broken = False

    def collect(self) -> Iterator[Metric]:
        if self.broken:
            raise UnreachableError("No answer from http://10.0.0.7.")
        self.degrees += 1
        yield GaugeMetricFamily("kettle_degrees", "How hot.", value=self.degrees)


@pytest.fixture
def kettle() -> Kettle:
    return Kettle()


def scraped(kettle: Kettle, times: int = 1, **headers: str) -> Any:
    app = Flask("small_service")
    install_problem_handler(app)
    app.register_blueprint(metrics_routes(kettle))
    return [app.test_client().get("/metrics", headers=headers) for _ in range(times)][-1]


def test_each_scrape_looks_anew(kettle: Kettle) -> None:
    answer = scraped(kettle, times=3)

    (family,) = text_string_to_metric_families(answer.text)
    assert [(sample.name, sample.value) for sample in family.samples] == [("kettle_degrees", 3.0)]
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("accepted", "given"),
    [("", "text/plain"), ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text")],
)
def test_the_scraper_chooses_the_format(kettle: Kettle, accepted: str, given: str) -> None:
    assert scraped(kettle, Accept=accepted).mimetype == given


def test_nothing_of_the_process_is_told(kettle: Kettle) -> None:
    assert "python" not in scraped(kettle).text


def test_numbers_that_cannot_be_had_end_the_scrape(kettle: Kettle) -> None:
    kettle.broken = True

    answer = scraped(kettle)

    assert answer.status_code == 503
    assert "10.0.0.7" not in answer.text
