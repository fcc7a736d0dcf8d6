"""Every log line of a process is one line of JSON (T55, T66)."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from wire.serving.logs import ReadyLine

if TYPE_CHECKING:
    from collections.abc import Callable

    Log = Callable[[], list[dict[str, Any]]]


def test_other_libraries_write_the_same_kind_of_line(log: Log) -> None:
    logging.getLogger("celery").warning("a\nb", extra={"task": "send"})

    [line] = log()
    assert (line["event"], line["logger"], line["task"]) == ("a\nb", "celery", "send")


def test_authlib_s_debug_log_stays_silent_at_any_level(log: Log) -> None:
    """T55: it would hold every issued token."""
    logging.getLogger().setLevel(logging.DEBUG)

    logging.getLogger("celery").debug("shows that the level is that low")
    logging.getLogger("authlib.oauth2.rfc8628").debug("Issue token %r to %r", "token", "client")

    assert [line["logger"] for line in log()] == ["celery"]


def test_line_says_when_where_and_how_grave(log: Log) -> None:
    logging.getLogger("celery.worker").error("lost")

    [line] = log()
    assert (line["level"], line["logger"]) == ("error", "celery.worker")
    assert line["timestamp"].endswith("Z")


def test_gunicorn_s_own_lines_can_still_name_their_process(log: Log) -> None:
    """A worker that cannot start says why in lines of gunicorn's form; one that fails would bury the reason."""
    line = logging.Formatter("[%(process)d] %(message)s").format(logging.makeLogRecord({"msg": "Worker exiting"}))

    assert line == f"[{os.getpid()}] Worker exiting"


def test_level_is_held(log: Log) -> None:
    logging.getLogger("celery").debug("chatter")

    assert log() == []


def test_a_request_s_line_names_what_other_lines_name(log: Log) -> None:
    """The short way writes the same members in the same form."""
    logging.getLogger("celery").info("told")
    logging.getLogger("auth_service").info(ReadyLine("request", {"request_id": "7", "path": "/a\nb"}))

    told, line = log()
    assert told.keys() < line.keys()
    assert line["timestamp"].endswith("Z")
    assert (line["event"], line["level"], line["logger"]) == ("request", "info", "auth_service")
    assert (line["request_id"], line["path"]) == ("7", "/a\nb")


def test_what_ends_a_line_for_some_readers_stands_escaped_in_a_request_s_line(log: Log) -> None:
    """T66: next line, and the separators of lines and paragraphs."""
    path = "/caf\N{LATIN SMALL LETTER E WITH ACUTE}\x85\u2028\u2029\x0b\x0c\n"
    logging.getLogger("auth_service").info(ReadyLine("request", {"path": path}))

    [line] = log()
    assert line["path"] == path
