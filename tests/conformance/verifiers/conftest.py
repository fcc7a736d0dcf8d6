"""An issuer for stock verifiers, and the good token that each must accept."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

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


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a PEM file with key and certificate for 127.0.0.1."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=12))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "issuer.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + signed.public_bytes(Encoding.PEM)
    path.write_bytes(pem)
    return path
