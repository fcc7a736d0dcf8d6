"""What Prometheus is told of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from notify_service.domain.figures import SENT_WITHIN_SECONDS
from notify_service.domain.notification import State
from notify_service.storage.figures import read_figures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from prometheus_client.core import Metric

    from database.engine import Database
    from notify_service.domain.figures import Figures, QueueFigures


class LedgerMetrics(Collector):
    """Counts the ledger at each scrape."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Give every metric. Raises DatabaseUnavailableError."""
        with self._database.reading() as connection:
            figures = read_figures(connection, self._now())
        yield _states(figures)
        yield _attempts(figures)
        yield _seconds_to_sent(figures)
        yield from _ages(figures)
        yield GaugeMetricFamily(
            "tillpass_sending_paused", "1 while the mail server can be used by nobody.", value=figures.pause is not None
        )
        yield GaugeMetricFamily(
            "tillpass_messages_set_aside", "Queue messages that could not be used.", value=figures.set_aside
        )
        yield GaugeMetricFamily(
            "tillpass_refused_addresses",
            "Addresses that the mail server refused for good.",
            value=figures.refused_addresses,
        )


def _states(figures: Figures) -> Metric:
    family = GaugeMetricFamily(
        "tillpass_notifications", "Emails in the ledger by queue and state.", labels=["queue", "state"]
    )
    for queue, of_queue in figures.queues.items():
        for state in State:
            family.add_metric([queue, state.value], of_queue.states[state])
    return family


def _attempts(figures: Figures) -> Metric:
    family = CounterMetricFamily("tillpass_notification_attempts", "Attempts to send an email.", labels=["queue"])
    for queue, of_queue in figures.queues.items():
        family.add_metric([queue], of_queue.attempts)
    return family


def _seconds_to_sent(figures: Figures) -> Metric:
    family = HistogramMetricFamily(
        "tillpass_notification_seconds_to_sent",
        "Seconds from an email's coming in to a mail server's taking it.",
        labels=["queue"],
    )
    for queue, of_queue in figures.queues.items():
        family.add_metric([queue], buckets=_buckets(of_queue), sum_value=of_queue.seconds_to_sent)
    return family


def _buckets(figures: QueueFigures) -> list[tuple[str, float]]:
    bounded = zip(map(str, map(float, SENT_WITHIN_SECONDS)), figures.sent_within, strict=True)
    return [*bounded, ("+Inf", figures.states[State.SENT])]


def _ages(figures: Figures) -> Iterator[Metric]:
    age = GaugeMetricFamily(
        "tillpass_queue_age_seconds", "How long the oldest email waits that was not sent yet.", labels=["queue"]
    )
    overdue = GaugeMetricFamily(
        "tillpass_queue_overdue_seconds", "For how long an email could have been tried and was not.", labels=["queue"]
    )
    for queue, of_queue in figures.queues.items():
        age.add_metric([queue], figures.seconds_since(of_queue.oldest_waiting_at))
        overdue.add_metric([queue], figures.seconds_since(of_queue.due_since))
    yield age
    yield overdue
