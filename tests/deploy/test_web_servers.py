"""gunicorn and granian as we run them: the same behaviour of both, at HTTP's level and under signals (T48)."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from deploy.local_stack.settings import REPOSITORY, WEB_SERVERS, free_ports
from tests.deploy.small_service import LONG_ANSWER
from tests.doubles.raw_http import exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

DEADLINE_SECONDS = 60
APP = "tests.deploy.small_service:app"
FORM = "Content-Type: application/x-www-form-urlencoded"
POST_FORM = f"POST /form HTTP/1.1\r\nHost: x\r\n{FORM}\r\n".encode()
HUNG_UP = ("RemoteDisconnected", "ConnectionResetError")
CHUNKED = POST_FORM + b"Transfer-Encoding: chunked\r\n\r\n"


def command(name: str, port: int) -> list[str]:
    if name == "granian":
        launcher = str(REPOSITORY / "deploy" / "granian_server.py")
        return [sys.executable, launcher, f"--port={port}", "--workers=2", "--overlap=1", APP]
    return [
        *(sys.executable, "-m", "gunicorn", "--config=deploy/gunicorn.conf.py"),
        *(f"--bind=127.0.0.1:{port}", "--workers=2", APP),
    ]


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    port: int

    def get(self, path: str = "/", headers: dict[str, str] | None = None) -> Any:
        with self.connection() as connection:
            connection.request("GET", path, headers={"Connection": "close", **(headers or {})})
            return json.loads(connection.getresponse().read())

    def connection(self) -> closing[http.client.HTTPConnection]:
        return closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_SECONDS))

    def wait(self, condition: Any) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def answers(self) -> bool:
        try:
            return bool(self.get())
        except OSError:
            return False

    def workers(self) -> set[int]:
        """Ask until both are known: which of them answers is the kernel's choice."""
        seen: set[int] = set()
        self.wait(lambda: seen.add(self.get()["worker"]) or len(seen) == 2)
        return seen


@contextmanager
def running(name: str) -> Iterator[Server]:
    port = free_ports().auth
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "AUTH_SECRET_KEY": "s3cret", "HTTP_X_FORGED": "yes"}
    with subprocess.Popen(
        command(name, port),
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        server = Server(process, port)
        try:
            server.wait(server.answers)
            yield server
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(params=WEB_SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with running(request.param) as started:
        yield started


@dataclass
class Load:
    """Requests on new connections, one after the other in four threads."""

    server: Server
    answered: int = 0
    failed: list[str] = field(default_factory=list)
    workers: set[int] = field(default_factory=set)

    @contextmanager
    def going(self) -> Iterator[None]:
        over = threading.Event()

        def ask() -> None:
            while not over.is_set():
                try:
                    self.workers.add(self.server.get()["worker"])
                    self.answered += 1
                except (OSError, http.client.HTTPException) as fault:
                    self.failed.append(repr(fault))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()


def test_a_reload_under_load_gives_no_wrong_answer(server: Server) -> None:
    """With gunicorn nothing is lost. granian hangs up on connections whose request has not reached it when it stops."""
    before = server.workers()
    load = Load(server)

    with load.going():
        os.kill(server.process.pid, signal.SIGHUP)
        server.wait(lambda: len(load.workers - before) == 2 and not any(map(is_alive, before)))

    is_granian = "granian" in str(server.process.args)
    assert [fault for fault in load.failed if not (is_granian and fault.startswith(HUNG_UP))] == []
    assert load.answered > 0


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_stop_answers_what_has_begun(server: Server) -> None:
    with ExitStack() as opened:
        connections = [opened.enter_context(server.connection()) for _ in range(4)]
        for connection in connections:
            connection.request("GET", "/slow")
        # Others that come after them are answered: they are with their workers by now.
        server.workers()

        os.kill(server.process.pid, signal.SIGTERM)
        answers = [json.loads(connection.getresponse().read()) for connection in connections]

    assert len(answers) == 4
    assert server.process.wait(DEADLINE_SECONDS) == 0


def test_a_killed_worker_is_replaced(server: Server) -> None:
    victim = server.get()["worker"]
    os.kill(victim, signal.SIGKILL)

    server.wait(lambda: not is_alive(victim) and server.answers())
    assert victim not in server.workers()


def test_a_connection_serves_many_requests(server: Server) -> None:
    seen = set()
    with server.connection() as connection:
        for _ in range(20):
            connection.request("GET", "/")
            seen.add(json.loads(connection.getresponse().read())["worker"])

    assert len(seen) == 1


def test_bad_input_is_refused_or_hung_up_on(server: Server) -> None:
    """T48: heads and bodies that are too large, broken or ambiguous, on both servers below 500."""
    chunk = b"2710\r\n" + b"x" * 10_000 + b"\r\n"
    heads = {
        "a body too large": POST_FORM + b"Content-Length: 200000\r\n\r\na=" + b"x" * 199_998,
        "chunks too large": CHUNKED + chunk * 20 + b"0\r\n\r\n",
        "a broken chunk": CHUNKED + b"zz\r\n",
        "a body that ends early": POST_FORM + b"Content-Length: 50\r\n\r\na=b",
        "both lengths": POST_FORM + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "two lengths": b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "a negative length": b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "a long header": b"GET / HTTP/1.1\r\nHost: x\r\nX-Big: " + b"a" * 20_000 + b"\r\n\r\n",
        "a long path": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        "many headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(200)) + b"\r\n",
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    }
    said = {name: exchange(server.port, raw)[:12] for name, raw in heads.items()}

    # Both servers give the service what came of a body that was cut short, as if it were all; and granian reads by the
    # chunks where both lengths are given (RFC 9112 §6.1 allows it).
    taken = {"a broken chunk", "a body that ends early", "both lengths"}
    lowest = {name: b"200" if name in taken else b"400" for name in said}
    wrong = {name: answer for name, answer in said.items() if answer and not lowest[name] <= answer[9:12] < b"500"}
    assert wrong == {}
    assert server.answers()


@pytest.mark.parametrize("length", [64 * 1024, 200_000, 1024 * 1024])
def test_who_sends_far_too_much_reads_the_whole_answer(server: Server, length: int) -> None:
    """A connection that is closed over unread data is reset, and the end of a long answer lost (RFC 9112 §9.6)."""
    read = []
    for _ in range(5):
        with server.connection() as connection:
            connection.request("GET", "/long", body=b"x" * length)
            read.append(len(connection.getresponse().read()))

    assert read == [LONG_ANSWER] * 5


def test_nobody_writes_an_address_in_front_of_the_proxy_s(server: Server) -> None:
    """T03: many proxies pass a header with underscores on, and WSGI has one name for both spellings."""
    spoofed = server.get("/environment", {"X_Forwarded_For": "6.6.6.6", "X-Forwarded-For": "192.0.2.1"})
    told = server.get("/environment", {"Forwarded": "for=192.0.2.1"})

    assert spoofed.get("HTTP_X_FORWARDED_FOR") in {None, "192.0.2.1"}
    assert told["HTTP_FORWARDED"] == "for=192.0.2.1"


def test_the_environment_s_variables_are_not_in_a_request(server: Server) -> None:
    """T55: no secret among them, and no variable that would pass for a header."""
    given = server.get("/environment")

    assert "AUTH_SECRET_KEY" not in given
    assert "HTTP_X_FORGED" not in given


def test_behind_a_proxy_that_writes_one_header_granian_believes_none_that_it_passes_on() -> None:
    """T03: beside an X-Forwarded-For that is not believed, Forwarded is whatever the asker wrote."""
    with running("granian") as server:
        given = server.get("/environment", {"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=6.6.6.6"})

    assert not {"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED"} & given.keys()
