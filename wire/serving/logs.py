"""Every log line of a process as one line of JSON on standard error (newline-safe: T66)."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog


@dataclass(frozen=True, slots=True)
class RequestLine:
    """The message of the line that each request leaves."""

    request_id: str
    method: str
    path: str
    status: int
    milliseconds: float


class _JsonLines(structlog.stdlib.ProcessorFormatter):
    """structlog's formatter, with a short way for the line that each request leaves: a third of the cost."""

    def format(self, record: logging.LogRecord) -> str:
        if not isinstance(record.msg, RequestLine):
            return super().format(record)
        said = record.msg
        return json.dumps(
            {
                "event": "request",
                "request_id": said.request_id,
                "method": said.method,
                "path": said.path,
                "status": said.status,
                "milliseconds": said.milliseconds,
                "level": "info",
                "logger": record.name,
                "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            }
        )


def configure_logs(level: int = logging.INFO) -> None:
    """Send every log line of this process to standard error as one line of JSON."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    handler = logging.StreamHandler()
    handler.setFormatter(
        _JsonLines(
            foreign_pre_chain=shared,
            processors=[
                _JsonLines.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Authlib writes issued tokens to its DEBUG log (C14).
    logging.getLogger("authlib").setLevel(logging.INFO)
