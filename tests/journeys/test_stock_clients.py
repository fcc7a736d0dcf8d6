"""OAuth clients and JWT libraries of other makers, as they come: discovery, device flow, refresh, verification."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import KeySet
from oauthlib.oauth2 import BackendApplicationClient, DeviceClient
from requests_oauthlib import OAuth2Session

from tests.doubles.node_packages import NODE, install_node_packages
from wire.grant_types import DEVICE_CODE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.people import People


@pytest.fixture(autouse=True)
def plain_http_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries insist on TLS, rightly; the local stack has none."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture
def metadata(people: People) -> dict[str, Any]:
    """RFC 8414 discovery."""
    answer = requests.get(f"{people.auth_url}/.well-known/oauth-authorization-server", timeout=10)
    document: dict[str, Any] = answer.json()
    assert document["issuer"] == people.auth_url
    return document


def test_authlibs_client_gets_and_refreshes_tokens(people: People, metadata: dict[str, Any]) -> None:
    codes = requests.post(
        metadata["device_authorization_endpoint"], data={"client_id": "tillpass-pos"}, timeout=10
    ).json()
    people.authorize(codes["user_code"])
    with AuthlibSession("tillpass-pos", token_endpoint_auth_method="none") as session:
        token = session.fetch_token(
            metadata["token_endpoint"], grant_type=DEVICE_CODE, device_code=codes["device_code"]
        )
        refreshed = session.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])

    assert refreshed["refresh_token"] != token["refresh_token"]
    assert refreshed["license_token"]


def test_authlibs_client_gets_a_service_token(people: People, metadata: dict[str, Any]) -> None:
    client = people.document["clients"]["scripts"]
    with AuthlibSession(client["client_id"], client["client_secret"], scope="licenses.read") as session:
        token = session.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")

    assert token["scope"] == "licenses.read"


def test_requests_oauthlib_gets_and_refreshes_tokens(people: People, metadata: dict[str, Any]) -> None:
    codes = requests.post(
        metadata["device_authorization_endpoint"], data={"client_id": "tillpass-pos"}, timeout=10
    ).json()
    people.authorize(codes["user_code"])
    with OAuth2Session(client=DeviceClient("tillpass-pos")) as session:
        token = session.fetch_token(
            metadata["token_endpoint"], device_code=codes["device_code"], include_client_id=True, method="POST"
        )
        refreshed = session.refresh_token(
            metadata["token_endpoint"], refresh_token=token["refresh_token"], client_id="tillpass-pos"
        )

    assert refreshed["refresh_token"] != token["refresh_token"]


def test_requests_oauthlib_gets_a_service_token(people: People, metadata: dict[str, Any]) -> None:
    client = people.document["clients"]["scripts"]
    with OAuth2Session(client=BackendApplicationClient(client["client_id"], scope=["licenses.read"])) as session:
        token = session.fetch_token(metadata["token_endpoint"], auth=(client["client_id"], client["client_secret"]))

    assert token["token_type"] == "Bearer"


def test_stock_jwt_libraries_verify_both_tokens_by_the_key_set(people: People, metadata: dict[str, Any]) -> None:
    """S3-29; RFC 9068 §4: PyJWT and joserfc, each with the key set as published."""
    codes = people.ask_codes()
    people.authorize(codes["user_code"])
    tokens = people.poll(codes["device_code"]).json()
    jwks = jwt.PyJWKClient(metadata["jwks_uri"])
    key_set = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())

    for name, audience, token_type in (
        ("access_token", "license_service", "at+jwt"),
        ("license_token", "pos_client", "license+jwt"),
    ):
        token = tokens[name]
        claims = jwt.decode(
            token,
            jwks.get_signing_key_from_jwt(token),
            algorithms=["ES256"],
            audience=audience,
            issuer=people.auth_url,
            options={"require": ["exp", "iat", "iss", "aud", "sub", "jti"]},
        )
        decoded = joserfc_jwt.decode(token, key_set, algorithms=["ES256"])
        joserfc_jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": people.auth_url}, aud={"essential": True, "value": audience}
        ).validate(decoded.claims)
        assert decoded.header["typ"] == token_type
        assert claims["sub"] == people.document["devices"]["pos_server"]["id"]
        assert claims["exp"] > time.time()


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with our scripts and the pinned packages."""
    folder = tmp_path_factory.mktemp("node") / "node"
    shutil.copytree(NODE, folder)
    install_node_packages(folder)
    return folder


@pytest.mark.parametrize(("how", "token_type"), [("bearer", "bearer"), ("bound", "dpop")])
def test_openid_client_for_node_runs_the_whole_flow(
    how: str, token_type: str, people: People, node_folder: Path
) -> None:
    """T15: discovery, device authorization, polling at the interval, refresh; with DPoP and PKCE too; jose verifies."""
    with subprocess.Popen(
        ["node", "device_flow.mjs", people.auth_url, how], cwd=node_folder, stdout=subprocess.PIPE, text=True
    ) as node:
        assert node.stdout is not None
        people.authorize(json.loads(node.stdout.readline())["user_code"])
        answer = json.loads(node.stdout.readline())

    assert node.returncode == 0
    assert answer["refreshed"] is True
    assert (answer["token_type"], answer["bound"]) == (token_type, how == "bound")
    assert answer["license"]["sub"] == people.document["devices"]["pos_server"]["id"]
    assert answer["license"]["features"] == ["xms"]


def test_oauth4webapi_proves_its_key_all_the_way(people: People, node_folder: Path) -> None:
    """T15: with the proof an API asks only for the scope that a device lacks; as a bearer token it is refused."""
    api = f"{people.document['license_url']}/v1/agreements"
    command = ["node", "bound_device.mjs", people.auth_url, api]
    with subprocess.Popen(command, cwd=node_folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdin is not None
        assert node.stdout is not None
        people.authorize(json.loads(node.stdout.readline())["user_code"])
        node.stdin.write("approved\n")
        node.stdin.flush()
        answer = json.loads(node.stdout.readline())

    assert node.returncode == 0
    assert answer == {"token_type": "dpop", "withProof": "insufficient_scope", "asBearer": "invalid_token"}
