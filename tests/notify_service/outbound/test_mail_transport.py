"""SmtpTransport against real SMTP servers on loopback."""

from __future__ import annotations

import socket
import ssl
import subprocess
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from notify_service.domain.email import Content, Email
from notify_service.domain.errors import (
    EmailNotMadeError,
    EmailRefusedError,
    LineBrokenError,
    OutcomeUnknownError,
    RecipientRefusedError,
    ServerMisusedError,
    ServerUnreachableError,
    TemporaryRefusalError,
)
from notify_service.outbound.kept_sessions import Keeping
from notify_service.outbound.mail_transport import SmtpTransport
from notify_service.outbound.smtp_session import Patience
from tests.notify_service.doubles import NOW, OWNER, SENDER, MailServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from notify_service.domain.errors import DeliveryError

EMAIL = Email(
    sender=SENDER,
    recipient=OWNER,
    message_id="<7d3f0c9e@tillpass.example>",
    written_at=NOW,
    content=Content(subject="Kasse 1 – größer", text="Grüße\n.\nEnde\n", html="<p>Grüße</p>\n"),
)
ONE_EACH = Keeping(emails=1)
IMPATIENT = Patience(connect=0.3, greeting=0.3, command=0.3, content=0.3, farewell=0.1)


def transport(server: MailServer, **changes: Any) -> SmtpTransport:
    plain = SmtpTransport(host="127.0.0.1", port=server.port, security="none", keeping=ONE_EACH)
    return replace(plain, **changes)


def test_the_email_arrives_whole(mail_server: MailServer) -> None:
    transport(mail_server).send(EMAIL)

    (message,) = mail_server.messages()
    assert mail_server.envelopes == [(SENDER, [OWNER])]
    assert message["From"] == f"Tillpass <{SENDER}>"
    assert message["To"] == OWNER
    assert message["Subject"] == "Kasse 1 – größer"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == "<7d3f0c9e@tillpass.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content() == "Grüße\r\n.\r\nEnde\r\n"
    assert html.get_content() == "<p>Grüße</p>\r\n"


def test_a_repeat_is_the_same_to_the_byte(mail_server: MailServer) -> None:
    """F09, F11."""
    transport(mail_server).send(EMAIL)
    transport(mail_server).send(EMAIL)

    assert mail_server.taken[0] == mail_server.taken[1]


def test_nothing_beyond_ascii_goes_over_the_wire(mail_server: MailServer) -> None:
    """RFC 6152: eight-bit text needs the server's leave."""
    transport(mail_server).send(EMAIL)

    assert mail_server.taken[0].isascii()


@pytest.mark.parametrize(
    ("stage", "answer", "kind", "told"),
    [
        ("at_recipient", "451 4.7.1 greylisted, come back", TemporaryRefusalError, "451 4.7.1 greylisted, come back"),
        ("at_recipient", "550 5.1.1 no such user", RecipientRefusedError, "550 5.1.1 no such user"),
        ("at_recipient", f"550 <{OWNER}> unknown", RecipientRefusedError, "550 <recipient> unknown"),
        ("at_recipient", "550 5.7.1 relaying denied", EmailRefusedError, "550 5.7.1 relaying denied"),
        ("at_recipient", "421 too busy", TemporaryRefusalError, "421 too busy"),
        ("at_sender", "553 5.7.1 not your address", ServerMisusedError, "553 5.7.1 not your address"),
        ("at_content", "554 5.6.0 looks like spam", EmailRefusedError, "554 5.6.0 looks like spam"),
        ("at_content", "452 4.3.1 disk full", TemporaryRefusalError, "452 4.3.1 disk full"),
    ],
)
def test_a_refusal_keeps_the_servers_words_and_not_the_address(
    mail_server: MailServer, stage: str, answer: str, kind: type[DeliveryError], told: str
) -> None:
    """F35, F36, F38; T55."""
    getattr(mail_server, stage).append(answer)

    with pytest.raises(kind) as caught:
        transport(mail_server).send(EMAIL)
    assert type(caught.value) is kind
    assert str(caught.value) == told
    transport(mail_server).send(EMAIL)
    assert len(mail_server.taken) == 1


def test_nobody_listening_is_unreachable(mail_server: MailServer) -> None:
    """F33."""
    mail_server.stop()

    with pytest.raises(ServerUnreachableError):
        transport(mail_server).send(EMAIL)


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    """F33."""
    with pytest.raises(ServerUnreachableError):
        SmtpTransport(host="no-such-host.invalid", port=25, security="none").send(EMAIL)


def test_a_line_that_drops_after_the_content_leaves_the_outcome_unknown(mail_server: MailServer) -> None:
    """F37: the server may have taken it."""
    mail_server.at_content.append("drop")

    with pytest.raises(OutcomeUnknownError):
        transport(mail_server).send(EMAIL)
    assert len(mail_server.taken) == 1


# --- servers that misbehave before any command -------------------------------------------------------------------


@pytest.fixture
def raw_server() -> Iterator[Callable[..., int]]:
    """Give a call that serves one connection with fixed lines, one per received line, and gives its port."""
    sockets: list[socket.socket] = []

    def serve(*lines: bytes) -> int:
        listening = socket.create_server(("127.0.0.1", 0))
        sockets.append(listening)

        def answer() -> None:
            peer, _ = listening.accept()
            sockets.append(peer)
            reader = peer.makefile("rb")
            for line in lines:
                peer.sendall(line)
                reader.readline()
            if lines and lines[-1] != b"":
                peer.shutdown(socket.SHUT_RDWR)

        Thread(target=answer, daemon=True).start()
        return int(listening.getsockname()[1])

    yield serve
    for one in sockets:
        one.close()


def at(port: int) -> SmtpTransport:
    return SmtpTransport(host="127.0.0.1", port=port, security="none", patience=IMPATIENT, keeping=ONE_EACH)


def test_a_server_that_says_nothing_is_given_up(raw_server: Callable[..., int]) -> None:
    """F34: each phase has its time limit."""
    with pytest.raises(ServerUnreachableError):
        at(raw_server(b"")).send(EMAIL)


def test_a_server_that_falls_silent_after_the_greeting_is_given_up(raw_server: Callable[..., int]) -> None:
    """F34."""
    with pytest.raises(ServerUnreachableError, match="too long"):
        at(raw_server(b"220 hello\r\n", b"")).send(EMAIL)


def test_a_server_that_falls_silent_once_it_let_us_in_is_given_up(raw_server: Callable[..., int]) -> None:
    """F34: one recipient may be what it takes so long over."""
    with pytest.raises(LineBrokenError):
        at(raw_server(b"220 hello\r\n", b"250 here\r\n", b"")).send(EMAIL)


def test_a_server_that_never_answers_the_content_leaves_the_outcome_unknown(raw_server: Callable[..., int]) -> None:
    """F34, F37."""
    lines = (b"220 hello\r\n", b"250 here\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n", b"")

    with pytest.raises(OutcomeUnknownError):
        at(raw_server(*lines)).send(EMAIL)


def test_a_line_that_drops_between_commands_is_broken(raw_server: Callable[..., int]) -> None:
    """The server had let us in, so it is not known to fail every email."""
    with pytest.raises(LineBrokenError):
        at(raw_server(b"220 hello\r\n", b"250 here\r\n")).send(EMAIL)


def test_a_line_that_drops_before_the_content_is_wanted_is_broken(raw_server: Callable[..., int]) -> None:
    """F37 is for what the server may have: it has nothing yet."""
    lines = (b"220 hello\r\n", b"250 here\r\n", b"250 ok\r\n", b"250 ok\r\n")

    with pytest.raises(LineBrokenError):
        at(raw_server(*lines)).send(EMAIL)


def test_a_content_that_is_not_even_wanted_is_a_refusal(raw_server: Callable[..., int]) -> None:
    lines = (b"220 hello\r\n", b"250 here\r\n", b"250 ok\r\n", b"250 ok\r\n", b"451 4.3.0 not now\r\n", b"")

    with pytest.raises(TemporaryRefusalError, match=r"^451 4\.3\.0 not now$"):
        at(raw_server(*lines)).send(EMAIL)


def test_a_tls_handshake_that_never_comes_is_given_up(raw_server: Callable[..., int]) -> None:
    """F34."""
    with pytest.raises(ServerUnreachableError, match="too long"):
        replace(at(raw_server(b"")), security="tls").send(EMAIL)


@pytest.mark.parametrize(
    ("greeting", "kind"),
    [
        (b"554 no service for you\r\n", ServerMisusedError),
        (b"421 come back\r\n", ServerUnreachableError),
        (b"SSH-2.0-OpenSSH_9.2\r\n", ServerUnreachableError),
        (b"2" * 9000 + b"\r\n", ServerMisusedError),
    ],
)
def test_an_odd_greeting_is_a_fault_of_its_own(
    raw_server: Callable[..., int], greeting: bytes, kind: type[DeliveryError]
) -> None:
    with pytest.raises(kind):
        at(raw_server(greeting, b"")).send(EMAIL)


# --- TLS and sign-in ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give a self-signed certificate for localhost and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    made, key = folder / "certificate.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    extra = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(made)]
    subprocess.run([*command.split(), *extra], check=True, capture_output=True)
    return made, key


@pytest.fixture
def server_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


@pytest.fixture
def serve() -> Iterator[Callable[..., MailServer]]:
    started: list[MailServer] = []

    def start(tls: ssl.SSLContext | None = None, **options: Any) -> MailServer:
        server = MailServer(options=options, tls=tls)
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_email_goes_over_tls_that_is_trusted(
    serve: Callable[..., MailServer], server_tls: ssl.SSLContext, trusting: ssl.SSLContext, security: str
) -> None:
    server = serve(tls=server_tls) if security == "tls" else serve(tls_context=server_tls, require_starttls=True)

    transport(server, host="localhost", security=security, tls=trusting).send(EMAIL)

    assert len(server.taken) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("fault", ["unknown issuer", "other name"])
def test_a_certificate_that_is_not_good_gets_no_email(
    serve: Callable[..., MailServer],
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
    security: str,
    fault: str,
) -> None:
    """F38."""
    server = serve(tls=server_tls) if security == "tls" else serve(tls_context=server_tls)
    client = {"host": "localhost"} if fault == "unknown issuer" else {"tls": trusting}

    with pytest.raises(ServerMisusedError, match="TLS is not to be trusted"):
        transport(server, security=security, **client).send(EMAIL)
    assert server.taken == []


def test_a_server_without_starttls_gets_nothing_in_clear(mail_server: MailServer) -> None:
    """F38."""
    with pytest.raises(ServerMisusedError, match="does not offer STARTTLS"):
        transport(mail_server, security="starttls").send(EMAIL)
    assert mail_server.taken == []


def test_a_refused_starttls_gets_nothing_in_clear(raw_server: Callable[..., int]) -> None:
    """F38."""
    port = raw_server(b"220 hello\r\n", b"250-here\r\n250 STARTTLS\r\n", b"454 4.7.0 no TLS now\r\n", b"")

    with pytest.raises(ServerUnreachableError, match="454"):
        replace(at(port), security="starttls").send(EMAIL)


def _authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    good = isinstance(given, LoginPassword) and (given.login, given.password) == (b"till", b"s3cret")
    return AuthResult(success=good, handled=False)


@pytest.fixture
def guarded(serve: Callable[..., MailServer], server_tls: ssl.SSLContext, trusting: ssl.SSLContext) -> MailServer:
    return serve(tls_context=server_tls, authenticator=_authenticate, auth_required=True)


@pytest.fixture
def to_guarded(guarded: MailServer, trusting: ssl.SSLContext) -> SmtpTransport:
    return transport(guarded, host="localhost", security="starttls", tls=trusting)


def test_a_sign_in_opens_the_server(guarded: MailServer, to_guarded: SmtpTransport) -> None:
    replace(to_guarded, username="till", password="s3cret").send(EMAIL)

    assert len(guarded.taken) == 1


def test_a_wrong_password_is_ours_to_set_right_and_is_told_nowhere(
    guarded: MailServer, to_guarded: SmtpTransport
) -> None:
    """F38: 535 is not burned; T55."""
    with pytest.raises(ServerMisusedError, match=r"^535$"):
        replace(to_guarded, username="till", password="wr0ng").send(EMAIL)
    assert guarded.taken == []


def test_a_server_that_wants_a_sign_in_refuses_us_and_not_the_recipient(to_guarded: SmtpTransport) -> None:
    """F38."""
    with pytest.raises(ServerMisusedError, match=r"^530"):
        to_guarded.send(EMAIL)


def test_a_server_without_sign_in_is_ours_to_set_right(mail_server: MailServer) -> None:
    with pytest.raises(ServerMisusedError, match="no sign-in"):
        transport(mail_server, username="till", password="s3cret").send(EMAIL)


def test_a_line_that_drops_during_the_sign_in_is_unreachable(raw_server: Callable[..., int]) -> None:
    port = raw_server(b"220 hello\r\n", b"250-here\r\n250 AUTH PLAIN\r\n")

    with pytest.raises(ServerUnreachableError):
        replace(at(port), username="till", password="s3cret").send(EMAIL)


def test_the_password_is_in_no_representation() -> None:
    """T55."""
    assert "s3cret" not in repr(SmtpTransport("h", 25, "tls", username="till", password="s3cret"))


# --- addresses and headers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "recipient",
    [
        "a@b.example\r\nBcc: all@shop.example",
        "a@b.example\nX: y",
        "a@b.example,c@d.example",
        "a@b.example c@d.example",
        "A <a@b.example>",
        "a\x00@b.example",
        "plain",
        "",
        "@b.example",
        "a@",
        "a,b@d.example",
        '"a"@d.example',
        "a@b@d.example",
    ],
)
def test_what_is_not_one_address_is_refused_before_any_connection(mail_server: MailServer, recipient: str) -> None:
    """T51."""
    with pytest.raises(RecipientRefusedError):
        transport(mail_server).send(replace(EMAIL, recipient=recipient))
    assert mail_server.envelopes == []


@pytest.mark.parametrize("subject", ["x\r\nBcc: all@shop.example", "x\nBcc: all@shop.example", "x\rY: z"])
def test_a_subject_cannot_open_a_header(mail_server: MailServer, subject: str) -> None:
    """T51."""
    with pytest.raises(EmailNotMadeError):
        transport(mail_server).send(replace(EMAIL, content=replace(EMAIL.content, subject=subject)))


def test_an_address_beyond_ascii_is_sent_where_the_server_takes_it(mail_server: MailServer) -> None:
    """RFC 6531."""
    transport(mail_server).send(replace(EMAIL, recipient="büro@shop.example"))

    assert mail_server.envelopes == [(SENDER, ["büro@shop.example"])]


def test_an_address_beyond_ascii_is_refused_where_the_server_does_not(serve: Callable[..., MailServer]) -> None:
    """RFC 6531."""
    with pytest.raises(RecipientRefusedError, match="beyond ASCII"):
        transport(serve(enable_SMTPUTF8=False)).send(replace(EMAIL, recipient="büro@shop.example"))
