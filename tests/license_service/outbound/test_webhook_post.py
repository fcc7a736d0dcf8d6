"""Webhooks over real connections: what is sent, what is refused, what ends in time (T31, F20, F23, F42)."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from license_service.outbound.webhook_post import LARGEST_ANSWER, WebhookPost
from tests.doubles.webhook_receiver import receiving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.doubles.webhook_receiver import WebhookReceiver

TINY_SECONDS = 0.2
BODY = b'{"type":"seat.claimed"}'
PUBLIC = "8.8.8.8"


class Names:
    """A resolver that answers each question with the next of the lists that it was given, and counts."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        found = self.answers.pop(0)
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found
        ]


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def post() -> WebhookPost:
    return WebhookPost(allow_loopback=True)


@pytest.mark.parametrize(
    ("status", "said", "asked"),
    [
        (503, "120", dt.timedelta(seconds=120)),
        (429, " 7 ", dt.timedelta(seconds=7)),
        (429, "999999999", dt.timedelta(seconds=999999999)),
        (503, "Wed, 21 Oct 2026 07:28:00 GMT", dt.timedelta(0)),
        (503, "-1", dt.timedelta(0)),
        (503, "9" * 4000, dt.timedelta(0)),
        (503, "٣", dt.timedelta(0)),
        (500, "120", dt.timedelta(0)),
    ],
)
def test_a_receiver_that_is_busy_says_for_how_long(
    post: WebhookPost, receiver: WebhookReceiver, status: int, said: str, asked: dt.timedelta
) -> None:
    """RFC 9110 §10.2.3."""
    receiver.status = status
    receiver.headers = {"Retry-After": said.encode().decode("latin-1")}

    assert post.send(f"http://127.0.0.1:{receiver.port}/", BODY, {}).retry_after == asked


def test_the_body_is_posted_with_its_headers(post: WebhookPost, receiver: WebhookReceiver) -> None:
    outcome = post.send(f"http://127.0.0.1:{receiver.port}/a?b=c", BODY, {"webhook-id": "evt_1"}).outcome

    assert outcome == "http_204"
    [(path, headers, body)] = receiver.taken
    assert (path, body) == ("/a?b=c", BODY)
    assert (headers["host"], headers["webhook-id"]) == (f"127.0.0.1:{receiver.port}", "evt_1")


@pytest.mark.parametrize("status", [200, 400, 401, 410, 429, 500, 503])
def test_the_status_is_told(post: WebhookPost, receiver: WebhookReceiver, status: int) -> None:
    receiver.status = status

    assert post.send(f"http://127.0.0.1:{receiver.port}/", BODY, {}).outcome == f"http_{status}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(post: WebhookPost, receiver: WebhookReceiver, status: int) -> None:
    """T31: a redirect would lead past every check of the address."""
    receiver.status = status
    receiver.headers = {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}

    assert post.send(f"http://127.0.0.1:{receiver.port}/", BODY, {}).outcome == f"http_{status}"
    assert [path for path, _, _ in receiver.taken] == ["/"]


def test_of_a_large_answer_little_is_read(post: WebhookPost, receiver: WebhookReceiver) -> None:
    """T31."""
    receiver.body = bytes(LARGEST_ANSWER * 64)

    assert post.send(f"http://127.0.0.1:{receiver.port}/", BODY, {}).outcome == "http_204"


# --- which addresses ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["10.0.0.1"], ["::ffff:127.0.0.1"], [PUBLIC, "169.254.169.254"]])
def test_a_name_of_an_address_that_is_not_public_is_refused(receiver: WebhookReceiver, addresses: list[str]) -> None:
    """T31: also when only one of its addresses is."""
    post = WebhookPost(resolve=Names(addresses))

    assert post.send(f"https://hooks.example:{receiver.port}/", BODY, {}).outcome == "address_refused"
    assert receiver.taken == []


def test_a_name_is_resolved_once_and_that_very_address_connected_to(receiver: WebhookReceiver) -> None:
    """T31: DNS rebinding. The second answer, for who would ask again, is never asked for."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])

    outcome = (
        WebhookPost(allow_loopback=True, resolve=names).send(f"http://hooks.example:{receiver.port}/", BODY, {}).outcome
    )

    assert outcome == "http_204"
    assert names.asked == ["hooks.example"]
    assert receiver.taken[0][1]["host"] == f"hooks.example:{receiver.port}"


def test_the_next_address_is_tried_when_one_does_not_answer(receiver: WebhookReceiver) -> None:
    names = Names(["::1", "127.0.0.1"])

    outcome = (
        WebhookPost(allow_loopback=True, resolve=names).send(f"http://hooks.example:{receiver.port}/", BODY, {}).outcome
    )

    assert outcome == "http_204"


def test_http_goes_to_this_machine_only(receiver: WebhookReceiver) -> None:
    post = WebhookPost(allow_loopback=True, resolve=Names([PUBLIC]))

    assert post.send(f"http://hooks.example:{receiver.port}/", BODY, {}).outcome == "address_refused"


def test_without_leave_nothing_goes_to_this_machine(receiver: WebhookReceiver) -> None:
    assert WebhookPost().send(f"http://127.0.0.1:{receiver.port}/", BODY, {}).outcome == "address_refused"
    assert WebhookPost().send(f"https://127.0.0.1:{receiver.port}/", BODY, {}).outcome == "address_refused"
    assert receiver.taken == []


def test_a_name_that_nobody_knows_is_told() -> None:
    def unknown(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror

    assert WebhookPost(resolve=unknown).send("https://hooks.example/", BODY, {}).outcome == "name_unknown"
    assert WebhookPost(resolve=Names([])).send("https://hooks.example/", BODY, {}).outcome == "unreachable"


# --- TLS ---------------------------------------------------------------------------------------------------------


def _certified(folder: Path, host: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize(("trusted", "outcome"), [(True, "http_204"), (False, "tls_refused")])
def test_a_certificate_must_be_of_somebody_we_trust(tmp_path: Path, trusted: bool, outcome: str) -> None:  # noqa: FBT001
    """The address is connected to, the name is what the certificate must show."""
    path = _certified(tmp_path, "hooks.example")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    ca_file = str(path) if trusted else None
    with receiving(tls) as receiver:
        post = WebhookPost(allow_loopback=True, ca_file=ca_file, resolve=Names(["127.0.0.1"]))

        assert post.send(f"https://hooks.example:{receiver.port}/", BODY, {}).outcome == outcome
        assert len(receiver.taken) == (1 if trusted else 0)


def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    path = _certified(tmp_path, "other.example")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    with receiving(tls) as receiver:
        post = WebhookPost(allow_loopback=True, ca_file=str(path), resolve=Names(["127.0.0.1"]))

        assert post.send(f"https://hooks.example:{receiver.port}/", BODY, {}).outcome == "tls_refused"


# --- servers that do not keep to HTTP ----------------------------------------------------------------------------


@contextmanager
def _behaving(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.settimeout(10)
                behave(connection)

        thread = threading.Thread(target=run)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def _drips(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    going = threading.Event()
    while not going.wait(TINY_SECONDS / 20):
        connection.sendall(b"x")


def _says_nothing(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


@pytest.mark.parametrize("behave", [_drips, _says_nothing])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_answer_that_does_not_end_is_cut_off(scheme: str, behave: Callable[[socket.socket], None]) -> None:
    """F20, F23: a limit that were not kept would let this test hang; one on each read alone never ends a drip."""
    post = WebhookPost(allow_loopback=True, deadline_seconds=TINY_SECONDS)
    with _behaving(behave) as place:
        outcome = post.send(f"{scheme}://{place}/", BODY, {}).outcome

    assert outcome in {"timed_out", "tls_refused"} if scheme == "https" else outcome == "timed_out"


def _other_protocol(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")
    _says_nothing(connection)


def _many_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(200)) + b"\r\n")
    _says_nothing(connection)


def _hangs_up(connection: socket.socket) -> None:
    connection.recv(65536)


@pytest.mark.parametrize(
    ("behave", "outcome"),
    [(_other_protocol, "bad_answer"), (_many_headers, "bad_answer"), (_hangs_up, "unreachable")],
)
def test_an_answer_that_is_none_is_told(
    post: WebhookPost, behave: Callable[[socket.socket], None], outcome: str
) -> None:
    """F42."""
    with _behaving(behave) as place:
        assert post.send(f"http://{place}/", BODY, {}).outcome == outcome


def test_a_server_that_is_away_is_told(post: WebhookPost) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert post.send(f"http://127.0.0.1:{port}/", BODY, {}).outcome == "unreachable"
