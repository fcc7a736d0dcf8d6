"""The verifiers of wire, and an issuer whose key the tests hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.doubles.token_forge import ISSUER, Forge, Issuer
from wire.http_client import HttpClient
from wire.scopes import LICENSE_AUDIENCE
from wire.token_verification import LicenseTokenVerifier, TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Iterator

TINY_SECONDS = 0.1


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="session")
def forge(issuer: Issuer) -> Forge:
    return Forge(issuer)


@pytest.fixture(scope="session")
def verifier(issuer: Issuer) -> TokenVerifier:
    """Give the verifier of license_service, as any service makes it."""
    return TokenVerifier(keys=issuer, issuer=ISSUER, audience=LICENSE_AUDIENCE)


@pytest.fixture(scope="session")
def license_verifier(issuer: Issuer) -> LicenseTokenVerifier:
    return LicenseTokenVerifier(issuer, ISSUER)


@pytest.fixture
def http_client() -> Iterator[HttpClient]:
    opened = HttpClient(connect_seconds=2, read_seconds=10)
    yield opened
    opened._pool.clear()


@pytest.fixture
def impatient_http_client() -> Iterator[HttpClient]:
    opened = HttpClient(connect_seconds=TINY_SECONDS, read_seconds=TINY_SECONDS)
    yield opened
    opened._pool.clear()
