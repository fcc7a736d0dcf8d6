"""HAProxy's jwt_verify, by the recipe of auth_service/README.md (T19, T20, T21, T22; figure C10)."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.conformance.verifiers.recipes import recipe
from tests.conformance.verifiers.server import free_port, opens, running
from tests.conformance.verifiers.trial import good_tokens_refused, hostile_tokens_accepted, other_credentials_accepted
from tests.doubles.published_issuer import JWKS_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.hostile_tokens import Draft
    from tests.doubles.published_issuer import PublishedIssuer

pytestmark = pytest.mark.skipif(shutil.which("haproxy") is None, reason="there is no haproxy here")

# Only our issuer could sign these, and it does not. HAProxy reads the first of two members of one name.
GAPS = {
    "typ said again, otherwise",
    "alg said again, as none",
    "aud said again, otherwise",
    "exp said again, as past",
    "kid with a NUL",
    "exp a text",
    "exp a fraction",
    "nbf a text",
    "iat a text",
    "sub a number",
    "payload not UTF-8",
    "payload with more behind it",
}
SURROUNDINGS = "defaults\n    timeout connect 5s\n    timeout client 10s\n    timeout server 10s\n\n"


@pytest.fixture(scope="module")
def server_port(
    issuer: PublishedIssuer, application_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    folder, port = tmp_path_factory.mktemp("haproxy"), free_port()
    fetch = recipe("HAProxy", "sh", issuer=issuer.url, key_folder=str(folder))
    subprocess.run(["sh", "-ec", fetch], check=True, timeout=60)
    printed = recipe(
        "HAProxy",
        "haproxy",
        issuer=issuer.url,
        key_folder=str(folder),
        key_1=issuer.forge.issuer.kid,
        key_2=issuer.forge.issuer.other_kid,
        listening=f"127.0.0.1:{port}",
        application=f"127.0.0.1:{application_port}",
    )
    (folder / "haproxy.cfg").write_text(SURROUNDINGS + printed)
    with running(["haproxy", "-db", "-f", str(folder / "haproxy.cfg")], port=port, log=folder / "log"):
        yield port


def test_haproxy_accepts_good_tokens(server_port: int, draft: Draft) -> None:
    assert good_tokens_refused(opens(server_port), draft) == []


def test_haproxy_refuses_hostile_tokens(server_port: int, issuer: PublishedIssuer, draft: Draft) -> None:
    """T19, T20, T21, T22."""
    assert hostile_tokens_accepted(opens(server_port), draft) == GAPS
    assert issuer.asked == {JWKS_PATH}


def test_haproxy_reads_one_token_and_no_other_credentials(server_port: int, draft: Draft) -> None:
    """RFC 6750 §2: not more than one method, nor more than one token."""
    assert other_credentials_accepted(server_port, draft) == []
