"""Rotation while the service runs: gunicorn with two workers, the real commands, a verifier that fetches (F40, T30)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import jwt
import pytest
import requests

from auth_service.actions.register_client import NewClient, register_client
from auth_service.cli import main
from auth_service.domain.key_ring import SETTLING
from auth_service.tokens.key_vault import KeyVault
from auth_service.tokens.signing_keys import LOOK_AGAIN_SECONDS
from auth_service.wiring import utc_now
from database.engine import Database
from tests.doubles.auth_house import ISSUER
from tests.doubles.key_vaults import Monotonic, states
from wire.errors import TokenRefusedError
from wire.grant_types import CLIENT_CREDENTIALS
from wire.http_client import HttpClient
from wire.jwks import MAX_AGE_SECONDS, FetchedKeys
from wire.scopes import AUDIENCE_OF_SCOPE, LICENSES_READ
from wire.token_verification import TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from auth_service.settings import Settings

LONG = 60
PAUSE = 0.02
SECRET = "a secret of the test"


@pytest.fixture
def url(environment: Settings, tmp_path: Path) -> Iterator[str]:
    """Run the service; its socket listens already, so that a first request waits for the workers by itself."""
    assert main(["create-key"]) == 0
    database = Database(environment.database_url)
    scripts = NewClient("scripts", "Scripts", (CLIENT_CREDENTIALS,), (LICENSES_READ,), is_public=False)
    register_client(database, scripts, now=utc_now(), client_secret=SECRET)
    database.close()
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening, (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "-m", "gunicorn", "auth_service.wsgi:app", "--no-control-socket"]
        command += ["--bind", f"fd://{listening.fileno()}", "--workers", "2", "--threads", "4"]
        process = subprocess.Popen(command, env=os.environ, pass_fds=[listening.fileno()], stderr=log)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            process.terminate()
            process.wait(LONG)


@pytest.fixture
def vault(environment: Settings) -> KeyVault:
    return KeyVault(environment.key_folder)


@pytest.fixture
def clock() -> Monotonic:
    return Monotonic()


@pytest.fixture
def verifier(url: str, clock: Monotonic) -> TokenVerifier:
    """Give what license_service has: keys fetched and kept."""
    keys = FetchedKeys(HttpClient(), f"{url}/.well-known/jwks.json", monotonic=clock)
    return TokenVerifier(keys, ISSUER, AUDIENCE_OF_SCOPE[LICENSES_READ])


def new_token(url: str) -> str:
    form = {"grant_type": CLIENT_CREDENTIALS, "client_id": "scripts", "client_secret": SECRET, "scope": LICENSES_READ}
    answer = requests.post(f"{url}/oauth/token", data=form, timeout=LONG)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def kid_of(token: str) -> str:
    kid: str = jwt.get_unverified_header(token)["kid"]
    return kid


def published(url: str) -> list[str]:
    answer = requests.get(f"{url}/.well-known/jwks.json", timeout=LONG)
    return [key["kid"] for key in answer.json()["keys"]]


def wait_until_every_worker(holds: Callable[[], bool]) -> None:
    """Ask until the answer has been yes for longer than a worker takes to look."""
    end = time.monotonic() + LONG
    since = time.monotonic()
    while time.monotonic() < since + LOOK_AGAIN_SECONDS + 1:
        threading.Event().wait(PAUSE)
        if not holds():
            since = time.monotonic()
        assert time.monotonic() < end, "the workers did not notice the change"


class Customer:
    """Asks for tokens and has each verified, one after the other, until told to stop."""

    def __init__(self, url: str, verifier: TokenVerifier) -> None:
        self.kids: list[str] = []
        self.faults: list[str] = []
        self._url = url
        self._verifier = verifier
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._stop.wait(PAUSE):
            token = new_token(self._url)
            try:
                self._verifier.access_token(token)
            except TokenRefusedError as fault:
                self.faults.append(f"{kid_of(token)}: {fault}")
            self.kids.append(kid_of(token))


def ten_minutes_pass(vault: KeyVault, clock: Monotonic) -> None:
    with vault.changing(utc_now()) as change:
        aged = tuple(replace(key, published_at=key.published_at - SETTLING) for key in change.ring.keys)
        change.commit(replace(change.ring, keys=aged))
    clock.seconds += SETTLING.total_seconds()


def test_a_rotation_is_not_noticed_by_those_who_verify(
    url: str, vault: KeyVault, verifier: TokenVerifier, clock: Monotonic
) -> None:
    """F40, T30: published, then promoted, without a restart and without one refused token."""
    earlier = new_token(url)
    old = kid_of(earlier)
    with Customer(url, verifier) as customer:
        assert main(["create-key"]) == 0
        [new] = [kid for kid, state in states(vault).items() if state == "next"]
        wait_until_every_worker(lambda: published(url) == [old, new])
        assert kid_of(new_token(url)) == old
        ten_minutes_pass(vault, clock)
        assert main(["rotate-key"]) == 0
        wait_until_every_worker(lambda: published(url) == [new, old])
        wait_until_every_worker(lambda: customer.kids[-1:] == [new])

    assert customer.faults == []
    assert set(customer.kids) == {old, new}
    assert verifier.access_token(earlier).sub == "scripts"


def test_a_leaked_key_is_refused_within_the_cache_time(
    url: str, vault: KeyVault, verifier: TokenVerifier, clock: Monotonic
) -> None:
    """F40, T29: the emergency rotation."""
    leaked = new_token(url)
    verifier.access_token(leaked)

    assert main(["revoke-key", f"--kid={kid_of(leaked)}"]) == 0
    wait_until_every_worker(lambda: kid_of(leaked) not in published(url))

    clock.seconds += MAX_AGE_SECONDS + 1
    with pytest.raises(TokenRefusedError, match="does not publish"):
        verifier.access_token(leaked)
    fresh = new_token(url)
    assert kid_of(fresh) != kid_of(leaked)
    assert verifier.access_token(fresh).sub == "scripts"
    assert states(vault) == {kid_of(fresh): "current"}
