"""An issuer for stock verifiers, and the good token that each must accept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.hostile_tokens import access_draft
from tests.conformance.verifiers.server import application
from tests.doubles.node_packages import install_node_packages
from tests.doubles.published_issuer import published_issuer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conformance.hostile_tokens import Draft
    from tests.doubles.published_issuer import PublishedIssuer


@pytest.fixture(scope="module")
def issuer() -> Iterator[PublishedIssuer]:
    with published_issuer() as published:
        yield published


@pytest.fixture(scope="module")
def draft(issuer: PublishedIssuer) -> Draft:
    return access_draft(issuer.forge)


@pytest.fixture(scope="module")
def application_port() -> Iterator[int]:
    with application() as port:
        yield port


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the pinned packages for Node."""
    return install_node_packages(tmp_path_factory.mktemp("packages"))
