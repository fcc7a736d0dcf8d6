"""Apache's mod_auth_openidc, by the recipe of auth_service/README.md (T19, T20, T21, T22; figure C10)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conformance.verifiers.recipes import recipe
from tests.conformance.verifiers.server import free_port, opens, running
from tests.conformance.verifiers.trial import good_tokens_refused, hostile_tokens_accepted, other_credentials_accepted
from tests.doubles.published_issuer import JWKS_PATH, published_issuer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.hostile_tokens import Draft
    from tests.doubles.published_issuer import PublishedIssuer

APACHE = Path("/usr/sbin/apache2")
MODULES = Path("/usr/lib/apache2/modules")

pytestmark = pytest.mark.skipif(
    not (APACHE.exists() and (MODULES / "mod_auth_openidc.so").exists()),
    reason="there is no apache2 with mod_auth_openidc here",
)

# Only our issuer could sign these, and it does not.
GAPS = {"typ said again, otherwise", "iss a list", "exp a text", "exp true", "iat a text", "iat in the future"}

SURROUNDINGS = """
ServerRoot "{folder}"
ServerName localhost
Listen 127.0.0.1:{port}
PidFile "{folder}/httpd.pid"
ErrorLog /dev/stderr
Mutex posixsem
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
OIDCCABundlePath "{certificate}"
"""


@pytest.fixture(scope="module")
def issuer(certificate: Path) -> Iterator[PublishedIssuer]:
    with published_issuer(certificate) as published:
        yield published


@pytest.fixture(scope="module")
def server_port(
    issuer: PublishedIssuer, certificate: Path, application_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    folder, port = tmp_path_factory.mktemp("apache"), free_port()
    surroundings = SURROUNDINGS.format(folder=folder, port=port, modules=MODULES, certificate=certificate)
    printed = recipe("Apache", "apache", issuer=issuer.url, application=f"127.0.0.1:{application_port}")
    (folder / "apache.conf").write_text(surroundings + printed)
    command = [str(APACHE), "-DFOREGROUND", "-f", str(folder / "apache.conf")]
    with running(command, port=port, log=folder / "log", environment={**os.environ, "APACHE_RUN_DIR": str(folder)}):
        yield port


def test_apache_accepts_good_tokens(server_port: int, draft: Draft) -> None:
    assert good_tokens_refused(opens(server_port), draft) == []


def test_apache_refuses_hostile_tokens(server_port: int, issuer: PublishedIssuer, draft: Draft) -> None:
    """T19, T20, T21, T22."""
    assert hostile_tokens_accepted(opens(server_port), draft) == GAPS
    assert issuer.asked == {JWKS_PATH}


def test_apache_reads_one_token_and_no_other_credentials(server_port: int, draft: Draft) -> None:
    """RFC 6750 §2: not more than one method, nor more than one token."""
    assert other_credentials_accepted(server_port, draft) == []
