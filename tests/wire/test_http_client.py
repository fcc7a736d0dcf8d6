"""Calls to servers on the loopback that keep to HTTP: what is taken, what is refused (T31, F42, F46)."""

from __future__ import annotations

import datetime as dt
import gzip
import http.server
import ipaddress
import json
import ssl
import threading
import tracemalloc
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from wire.errors import AnswerRefusedError, UnreachableError
from wire.http_client import LARGEST_ANSWER, HttpAnswer, HttpClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# --- a server that keeps to HTTP ---------------------------------------------------------------------------------


@dataclass
class Server:
    """What was asked of it, over how many connections, and where it is."""

    origin: str
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0


@contextmanager
def _serving(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            server.connections += 1

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            server.asked.append((self.command, self.path, dict(self.headers.items()), body))
            ANSWERS[self.path.partition("?")[0]](self)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 - http.server looks them up by these names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Say nothing when the client goes away."""

    with Quiet(("127.0.0.1", 0), Handler) as listener:
        scheme = "http"
        if tls is not None:
            listener.socket = tls.wrap_socket(listener.socket, server_side=True)
            scheme = "https"
        server = Server(f"{scheme}://127.0.0.1:{listener.server_address[1]}")
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with _serving() as running:
        yield running


def _whole(status: int, body: bytes, **headers: str) -> Callable[[Any], None]:
    def answer(handler: Any) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def _chunked(pieces: int, *, end: bool) -> Callable[[Any], None]:
    piece = b"x" * 65536

    def answer(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for _ in range(pieces):
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if end:
            handler.wfile.write(b"0\r\n\r\n")

    return answer


def _chunked_one_byte_over(handler: Any) -> None:
    """Says that more would come, and sends nothing more: what follows on the connection is the next answer."""
    _chunked(LARGEST_ANSWER // 65536, end=False)(handler)
    handler.wfile.write(b"1\r\nx\r\n")


def _without_length(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(b"until the end")


def _closing_afterwards(handler: Any) -> None:
    _whole(200, b"last")(handler)
    handler.close_connection = True


def _closing_as_the_next_request_comes(handler: Any) -> None:
    _closing_afterwards(handler)
    handler.rfile.readline()


def _closing_unanswered(handler: Any) -> None:
    handler.close_connection = True


ANSWERS: dict[str, Callable[[Any], None]] = {
    "/good": _whole(200, b'{"a": 1}', **{"Content-Type": "application/json", "X-Request-ID": "7"}),
    "/missing": _whole(404, b"{}"),
    "/away": _whole(503, b"{}", **{"Retry-After": "5"}),
    "/moved": _whole(302, b"", Location="/good"),
    "/moved-for-good": _whole(308, b"", Location="/good"),
    "/page": _whole(200, b"<html>Sign in to the hotel's network"),
    "/full": _whole(200, b"x" * LARGEST_ANSWER),
    "/too-large": _whole(200, b"x" * (LARGEST_ANSWER + 1)),
    "/far-too-large": _whole(200, b"x" * (LARGEST_ANSWER * 8)),
    "/says-it-is-too-large": _whole(200, b"x" * (LARGEST_ANSWER + 1), **{"Content-Length": str(10**12)}),
    "/chunked": _chunked(1, end=True),
    "/chunked-too-large": _chunked(LARGEST_ANSWER // 65536 + 1, end=True),
    "/chunked-without-end": _chunked(1000, end=False),
    "/chunked-one-byte-over": _chunked_one_byte_over,
    "/squeezed": _whole(200, gzip.compress(b'{"a": 1}'), **{"Content-Encoding": "gzip"}),
    "/bomb": _whole(200, gzip.compress(bytes(64 * 1024 * 1024)), **{"Content-Encoding": "gzip"}),
    "/broken-gzip": _whole(200, b"not gzip", **{"Content-Encoding": "gzip"}),
    "/without-length": _without_length,
    "/closing": _closing_as_the_next_request_comes,
    "/silent": _closing_unanswered,
    "/many-headers": _whole(200, b"", **{f"X-{number}": "y" for number in range(200)}),
    "/long-header": _whole(200, b"", **{"X-Long": "y" * 100_000}),
    "/nothing": lambda handler: (handler.send_response(204), handler.end_headers()),
}


def test_answer_comes_whole_and_with_headers_in_lower_case(http_client: HttpClient, server: Server) -> None:
    answer = http_client.get(f"{server.origin}/good?id=1", headers={"Authorization": "Bearer t"})

    assert (answer.status, answer.json(), answer.headers["x-request-id"]) == (200, {"a": 1}, "7")
    method, path, headers, body = server.asked[0]
    assert (method, path, headers["Authorization"], body) == ("GET", "/good?id=1", "Bearer t", b"")


def test_form_is_sent_as_one(http_client: HttpClient, server: Server) -> None:
    http_client.post_form(
        f"{server.origin}/good", {"scope": "a b", "device_code": "ä&="}, headers={"X-Request-ID": "7"}
    )

    method, _, headers, body = server.asked[0]
    assert (method, headers["Content-Type"], headers["X-Request-ID"]) == (
        "POST",
        "application/x-www-form-urlencoded",
        "7",
    )
    assert body == b"scope=a+b&device_code=%C3%A4%26%3D"


def test_document_is_sent_as_json(http_client: HttpClient, server: Server) -> None:
    http_client.put_json(f"{server.origin}/good", {"organization_id": "ä"})

    method, _, headers, body = server.asked[0]
    assert (method, headers["Content-Type"], json.loads(body)) == (
        "PUT",
        "application/json",
        {"organization_id": "ä"},
    )


@pytest.mark.parametrize(("path", "status"), [("/missing", 404), ("/away", 503), ("/nothing", 204)])
def test_error_of_the_other_side_is_an_answer(path: str, status: int, http_client: HttpClient, server: Server) -> None:
    assert http_client.get(server.origin + path).status == status


def test_nothing_is_tried_twice(http_client: HttpClient, server: Server) -> None:
    """F42: no retry storm; whoever calls decides whether and when to ask again."""
    http_client.get(f"{server.origin}/away")

    assert len(server.asked) == 1


@pytest.mark.parametrize("path", ["/moved", "/moved-for-good"])
def test_redirect_is_not_followed(path: str, http_client: HttpClient, server: Server) -> None:
    """T31: keys come from the fixed address or not at all."""
    answer = http_client.get(server.origin + path)

    assert (answer.status // 100, answer.headers["location"]) == (3, "/good")
    assert len(server.asked) == 1


def test_answer_of_the_largest_size_is_taken(http_client: HttpClient, server: Server) -> None:
    assert len(http_client.get(f"{server.origin}/full").body) == LARGEST_ANSWER


@pytest.mark.parametrize(
    "path",
    [
        "/too-large",
        "/far-too-large",
        "/says-it-is-too-large",
        "/chunked-too-large",
        "/chunked-one-byte-over",
        "/chunked-without-end",
        "/bomb",
    ],
)
def test_answer_over_the_limit_is_refused(path: str, http_client: HttpClient, server: Server) -> None:
    """T31: by its size as read and unpacked, whatever its headers say."""
    with pytest.raises(AnswerRefusedError, match="too large"):
        http_client.get(server.origin + path)


def test_gzip_bomb_takes_no_memory(http_client: HttpClient, server: Server) -> None:
    """64 MiB of zeros come as 64 KiB."""
    http_client.get(f"{server.origin}/good")
    tracemalloc.start()
    try:
        with pytest.raises(AnswerRefusedError):
            http_client.get(f"{server.origin}/bomb")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 16 * LARGEST_ANSWER


@pytest.mark.parametrize(
    ("path", "body"), [("/squeezed", b'{"a": 1}'), ("/chunked", b"x" * 65536), ("/without-length", b"until the end")]
)
def test_body_is_read_as_it_was_meant(path: str, body: bytes, http_client: HttpClient, server: Server) -> None:
    assert http_client.get(server.origin + path).body == body


@pytest.mark.parametrize("path", ["/broken-gzip", "/many-headers", "/long-header"])
def test_answer_that_breaks_http_counts_as_none(path: str, http_client: HttpClient, server: Server) -> None:
    with pytest.raises(UnreachableError):
        http_client.get(server.origin + path)


def test_connection_is_kept_and_used_again(http_client: HttpClient, server: Server) -> None:
    for path in ("/good", "/missing", "/squeezed", "/chunked", "/nothing", "/good"):
        http_client.get(server.origin + path)

    assert server.connections == 1


def test_kept_connection_that_closes_as_it_is_used_is_replaced(http_client: HttpClient, server: Server) -> None:
    """The worst moment of a keep-alive timeout: the request is on its way already."""
    for ask in (http_client.get, partial(http_client.put_json, document={})):
        http_client.get(f"{server.origin}/closing")

        assert ask(f"{server.origin}/good").status == 200


def test_what_may_not_be_repeated_is_not_repeated(http_client: HttpClient, server: Server) -> None:
    http_client.get(f"{server.origin}/closing")

    with pytest.raises(UnreachableError):
        http_client.post_form(f"{server.origin}/good", {})
    assert [path for _, path, _, _ in server.asked] == ["/closing"]


def test_silence_is_asked_twice_at_most(http_client: HttpClient, server: Server) -> None:
    with pytest.raises(UnreachableError):
        http_client.get(f"{server.origin}/silent")

    assert len(server.asked) == 2


@pytest.mark.parametrize("path", ["/far-too-large", "/chunked-without-end", "/chunked-one-byte-over"])
def test_what_was_left_of_a_large_answer_never_meets_the_next_one(
    path: str, http_client: HttpClient, server: Server
) -> None:
    with pytest.raises(AnswerRefusedError):
        http_client.get(server.origin + path)

    assert http_client.get(f"{server.origin}/good").json() == {"a": 1}
    assert server.connections == 2


@pytest.mark.parametrize("path", ["/too-large", "/long-header"])
def test_error_names_the_origin_and_nothing_that_may_be_secret(
    path: str, http_client: HttpClient, server: Server
) -> None:
    """T55: errors are logged."""
    port = server.origin.rpartition(":")[2]

    with pytest.raises((AnswerRefusedError, UnreachableError)) as refusal:
        http_client.get(f"http://name:password@127.0.0.1:{port}{path}?user_code=BCDF-GHJK")

    assert server.origin in str(refusal.value)
    assert not any(secret in str(refusal.value) for secret in ("name", "password", "BCDF", path))


# --- certificates ------------------------------------------------------------------------------------------------


def _certificate(folder: Path, name: x509.GeneralName) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "certificate.pem", folder / "key.pem"


@contextmanager
def _tls_server(folder: Path, name: x509.GeneralName) -> Iterator[tuple[str, str]]:
    certificate, key = _certificate(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with _serving(context) as running:
        yield running.origin, str(certificate)


def test_certificate_of_a_named_authority_is_good(tmp_path: Path) -> None:
    with _tls_server(tmp_path, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))) as (origin, ca_file):
        http_client = HttpClient(ca_file=ca_file)

        assert http_client.get(f"{origin}/good").status == 200

        http_client._pool.clear()


def test_certificate_of_nobody_we_know_is_refused(tmp_path: Path, http_client: HttpClient) -> None:
    """F46: TLS intercepted."""
    with (
        _tls_server(tmp_path, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))) as (origin, _),
        pytest.raises(UnreachableError),
    ):
        http_client.get(f"{origin}/good")


def test_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    """F46: DNS lies."""
    with _tls_server(tmp_path, x509.DNSName("auth.example")) as (origin, ca_file):
        http_client = HttpClient(ca_file=ca_file)

        with pytest.raises(UnreachableError):
            http_client.get(f"{origin}/good")

        http_client._pool.clear()


# --- what an answer holds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"{", b"\xff\xfe\xff", b"[" * 200_000, b"9" * 5000, b'{"a": 1} x', "ä".encode("latin-1")],
    ids=["nothing", "HTML", "half", "not UTF-8", "a bomb", "a number of 5000 digits", "more", "Latin-1"],
)
def test_body_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(AnswerRefusedError):
        HttpAnswer(status=200, headers={}, body=body).json()
