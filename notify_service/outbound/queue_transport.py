"""Kombu's Redis transport with a door: an entry that is no task message of ours goes no further (F24, T56).

Kombu and Celery take it for granted that what stands in Redis was written by Celery. An entry that is no JSON, or lacks
what an envelope has, would end the worker, again after each restart; one whose body has another shape would never be
acknowledged and take up its place for ever; one that names a task of Celery's own would have it run. Here each is
logged, in few words and not in its own, and dropped: nothing of ours looks like that, and a real message that got
damaged is sent again by its sender's outbox.
"""

from __future__ import annotations

import json
import logging
from base64 import b64decode
from contextlib import suppress
from typing import Any, Final

from kombu.transport import redis
from redis.exceptions import DataError

_log = logging.getLogger(__name__)

LARGEST_ENTRY: Final = 256 * 1024
LARGEST_HEADERS: Final = 4 * 1024
"""Celery quotes them in its log."""

LONGEST_TAG: Final = 64
LONGEST_REASON: Final = 200

# What reading a wrong shape raises: kombu makes decimals of some JSON objects, and Redis refuses values that are no
# text. Connection errors are none of these and pass.
_WRONG_SHAPE: Final = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, DataError)


class QoS(redis.QoS):
    """Counts what is being worked on, also while Redis does not answer (F20, F23)."""

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge, and give the place free in any case.

        Kombu keeps it taken when Redis does not answer, and after as many such acknowledgements as a worker has places
        it takes nothing any more, though its connection is good. The message comes back and finds its email sent.
        """
        try:
            self._remove_from_indices(delivery_tag).execute()  # type: ignore[no-untyped-call]
        finally:
            self._quick_ack(delivery_tag)


class Channel(redis.Channel):
    """Reads one entry at a time."""

    QoS = QoS

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - kombu's signature
        client = super()._create_client(asynchronous=asynchronous)  # type: ignore[no-untyped-call]
        client.set_response_callback("BRPOP", _check_size)
        return client

    def _brpop_read(self, **options: Any) -> Any:  # noqa: ANN401 - kombu's signature
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]
        except _WRONG_SHAPE as fault:
            _log_dropped("too large or not JSON", fault)
            return True


class Transport(redis.Transport):
    """Hands entries to the consumer: those that ask for a task of the transport option `task_names`."""

    Channel = Channel

    def _deliver(self, message: Any, queue: str) -> None:  # noqa: ANN401 - any JSON
        connection: Any = self.client
        try:
            _check_envelope(message, connection.transport_options["task_names"])
            _check_body(message)
            super()._deliver(message, queue)  # type: ignore[no-untyped-call]
        except _WRONG_SHAPE as fault:
            _log_dropped("not a task message", fault)
            self._forget(message)

    def _forget(self, message: Any) -> None:  # noqa: ANN401 - any JSON
        # It may have been noted as not acknowledged, and would come back for ever.
        with suppress(*_WRONG_SHAPE):
            tag = message["properties"]["delivery_tag"]
            for channel in self.channels if isinstance(tag, str) else ():
                channel.basic_reject(tag, requeue=False)


def _log_dropped(why: str, fault: Exception) -> None:
    _log.error("queue entry dropped: %s", why, extra={"reason": f"{type(fault).__name__}: {fault}"[:LONGEST_REASON]})


def _check_size(answer: Any, **_: object) -> Any:  # noqa: ANN401 - a name and an entry, or nothing
    if answer and len(answer[1]) > LARGEST_ENTRY:
        raise ValueError("The entry is larger than any of ours.")
    return answer


def _check_envelope(message: Any, task_names: tuple[str, ...]) -> None:  # noqa: ANN401 - any JSON
    properties, headers = message["properties"], message["headers"]
    if not isinstance(properties, dict) or not isinstance(headers, dict):
        raise TypeError("The properties or headers are no object.")
    tag = properties["delivery_tag"]
    if not isinstance(tag, str) or not 0 < len(tag) <= LONGEST_TAG:
        raise ValueError("The delivery tag is no short text.")
    if (message["content-type"], message["content-encoding"]) != ("application/json", "utf-8"):
        raise ValueError("The content is not said to be JSON in UTF-8.")
    if headers["task"] not in task_names:
        raise ValueError("The task is none of ours.")
    if len(json.dumps(headers)) > LARGEST_HEADERS:
        raise ValueError("The headers are larger than any of ours.")


def _check_body(message: Any) -> None:  # noqa: ANN401 - any JSON
    # https://docs.celeryq.dev/en/stable/internals/protocol.html: body = [args, kwargs, embed]. `embed` would make the
    # worker send further tasks; ours never do, nor do they take arguments by name: only somebody else can have filled
    # these.
    args, kwargs, embed = json.loads(b64decode(message["body"], validate=True))
    if not (isinstance(args, list) and kwargs == {} and isinstance(embed, dict)) or any(embed.values()):
        raise ValueError("The body is not one of a task message of ours.")
