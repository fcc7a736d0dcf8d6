"""From the vendor's signing machine to the shop: an update is published, found and verified over real HTTP (S1-13)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import requests

from deploy.local_stack.settings import REPOSITORY
from deploy.local_stack.visitor import Visitor

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.local_stack.stack import LocalStack


def command(module: str, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a person does, with nothing in its environment but what it needs."""
    return subprocess.run(
        [sys.executable, "-c", f"import sys; from {module} import main; sys.exit(main())", *argv],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_update_is_published_found_and_verified(stack: LocalStack, tmp_path: Path) -> None:
    """S1-13, S1-14, S1-15, T62: and an older manifest, put in its place by somebody else, is not believed."""
    url = stack.document["update_url"]
    pos = {
        "POS_ISSUER": stack.document["auth_url"],
        "POS_STATE_FOLDER": str(tmp_path / "pos"),
        "POS_UPDATE_URL": url,
        "POS_UPDATE_KEYS": str(stack.folder / "update-keys.json"),
    }

    def checked() -> tuple[int, dict[str, Any]]:
        ended = command("pos_client.cli", "check-update", "--json", **pos)
        return ended.returncode, json.loads(ended.stdout)

    code, at_first = checked()
    assert (code, at_first["status"]) == (0, "up_to_date")
    older = requests.get(url, timeout=10).text
    (tmp_path / "new.whl").write_bytes(b"the new version")

    published = command(
        "license_service.cli",
        *("update", "publish", "--key-file", str(stack.folder / "update-signing-key.pem"), "--version", "999.0.0"),
        *("--artifact", "any", str(tmp_path / "new.whl"), "http://updates.example/new.whl"),
        LICENSE_UPDATE_FOLDER=str(stack.folder / "update"),
    )
    assert (published.returncode, published.stderr) == (0, "")

    code, found = checked()
    assert (code, found["status"], found["newest_version"]) == (7, "update_available", "999.0.0")
    assert found["sequence"] == at_first["sequence"] + 1
    assert command("pos_client.cli", "verify-update", str(tmp_path / "new.whl"), **pos).returncode == 0
    listed = json.loads(command("pos_client.cli", "connections", "--json", **pos).stdout)["connections"]
    assert [one["url"] for one in listed] == [stack.document["auth_url"], url]

    (stack.folder / "update" / "update-manifest.jwt").write_text(older)
    code, rolled_back = checked()
    assert (code, rolled_back["status"]) == (6, "cannot_tell")
    assert "older manifest" in rolled_back["reason"]


def test_the_page_says_which_version_runs(stack: LocalStack) -> None:
    page = Visitor().open(stack.document["pos_url"])

    assert "This server runs version" in page.text
