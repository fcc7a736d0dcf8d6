"""The settings: what is refused, and that all of it is told at once."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_client.errors import SettingsError
from pos_client.settings import Settings, load_settings
from tests.doubles.token_forge import Issuer

GOOD = {"POS_ISSUER": "https://auth.example", "POS_STATE_FOLDER": "/var/lib/tillpass"}


def test_two_variables_are_enough() -> None:
    assert load_settings({**GOOD, "PATH": "/bin"}) == Settings(
        issuer="https://auth.example",
        client_id="tillpass-pos",
        state_folder=Path("/var/lib/tillpass"),
        public_url="http://127.0.0.1:8004",
        ca_file=None,
    )


def test_all_faults_are_told_together_by_the_name_of_their_variable() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"POS_ISSUER": "http://auth.example", "POS_PUBLIC_URL": "8004", "POS_CA_FILE": "/nowhere.pem"})

    lines = str(refused.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "POS_CA_FILE",
        "POS_ISSUER",
        "POS_PUBLIC_URL",
        "POS_STATE_FOLDER",
    ]


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert load_settings({**GOOD, "POS_CA_FILE": "", "POS_PUBLIC_URL": " "}).ca_file is None
    with pytest.raises(SettingsError, match="POS_ISSUER"):
        load_settings({**GOOD, "POS_ISSUER": ""})


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8001", "http://localhost:8001", "https://auth.example/tenant"])
def test_the_issuer_is_https_or_on_this_machine(issuer: str) -> None:
    assert load_settings({**GOOD, "POS_ISSUER": issuer}).issuer == issuer


@pytest.mark.parametrize(
    "issuer", ["http://auth.example", "auth.example", "https://auth.example?x", "https://a#b", "ftp://a"]
)
def test_any_other_issuer_is_refused(issuer: str) -> None:
    with pytest.raises(SettingsError, match="POS_ISSUER"):
        load_settings({**GOOD, "POS_ISSUER": issuer})


@pytest.mark.parametrize(
    "url",
    [
        "https://pos.example/page",
        "ftp://pos.example",
        "http://[::1]:80",
        "http://pos:port",
        "http://u@pos",
        "http://pos:0",
    ],
)
def test_a_public_url_that_cannot_be_served_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="POS_PUBLIC_URL"):
        load_settings({**GOOD, "POS_PUBLIC_URL": url})


def test_a_relative_state_folder_is_refused() -> None:
    with pytest.raises(SettingsError, match="POS_STATE_FOLDER"):
        load_settings({**GOOD, "POS_STATE_FOLDER": "var/pos"})


def test_a_file_that_holds_no_certificate_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("not a certificate")

    with pytest.raises(SettingsError, match="POS_CA_FILE"):
        load_settings({**GOOD, "POS_CA_FILE": str(path)})


UPDATE_URL = "http://updates.example/update-manifest"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "update-keys.json"
    path.write_text(json.dumps({**Issuer().key_set(), "more": "passed over"}))
    return path


def test_updates_are_looked_for_where_the_vendor_says_and_by_the_keys_that_are_pinned(keys: Path) -> None:
    """S1-13, S1-15: plain http is what it is for."""
    source = load_settings({**GOOD, "POS_UPDATE_URL": UPDATE_URL, "POS_UPDATE_KEYS": str(keys)}).update_source

    assert source is not None
    assert source.url == UPDATE_URL
    assert (list(source.key_set), len(source.key_set["keys"])) == (["keys"], 2)


@pytest.mark.parametrize("missing", ["POS_UPDATE_URL", "POS_UPDATE_KEYS"])
def test_an_address_without_pinned_keys_is_refused_and_keys_without_an_address(keys: Path, missing: str) -> None:
    """T62: an unsigned answer is never believed."""
    both = {"POS_UPDATE_URL": UPDATE_URL, "POS_UPDATE_KEYS": str(keys), missing: ""}

    with pytest.raises(SettingsError, match=f"{missing}: .* of use together only"):
        load_settings({**GOOD, **both})


@pytest.mark.parametrize(
    "url",
    [
        "updates.example",
        "ftp://updates.example/x",
        "http://u@updates.example",
        "http://a b",
        "http://a:0",
        "http://[",
        "http://a:b",
    ],
)
def test_what_is_no_web_address_of_updates_is_refused(keys: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="POS_UPDATE_URL"):
        load_settings({**GOOD, "POS_UPDATE_URL": url, "POS_UPDATE_KEYS": str(keys)})


@pytest.mark.parametrize("content", ["", "nonsense", "{}", '{"keys": []}', '{"keys": "x"}', "[" * 60_000])
def test_a_file_that_holds_no_keys_is_refused(keys: Path, content: str) -> None:
    keys.write_text(content)

    with pytest.raises(SettingsError, match="POS_UPDATE_KEYS: Give the path of a file"):
        load_settings({**GOOD, "POS_UPDATE_URL": UPDATE_URL, "POS_UPDATE_KEYS": str(keys)})


VARIABLES = [
    "POS_ISSUER",
    "POS_CLIENT_ID",
    "POS_STATE_FOLDER",
    "POS_PUBLIC_URL",
    "POS_CA_FILE",
    "POS_UPDATE_URL",
    "POS_UPDATE_KEYS",
]


@given(st.dictionaries(st.sampled_from(VARIABLES), st.text()))
def test_any_values_give_settings_or_a_settings_error(environ: dict[str, str]) -> None:
    settings = None
    with suppress(SettingsError):
        settings = load_settings(environ)

    assert settings is None or settings.issuer.startswith(("https://", "http://"))


def test_nothing_heavy_is_imported_on_a_pos_server() -> None:
    """A POS server installs tillpass[pos]: none of what the services need."""
    script = (
        "import sys, pos_client.app, pos_client.cli, pos_client.daily_refresh\n"
        "heavy = {'sqlalchemy', 'celery', 'authlib', 'redis', 'structlog', 'environs', 'flask_login'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
