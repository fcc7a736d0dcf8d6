"""The service under test (see tests/doubles/auth_house.py), and our verifiers before an issuer that the tests hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.gate import refused_by
from tests.doubles.auth_house import (  # noqa: F401 - fixtures are used by name
    clock,
    database_url,
    house,
    licenses,
    migrated_file,
    migrated_postgresql,
    settings,
)
from tests.doubles.token_forge import ISSUER, Forge, Issuer
from wire.errors import TokenRefusedError
from wire.scopes import LICENSE_AUDIENCE
from wire.token_verification import LicenseTokenVerifier, TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def forge() -> Forge:
    return Forge(Issuer())


@pytest.fixture(scope="session")
def takes_access_token(forge: Forge) -> Callable[[str], bool]:
    """Give what says whether license_service's verifier takes a token."""
    verifier = TokenVerifier(keys=forge.issuer, issuer=ISSUER, audience=LICENSE_AUDIENCE)
    return refused_by(verifier.access_token, TokenRefusedError)


@pytest.fixture(scope="session")
def takes_license_token(forge: Forge) -> Callable[[str], bool]:
    """Give what says whether a POS server's verifier takes a token."""
    return refused_by(LicenseTokenVerifier(forge.issuer, ISSUER).license_token, TokenRefusedError)
