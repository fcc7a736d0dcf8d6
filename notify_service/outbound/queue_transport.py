"""Kombu's Redis transport with a door: an entry that is no task message of ours goes no further (F24, T56).

Kombu and Celery take it for granted that what stands in Redis was written by Celery. An entry that is no JSON, or lacks
what an envelope has, would end the worker, again after each restart; one whose body has another shape would never be
acknowledged and take up its place for ever. Here each is logged and dropped: nothing of ours looks like that, and a
real message that got damaged is sent again by its sender's outbox.
"""

from __future__ import annotations

import json
import logging
from base64 import b64decode
from contextlib import suppress
from typing import Any, Final

from kombu.transport import redis

_log = logging.getLogger(__name__)

# What reading a wrong shape raises. Connection errors are none of these and pass.
_WRONG_SHAPE: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Channel(redis.Channel):
    """Reads one entry at a time."""

    def _brpop_read(self, **options: Any) -> Any:  # noqa: ANN401 - kombu's signature
        try:
            return super()._brpop_read(**options)  # type: ignore[no-untyped-call]
        except (ValueError, RecursionError):
            _log.exception("queue entry dropped: not JSON")
            return True


class Transport(redis.Transport):
    """Hands entries to the consumer."""

    Channel = Channel

    def _deliver(self, message: Any, queue: str) -> None:  # noqa: ANN401 - any JSON
        try:
            _check_body(message)
            super()._deliver(message, queue)  # type: ignore[no-untyped-call]
        except _WRONG_SHAPE:
            _log.exception("queue entry dropped: not a task message")
            self._forget(message)

    def _forget(self, message: Any) -> None:  # noqa: ANN401 - any JSON
        # It may have been noted as not acknowledged, and would come back for ever.
        with suppress(*_WRONG_SHAPE):
            tag = message["properties"]["delivery_tag"]
            for channel in self.channels if isinstance(tag, str) else ():
                channel.basic_reject(tag, requeue=False)


def _check_body(message: Any) -> None:  # noqa: ANN401 - any JSON
    # https://docs.celeryq.dev/en/stable/internals/protocol.html: body = [args, kwargs, embed]. `embed` would make the
    # worker send further tasks; ours never do, so only somebody else can have filled it.
    args, kwargs, embed = json.loads(b64decode(message["body"], validate=True))
    if not (isinstance(args, list) and isinstance(kwargs, dict) and isinstance(embed, dict)) or any(embed.values()):
        raise ValueError("The body is not one of a task message of ours.")
