"""nginx with introspection by us, by the recipe of auth_service/README.md (T19, T20, T21, T22; figure C10)."""

from __future__ import annotations

import base64
import json
import shlex
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server

import auth_service.cli
from auth_service.actions.rotate_client_secret import rotate_client_secret
from tests.conformance.hostile_tokens import access_draft
from tests.conformance.verifiers.recipes import recipe
from tests.conformance.verifiers.server import free_port, opens, running, status_for
from tests.conformance.verifiers.trial import hostile_tokens_accepted, other_credentials_accepted
from tests.doubles import auth_house
from tests.doubles.token_forge import Forge, Issuer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auth_service.settings import Settings
    from tests.conformance.hostile_tokens import Draft
    from tests.doubles.auth_house import House

NGINX = Path("/usr/sbin/nginx")
MODULE = Path("/usr/lib/nginx/modules/ngx_http_js_module.so")

pytestmark = pytest.mark.skipif(not (NGINX.exists() and MODULE.exists()), reason="there is no nginx with njs here")

SURROUNDINGS = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
load_module {module};
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {printed}
}}
"""

clock, database_url, house = auth_house.clock, auth_house.database_url, auth_house.house
licenses, migrated_file = auth_house.licenses, auth_house.migrated_file
plain_settings, environment = auth_house.settings, auth_house.environment


@pytest.fixture
def settings(plain_settings: Settings) -> Settings:
    return replace(plain_settings, issuer=f"http://127.0.0.1:{free_port()}")


@contextmanager
def _served(house: House, port: int) -> Iterator[None]:
    server = make_server("127.0.0.1", port, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def draft(house: House, settings: Settings) -> Draft:
    """Give a good token of a service, but for that the forge signs it: a device's would need a grant that lives."""
    current = house.wired.protocol.issuer.keys.current
    keys = {current.kid: current.private_key, **Issuer().keys}
    return access_draft(Forge(Issuer(url=settings.issuer, keys=keys)), organization_id=...)


@pytest.fixture
def nginx_port(
    house: House,
    environment: Settings,
    application_port: int,
    certificate: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[int]:
    _, *register = shlex.split(recipe("nginx", "sh"), comments=True)
    assert auth_service.cli.main(["--json", *register]) == 0
    client = json.loads(capsys.readouterr().out)
    port = free_port()
    (tmp_path / "tillpass.js").write_text(recipe("nginx", "js"))
    printed = recipe(
        "nginx",
        "nginx",
        issuer=environment.issuer,
        port=f"127.0.0.1:{port}",
        script=str(tmp_path / "tillpass.js"),
        credentials=base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode(),
        certificates=str(certificate),
        application=f"127.0.0.1:{application_port}",
    )
    (tmp_path / "nginx.conf").write_text(SURROUNDINGS.format(folder=tmp_path, module=MODULE, printed=printed))
    command = [str(NGINX), "-p", str(tmp_path), "-e", "stderr", "-c", str(tmp_path / "nginx.conf")]
    with _served(house, int(environment.issuer.rpartition(":")[2])), running(command, port=port, log=tmp_path / "log"):
        yield port


def test_nginx_refuses_hostile_tokens(nginx_port: int, draft: Draft) -> None:
    """T19, T20, T21, T22."""
    accepts = opens(nginx_port)

    assert accepts(draft.signed())
    assert hostile_tokens_accepted(accepts, draft) == set()
    assert other_credentials_accepted(nginx_port, draft) == []


def test_nginx_lets_a_device_in_until_its_grant_is_revoked(nginx_port: int, house: House) -> None:
    """T28."""
    accepts, tokens = opens(nginx_port), house.tokens()
    before = accepts(tokens["access_token"])
    revoked = house.post("/oauth/revoke", {"token": tokens["refresh_token"], "client_id": "tillpass-pos"})

    assert (before, revoked.status_code) == (True, 200)
    assert not accepts(tokens["access_token"])
    assert not accepts(tokens["license_token"])


def test_nginx_lets_nobody_in_while_we_do_not_answer_it(nginx_port: int, house: House, draft: Draft) -> None:
    """Its own credentials are good no more: that is not the caller's fault, and opens nothing."""
    rotate_client_secret(house.wired.database, "api-gateway", now=house.clock())

    assert status_for(nginx_port, f"Bearer {draft.signed()}") == 500
