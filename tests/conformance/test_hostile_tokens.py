"""None of our verifiers accepts a token of the catalogue, each of which is wrong in one thing only (figure C10)."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

import jwt
import pytest
from cryptography.fernet import Fernet

import license_service.app
import license_service.settings
import license_service.wiring
import notify_service.app
import notify_service.settings
import notify_service.wiring
from database.migrations import migrate
from pos_client.errors import LicenseRefusedError
from pos_client.license_verifier import read_license_token
from tests.conformance.gate import Gate, refused_by
from tests.conformance.hostile_tokens import (
    HOSTILE_TOKENS,
    ORDER_OF_P256,
    access_draft,
    license_draft,
)
from tests.doubles.published_issuer import JWKS_PATH, published_issuer
from wire.errors import TokenRefusedError
from wire.http_client import HttpClient
from wire.jwks import FetchedKeys
from wire.scopes import LICENSE_AUDIENCE, LICENSES_READ, NOTIFICATIONS_READ, NOTIFY_AUDIENCE
from wire.token_verification import LONGEST_TOKEN, LicenseTokenVerifier, TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask

    from tests.conformance.hostile_tokens import (
        Draft,
        HostileToken,
    )
    from tests.doubles.published_issuer import PublishedIssuer
    from tests.doubles.token_forge import Forge


@pytest.fixture(scope="module")
def issuer() -> Iterator[PublishedIssuer]:
    with published_issuer() as published:
        yield published


@pytest.fixture(scope="module")
def forge(issuer: PublishedIssuer) -> Forge:
    return issuer.forge


# --- our verifiers -----------------------------------------------------------------------------------------------


def _opens(app: Flask, path: str) -> Callable[[str], bool]:
    def accepts(token: str) -> bool:
        answer = app.test_client().get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in {200, 401}, answer.text
        return answer.status_code == 200

    return accepts


@pytest.fixture
def access_verifier(forge: Forge) -> Gate:
    keys = FetchedKeys(HttpClient(), forge.issuer.url + JWKS_PATH)
    verifier = TokenVerifier(keys=keys, issuer=forge.issuer.url, audience=LICENSE_AUDIENCE)
    return Gate(access_draft(forge), refused_by(verifier.access_token, TokenRefusedError))


@pytest.fixture
def license_verifier(forge: Forge) -> Gate:
    keys = FetchedKeys(HttpClient(), forge.issuer.url + JWKS_PATH)
    verifier = LicenseTokenVerifier(keys, forge.issuer.url)
    return Gate(license_draft(forge), refused_by(verifier.license_token, TokenRefusedError))


@pytest.fixture
def pos_client(forge: Forge) -> Gate:
    """pos_client's verification with the key set that it holds."""

    def read(token: str) -> object:
        return read_license_token(token, issuer=forge.issuer.url, keys=forge.issuer.key_set())

    return Gate(license_draft(forge), refused_by(read, LicenseRefusedError))


@pytest.fixture
def license_api(forge: Forge, tmp_path: Path) -> Gate:
    """license_service as it runs."""
    url = f"sqlite:///{tmp_path}/license.db"
    migrate("license_service", url)
    settings = license_service.settings.load_settings(
        {
            "LICENSE_DATABASE_URL": url,
            "LICENSE_PUBLIC_URL": "https://licenses.example",
            "LICENSE_ISSUER": forge.issuer.url,
            "LICENSE_KEY_FOLDER": str(tmp_path / "keys"),
        }
    )
    app = license_service.app.create_app(settings, license_service.wiring.wire_up(settings))
    good = access_draft(forge, scope=LICENSES_READ)
    return Gate(
        good,
        _opens(app, "/v1/license-keys?organization_id=2c1d7c52-6f0e-4b6a-9d0b-8f4f3a6f9e01"),
        carried_in_a_header=True,
    )


@pytest.fixture
def notify_api(forge: Forge, tmp_path: Path) -> Gate:
    """notify_service's API as it runs."""
    url = f"sqlite:///{tmp_path}/notify.db"
    migrate("notify_service", url)
    settings = notify_service.settings.load_settings(
        {
            "NOTIFY_DATABASE_URL": url,
            "NOTIFY_REDIS_URL": "redis://127.0.0.1:1/0",
            "NOTIFY_PUBLIC_URL": "https://notify.example",
            "NOTIFY_ISSUER": forge.issuer.url,
            "NOTIFY_NOTIFICATION_KEY": Fernet.generate_key().decode(),
            "NOTIFY_SMTP_HOST": "127.0.0.1",
            "NOTIFY_SMTP_PORT": "8025",
            "NOTIFY_SMTP_SECURITY": "none",
            "NOTIFY_FROM_ADDRESS": "licenses@example.com",
        }
    )
    app = notify_service.app.create_app(notify_service.wiring.wire_up(settings))
    good = access_draft(forge, scope=NOTIFICATIONS_READ, aud=[NOTIFY_AUDIENCE])
    path = "/v1/notifications?id=2c1d7c52-6f0e-4b6a-9d0b-8f4f3a6f9e01"
    return Gate(good, _opens(app, path), carried_in_a_header=True)


# A POS server's clock may be behind: when a token begins is not asked there, see pos_client/clock_guard.py.
TOO_EARLY = ["nbf in the future", "iat in the future"]
OURS: dict[str, list[str]] = {
    "access_verifier": [],
    "license_verifier": [],
    "license_api": [],
    "notify_api": [],
    "pos_client": TOO_EARLY,
}


@pytest.mark.parametrize("gate", OURS)
def test_good_token_is_accepted(gate: str, request: pytest.FixtureRequest) -> None:
    """Or a verifier that refuses everything would pass."""
    found: Gate = request.getfixturevalue(gate)

    assert found.accepts(found.good.signed())


@pytest.mark.parametrize("gate", OURS)
def test_no_hostile_token_is_accepted(gate: str, issuer: PublishedIssuer, request: pytest.FixtureRequest) -> None:
    """T19, T20, T21, T22; T31: and nobody goes where a token points to."""
    found: Gate = request.getfixturevalue(gate)

    assert found.accepted() == OURS[gate]
    assert issuer.asked <= {JWKS_PATH}


# --- the catalogue itself ----------------------------------------------------------------------------------------


SIGNED_ANEW = [token for token in HOSTILE_TOKENS if token.part in {"header", "claims"}]
COMPACT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}")
WITH_A_PAYLOAD_OF_ITS_OWN = {"zip"}


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _signed_by_the_issuer(token: str, forge: Forge) -> bool:
    signed, _, signature = token.rpartition(".")
    verifies = jwt.get_algorithm_by_name("ES256").verify
    return verifies(signed.encode(), forge.issuer.private_key.public_key(), _decoded(signature))


def _changed_members(header: str, good: Draft) -> set[str]:
    try:
        found = json.loads(_decoded(header))
    except (ValueError, RecursionError):
        return {"everything"}
    if not isinstance(found, dict):
        return {"everything"}
    return {name for name in found.keys() | good.header.keys() if found.get(name, ...) != good.header.get(name, ...)}


@pytest.fixture(params=[access_draft, license_draft], ids=["access", "license"])
def good(request: pytest.FixtureRequest, forge: Forge) -> Draft:
    draft: Draft = request.param(forge)
    return draft


def test_catalogue_has_more_than_sixty_entries_of_different_names() -> None:
    names = [token.name for token in HOSTILE_TOKENS]

    assert len(names) == len(set(names)) > 60


@pytest.mark.parametrize("token", SIGNED_ANEW, ids=lambda token: token.name)
def test_changed_header_or_claims_set_is_truly_signed(token: HostileToken, good: Draft, forge: Forge) -> None:
    """So that it is not the signature which refuses it."""
    assert _signed_by_the_issuer(token.make(good), forge)


@pytest.mark.parametrize("token", HOSTILE_TOKENS, ids=lambda token: token.name)
def test_hostile_token_differs_in_its_one_part(token: HostileToken, good: Draft) -> None:
    text = token.make(good)
    header, payload, *_ = *text.split("."), "", ""
    good_header, good_payload, _ = good.signed().split(".")

    if token.part == "form":
        assert COMPACT.fullmatch(text) is None or len(text) > LONGEST_TOKEN
    elif token.part == "claims":
        assert (header, payload != good_payload) == (good_header, True)
    elif token.part == "signature":
        assert (header, payload) == (good_header, good_payload)
    else:
        assert payload == good_payload or token.name in WITH_A_PAYLOAD_OF_ITS_OWN
        assert len(_changed_members(header, good) - {"crit"}) <= 1


def test_the_other_half_of_the_signatures_is_good_as_well(good: Draft, forge: Forge) -> None:
    """FIPS 186-5: with (r, s) also (r, n - s); a token is told from another by its `jti`, never by its text."""
    signed = good.signed().rpartition(".")[0].encode()
    raw = forge.signature(signed)
    mirrored = ORDER_OF_P256 - int.from_bytes(raw[32:], "big")

    assert _signed_by_the_issuer(forge.compact(signed, raw[:32] + mirrored.to_bytes(32, "big")), forge)
