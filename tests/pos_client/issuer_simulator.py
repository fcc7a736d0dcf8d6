"""The authorization server in memory, behind a real HTTP server on loopback; it signs real ES256 tokens.

It keeps the rules that a client can break: one use per device code, rotation of refresh tokens with the lost answer
given again for 30 s, the end of the authorization on a later replay; and that a code or token which was asked for with
a key is good with a proof of that key alone. Troubles are laid out per path, one per request:

`503` `429` `500` answers with that status, `html` a captive portal's page with status 200, `flood` far too much,
`hang_up` closes the connection, `silence` never answers, `lost` does the work and closes the connection.
"""

from __future__ import annotations

import json
import secrets
import socket
import threading
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from wire.claims import LicenseTokenClaims
from wire.dpop import DpopVerifier
from wire.dpop_nonces import DpopNonces
from wire.errors import NonceWantedError, ProofRefusedError
from wire.grant_types import DEVICE_CODE, REFRESH_TOKEN
from wire.scopes import POS_AUDIENCE
from wire.serving.replay_memory import ProcessReplayMemory
from wire.token_types import LICENSE_TOKEN_TYPE, SIGNING_ALGORITHM

if TYPE_CHECKING:
    from tests.pos_client.clock import Clock

METADATA = "/.well-known/oauth-authorization-server"
JWKS = "/.well-known/jwks.json"
DEVICE_AUTHORIZATION = "/oauth/device_authorization"
TOKEN = "/oauth/token"

Answer = tuple[int, dict[str, Any]]


class OAuthError(Exception):
    def __init__(self, error: str, status: int = 400, nonce: str | None = None, **extra: str) -> None:
        super().__init__(error)
        self.answer: Answer = (status, {"error": error, **extra})
        self.nonce = nonce


@dataclass
class Family:
    """The refresh tokens of one grant: the live one, and the answer that replaced the last one."""

    live: str
    replaced: str | None = None
    replaced_at: Any = None
    replaced_by: dict[str, Any] | None = None
    ended: bool = False
    jkt: str | None = None


@dataclass
class Key:
    kid: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public_jwk(self) -> dict[str, Any]:
        jwk = jwt.algorithms.ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**jwk, "kid": self.kid, "use": "sig", "alg": SIGNING_ALGORITHM}


class IssuerSimulator:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.key = Key("first")
        self.published = [self.key]
        self.interval: int | None = 5
        self.expires_in = 900
        self.rotates = True
        self.decision = "authorization_pending"
        self.refusal: OAuthError | None = None
        self.claims: dict[str, Any] = {}
        self.token_extra: dict[str, Any] = {}
        self.metadata_extra: dict[str, Any] = {}
        self.troubles: dict[str, deque[str]] = defaultdict(deque)
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.families: list[Family] = []
        self.proofs = DpopVerifier(
            memory=ProcessReplayMemory(), now=clock.server_now, nonces=DpopNonces(b"a key of the simulator's")
        )
        self.proven: list[str | None] = []
        self.jkt: str | None = None
        self._asked_with: dict[str, str | None] = {}
        self._device_codes: dict[str, dict[str, Any] | None] = {}
        self._closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(0.005), daemon=True)
        self._thread.start()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in self._server.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def asked(self, path: str) -> list[dict[str, str]]:
        return [form for asked, form in self.requests if asked == path]

    def trouble(self, path: str, *kinds: str) -> None:
        self.troubles[path].extend(kinds)

    def approve(self, **claims: Any) -> None:
        self.decision = "approved"
        self.claims.update(claims)

    def rotate_key(self, kid: str, *, publish: bool = True) -> None:
        self.key = Key(kid)
        self.published = [*self.published, self.key] if publish else self.published

    def license_token(self, *, key: Key | None = None, typ: str = LICENSE_TOKEN_TYPE, **changes: Any) -> str:
        now = int(self.clock.server_now().timestamp())
        claims = LicenseTokenClaims(
            iss=self.issuer,
            sub="server-17",
            aud=(POS_AUDIENCE,),
            iat=now,
            nbf=now,
            exp=now + int(timedelta(days=8).total_seconds()),
            jti=secrets.token_hex(8),
            organization_id="organization-1",
            organization_name="Corner Shops",
            device_name="Shop 1",
            license_id="license-1",
            features=("xms",),
            renewal_window_days=30,
            renewal_date=date(2027, 11, 21),
            hub_server_name="Head Office",
            hub_server_url="https://hub.example/pos",
        ).payload()
        claims |= {**self.claims, **changes}
        claims = {name: value for name, value in claims.items() if value is not None}
        signing = key or self.key
        headers = {"kid": signing.kid, "typ": typ}
        return jwt.encode(claims, signing.private, algorithm=SIGNING_ALGORITHM, headers=headers)

    def check_proof(self, path: str, proof: str | None) -> None:
        """Note whose key the proof of this request is of; None without one."""
        try:
            self.jkt = proof and self.proofs.key_of(proof, method="POST", url=self.issuer + path)
        except NonceWantedError as wanted:
            raise OAuthError(wanted.code, nonce=wanted.nonce) from wanted
        except ProofRefusedError as refused:
            raise OAuthError(refused.code) from refused
        self.proven.append(self.jkt)

    def answer(self, path: str, form: dict[str, str]) -> Answer:
        if path == METADATA:
            return 200, self._metadata()
        if path == JWKS:
            return 200, {"keys": [key.public_jwk for key in self.published], "beside": "passed over"}
        if self.refusal is not None:
            raise self.refusal
        if path == DEVICE_AUTHORIZATION:
            return 200, self._authorize(form)
        if path == TOKEN:
            grant = self._redeem if form["grant_type"] == DEVICE_CODE else self._refresh
            return 200, grant(form)
        return 404, {"error": "not_found"}

    def wait_for_the_end(self) -> None:
        self._closing.wait(5)

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "token_endpoint": self.issuer + TOKEN,
            "device_authorization_endpoint": self.issuer + DEVICE_AUTHORIZATION,
            "jwks_uri": self.issuer + JWKS,
            **self.metadata_extra,
        }

    def _authorize(self, form: dict[str, str]) -> dict[str, Any]:
        assert form == {"client_id": "tillpass-pos", "scope": "license"}
        device_code = secrets.token_urlsafe(32)
        user_code = f"WDJB-{len(self._device_codes):04}"
        self._device_codes[device_code] = None
        self._asked_with[device_code] = self.jkt
        answer = {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": f"{self.issuer}/activate",
            "verification_uri_complete": f"{self.issuer}/activate?user_code={user_code}",
            "expires_in": self.expires_in,
        }
        return answer if self.interval is None else {**answer, "interval": self.interval}

    def _redeem(self, form: dict[str, str]) -> dict[str, Any]:
        assert form.keys() == {"grant_type", "device_code", "client_id"}
        code = form["device_code"]
        if code not in self._device_codes:
            raise OAuthError("invalid_grant")
        consumed = self._device_codes[code]
        if consumed is not None:
            if self.clock.server_now() - consumed["at"] > timedelta(seconds=30):
                raise OAuthError("invalid_grant")
            return dict(consumed["answer"])
        if self.decision != "approved":
            raise OAuthError(self.decision)
        if self._asked_with[code] != self.jkt:
            raise OAuthError("invalid_grant")
        family = Family(live=secrets.token_urlsafe(32), jkt=self.jkt)
        self.families.append(family)
        answer = self._tokens(family.live)
        self._device_codes[code] = {"at": self.clock.server_now(), "answer": answer}
        return answer

    def _refresh(self, form: dict[str, str]) -> dict[str, Any]:
        assert form["grant_type"] == REFRESH_TOKEN
        assert form.keys() == {"grant_type", "refresh_token", "client_id"}
        now = self.clock.server_now()
        for family in self.families:
            if family.ended or form["refresh_token"] not in {family.live, family.replaced}:
                continue
            if family.jkt not in {None, self.jkt}:
                raise OAuthError("invalid_grant")
            if not self.rotates:
                return self._tokens(None)
            if form["refresh_token"] == family.live:
                answer = self._tokens(secrets.token_urlsafe(32))
                family.replaced, family.replaced_at, family.replaced_by = family.live, now, answer
                family.live = answer["refresh_token"]
                return answer
            if now - family.replaced_at <= timedelta(seconds=30) and family.replaced_by is not None:
                return family.replaced_by
            family.ended = True
        raise OAuthError("invalid_grant")

    def _tokens(self, refresh_token: str | None) -> dict[str, Any]:
        answer = {
            "access_token": "an.access.token",
            "token_type": "Bearer" if self.jkt is None else "DPoP",
            "expires_in": 300,
            "refresh_token": refresh_token,
            "scope": "license",
            "license_token": self.license_token(),
            **self.token_extra,
        }
        return {name: value for name, value in answer.items() if value is not None}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, simulator: IssuerSimulator) -> None:
        self.simulator = simulator
        self.connections: list[socket.socket] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body in one packet
    server: _Server

    def do_GET(self) -> None:
        self._serve({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        pairs = parse_qs(body, keep_blank_values=True, strict_parsing=True)
        assert all(len(values) == 1 for values in pairs.values())
        self._serve({name: values[0] for name, values in pairs.items()})

    def log_message(self, *_: object) -> None:
        """Say nothing: test output is for tests."""

    def _serve(self, form: dict[str, str]) -> None:
        self.server.simulator.requests.append((self.path, form))
        troubles = self.server.simulator.troubles[self.path]
        trouble = troubles.popleft() if troubles else ""
        if trouble == "hang_up":
            self.close_connection = True
        elif trouble == "silence":
            self.server.simulator.wait_for_the_end()
            self.close_connection = True
        elif trouble == "html":
            self._send(200, b"<html>Please accept the terms of our hotel</html>", "text/html")
        elif trouble == "flood":
            self._send(200, b" " * 300_000, "application/json")
        elif trouble in {"429", "500", "503"}:
            self._send_json(int(trouble), {"error": "temporarily_unavailable"} if trouble == "503" else {})
        else:
            self._answer(form, lost=trouble == "lost")

    def _answer(self, form: dict[str, str], *, lost: bool) -> None:
        nonce = None
        try:
            if self.command == "POST":
                self.server.simulator.check_proof(self.path, self.headers["DPoP"])
            status, document = self.server.simulator.answer(self.path, form)
        except OAuthError as error:
            status, document = error.answer
            nonce = error.nonce
        if lost:
            self.close_connection = True
        else:
            self._send_json(status, document, nonce)

    def _send_json(self, status: int, document: dict[str, Any], nonce: str | None = None) -> None:
        self._send(status, json.dumps(document).encode(), "application/json", nonce)

    def _send(self, status: int, body: bytes, content_type: str, nonce: str | None = None) -> None:
        self.send_response(status)
        if nonce is not None:
            self.send_header("DPoP-Nonce", nonce)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if status in {429, 503}:
            self.send_header("Retry-After", "120")
        self.end_headers()
        self.wfile.write(body)
