"""A body that cannot be read to its end is the caller's fault (T48, T49)."""

from __future__ import annotations

import io

import pytest
from flask import Flask, request
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkSize

from wire.serving.request_body import LARGEST_BODY, MOST_DISCARDED, install_body_limits


class BrokenBody(io.RawIOBase):
    """What a server hands on for a malformed chunk: reading raises an error of the server's own."""

    def __init__(self, error: type[Exception]) -> None:
        self._error = error

    def read(self, size: int = -1) -> bytes:
        raise self._error(f"Invalid chunk size, {size} wanted")

    readline = read


@pytest.fixture
def app() -> Flask:
    app = Flask("test")
    install_body_limits(app)

    @app.post("/form")
    def form() -> dict[str, str]:
        return dict(request.form)

    @app.post("/lines")
    def lines() -> dict[str, int]:
        return {"lines": len(list(request.environ["wsgi.input"]))}

    return app


@pytest.mark.parametrize("error", [OSError, InvalidChunkSize, ChunkMissingTerminator])
@pytest.mark.parametrize("path", ["/form", "/lines"])
def test_a_body_that_breaks_off_is_400(app: Flask, path: str, error: type[Exception]) -> None:
    answer = app.test_client().post(
        path,
        content_type="application/x-www-form-urlencoded",
        # As gunicorn hands on a chunked body: of unknown length, with an end of its own.
        environ_overrides={"wsgi.input": BrokenBody(error), "wsgi.input_terminated": True},
    )

    assert answer.status_code == 400


def test_a_whole_body_is_read(app: Flask) -> None:
    client = app.test_client()

    assert client.post("/form", data={"a": "b"}).json == {"a": "b"}
    assert client.post("/lines", data=b"a\nb\n").json == {"lines": 2}


def test_a_body_over_the_limit_is_413(app: Flask) -> None:
    assert app.test_client().post("/form", data={"a": "x" * LARGEST_BODY}).status_code == 413


@pytest.mark.parametrize(("length", "status"), [(64 * 1024, 200), (64 * 1024 + 1, 413), (1024 * 1024, 413)])
def test_a_body_in_chunks_has_the_same_limit(app: Flask, length: int, status: int) -> None:
    """T48: it is refused, not cut off where the limit is."""
    answer = app.test_client().post(
        "/form",
        input_stream=io.BytesIO(b"a=" + b"x" * (length - 2)),
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("length", "discarded"),
    [("5000", 5000), ("0", 0), ("", 0), ("-1", 0), ("9" * 5000, 0), ("2000000", MOST_DISCARDED)],
)
def test_a_body_that_nobody_reads_is_discarded(app: Flask, length: str, discarded: int) -> None:
    """RFC 9112 §9.6: else the connection is reset, and the answer may be lost. What follows is not touched."""
    line = io.BytesIO(b"x" * 3_000_000)

    answer = app.test_client().get("/nowhere", environ_overrides={"wsgi.input": line, "CONTENT_LENGTH": length})

    assert answer.status_code == 404
    assert line.tell() == discarded


def test_a_body_is_discarded_from_where_it_was_read_to(app: Flask) -> None:
    line = io.BytesIO(b"a=" + b"x" * 3_000_000)

    answer = app.test_client().post(
        "/form",
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"wsgi.input": line, "CONTENT_LENGTH": "1000"},
    )

    assert answer.status_code == 200
    assert line.tell() == 1000
