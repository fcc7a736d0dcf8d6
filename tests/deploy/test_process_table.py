"""Which parts there are, and what each is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.local_stack import redis_server
from deploy.local_stack.errors import SettingsError
from deploy.local_stack.process_table import process_table
from deploy.local_stack.settings import WEB_SERVERS, Ports, StackSettings, load_settings
from deploy.local_stack.stack_secrets import StackSecrets
from wire.update_manifest import UPDATE_MANIFEST_PATH

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = StackSecrets(
    "auth-secret", "license-secret", "seal-key", "redis-password", "demo-password", "scripts-secret", "notify-secret"
)


def test_parts_stand_after_what_they_need(tmp_path: Path) -> None:
    seen: set[str] = set()
    for part in process_table(StackSettings(tmp_path, Ports()), SECRETS):
        assert set(part.needs) <= seen
        seen.add(part.name)

    assert seen == {
        "valkey",
        "mail_catcher",
        "auth_service",
        "license_service",
        "update_service",
        "notify_service",
        "notify_worker",
        "outbox_relay",
        "webhook_delivery",
        "pos_server",
    }


def test_the_update_service_gets_its_folder_and_nothing_else(tmp_path: Path) -> None:
    """S1-13: no database, no secret, no signing key."""
    parts = {part.name: part for part in process_table(StackSettings(tmp_path, Ports()), SECRETS)}

    assert dict(parts["update_service"].environment) == {"LICENSE_UPDATE_FOLDER": str(tmp_path / "update")}
    assert parts["pos_server"].environment["POS_UPDATE_URL"] == f"http://127.0.0.1:8005{UPDATE_MANIFEST_PATH}"
    assert "update-signing-key" not in str([part.environment for part in parts.values()])


def test_a_redis_that_is_given_takes_the_place_of_valkey(tmp_path: Path) -> None:
    parts = process_table(StackSettings(tmp_path, Ports(), "redis://cache.example:6379/3"), SECRETS)

    assert "valkey" not in {part.name for part in parts}
    assert {url for part in parts for name, url in part.environment.items() if name.endswith("REDIS_URL")} == {
        "redis://cache.example:6379/3"
    }


def test_a_secret_reaches_only_the_parts_that_use_it_and_no_command_line(tmp_path: Path) -> None:
    parts = process_table(StackSettings(tmp_path, Ports()), SECRETS)

    def holders(secret: str) -> set[str]:
        return {part.name for part in parts if any(secret in value for value in part.environment.values())}

    users_of_the_queue = {"auth_service", "outbox_relay", "notify_service", "notify_worker"}
    assert holders("auth-secret") == {"auth_service", "outbox_relay"}
    assert holders("license-secret") == {"license_service", "webhook_delivery"}
    assert holders("seal-key") == holders("redis-password") == users_of_the_queue
    assert holders("notify-secret") == {"notify_worker"}
    assert holders("demo-password") == holders("scripts-secret") == set()
    assert not [part.name for part in parts for word in part.command if "redis-password" in word]


def test_everything_listens_on_loopback_only(tmp_path: Path) -> None:
    parts = process_table(StackSettings(tmp_path, Ports()), SECRETS)

    bound = [word for part in parts for word in part.command if word.startswith("--bind=")]
    assert len(bound) == 6
    assert all(word.startswith("--bind=127.0.0.1:") for word in bound)
    assert "bind 127.0.0.1\n" in (tmp_path / "valkey" / "valkey.conf").read_text()


def test_valkey_keeps_its_data_and_its_password_to_the_owner(tmp_path: Path) -> None:
    """T56, F17, F22."""
    folder = tmp_path / 'a "quoted" \\ folder'
    redis_server.part(folder, 8379, "redis-password")

    path = folder / "valkey" / "valkey.conf"
    lines = path.read_text().splitlines()
    assert path.stat().st_mode & 0o777 == 0o600
    assert {"requirepass redis-password", "appendonly yes", "maxmemory-policy noeviction"} <= set(lines)
    assert lines[3] == f'dir "{tmp_path}/a \\"quoted\\" \\\\ folder/valkey"'


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_without_the_bundled_server_one_on_the_path_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(redis_server.platform, "machine", lambda: "riscv64")
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / name).touch(mode=0o755)

    assert redis_server.part(tmp_path, 8379, "redis-password").command[0] == str(tmp_path / name)


def test_without_any_redis_server_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_server.platform, "machine", lambda: "riscv64")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SettingsError, match="set REDIS_URL"):
        redis_server.part(tmp_path, 8379, "redis-password")


@pytest.mark.parametrize("server", WEB_SERVERS)
def test_auth_service_runs_under_the_web_server_that_was_chosen(tmp_path: Path, server: str) -> None:
    settings = load_settings({"TILLPASS_AUTH_SERVER": server}, tmp_path)

    [auth] = [part for part in process_table(settings, SECRETS) if part.name == "auth_service"]

    assert server in " ".join(auth.command[1:3])


def test_an_unknown_web_server_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TILLPASS_AUTH_SERVER must be one of: gunicorn, granian"):
        load_settings({"TILLPASS_AUTH_SERVER": "apache"}, tmp_path)
