"""Commands and Lua scripts for Redis, on connections that are kept for nothing else.

Through redis-py's Script and pool a call costs 75 µs of CPU, most of it in the pool and the frame for retries; on a
connection of one's own it costs 30. redis-py still opens, authenticates and reads. Nothing is tried twice, except a
script that Redis has forgotten (NOSCRIPT: it did not run), and what was sent on a kept connection that Redis has closed
since, as a restart does. Should that have been done, a poll or a guess counts twice, which harms nobody.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha1
from typing import TYPE_CHECKING, Any

from redis.exceptions import ConnectionError as ClosedError
from redis.exceptions import NoScriptError, RedisError, ResponseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis import Redis


class KeptConnections:
    """The connections of one process: as many as threads have been in a call at once, used last in, first out."""

    def __init__(self, redis: Redis) -> None:
        self._pool = redis.connection_pool
        self._process = os.getpid()
        self._idle: list[Any] = []  # redis-py types its connections in part only

    def call(self, *command: Any) -> Any:  # noqa: ANN401 - what Redis takes and gives
        """Send one command and give its answer. Raises RedisError."""
        (answer,) = self.call_all(command)
        return answer

    def call_all(self, *commands: tuple[Any, ...]) -> list[Any]:
        """Send commands together and give their answers; others' may come between them. Raises RedisError."""
        connection = self._take()
        was_open = connection.is_connected
        try:
            answers = _ask(connection, commands)
        except ClosedError:
            if not was_open:
                raise
            answers = _ask(connection, commands)
        finally:
            self._idle.append(connection)
        for answer in answers:
            if isinstance(answer, RedisError):
                raise answer
        return answers

    def _take(self) -> Any:  # noqa: ANN401
        if self._process != os.getpid():
            # After a fork the sockets are the parent's.
            self._process, self._idle = os.getpid(), []
        try:
            return self._idle.pop()
        except IndexError:
            return self._pool.make_connection()


def _ask(connection: Any, commands: tuple[tuple[Any, ...], ...]) -> list[Any]:  # noqa: ANN401
    try:
        connection.send_packed_command(connection.pack_commands(commands), check_health=False)
        return [_answer(connection) for _ in commands]
    except BaseException:
        # Whatever cut this off, an answer may still come, and is not for the next call. It opens anew when it is used.
        connection.disconnect()
        raise


def _answer(connection: Any) -> Any:  # noqa: ANN401
    """Read one answer. A refusal is one too: those to the next commands are still to be read."""
    try:
        return connection.read_response()
    except ResponseError as refused:
        return refused


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """What a script of somebody else's does as well, in the same call: a step on keys of its own."""

    function: str
    """Lua that defines `local step_keys`, how many they are, and `local function step(first, …)`, the first's place."""
    keys: tuple[str, ...]
    arguments: tuple[str | int, ...]


class RedisScript:
    """One Lua script."""

    def __init__(self, connections: KeptConnections, text: str) -> None:
        self._call = connections.call
        self._text = text
        # Redis names a script by its SHA-1; nothing is kept secret or proved by it.
        self._name = sha1(text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, key: str, *arguments: str | int) -> Any:  # noqa: ANN401 - what the script gives
        """Run it on one key. Raises RedisError."""
        return self.on((key,), *arguments)

    def on(self, keys: Sequence[str], *arguments: str | int) -> Any:  # noqa: ANN401 - what the script gives
        """Run it on several keys. Raises RedisError."""
        try:
            return self._call("EVALSHA", self._name, len(keys), *keys, *arguments)
        except NoScriptError:
            return self._call("EVAL", self._text, len(keys), *keys, *arguments)
