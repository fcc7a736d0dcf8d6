"""The disk is full: writes are refused with 503, reads go on, and nothing is broken once there is space again (F30).

On a file system of one mebibyte, where a process may mount one of its own, and under a limit on the size of files.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DRILL = """
import json, resource, shutil, signal, subprocess, sys
from pathlib import Path
from cryptography.fernet import Fernet
from license_service.app import create_app
from license_service.settings import load_settings
from license_service.wiring import wire_up
from tests.license_service.conftest import ISSUER, Issuer

kind, folder, template = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
MIB = 1024 * 1024

def space(mebibytes):
    if kind == "file system":
        options = f"size={mebibytes}m" if mebibytes == 1 else f"remount,size={mebibytes}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    else:
        # Without this the system ends a process that writes too much.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (mebibytes * MIB, resource.RLIM_INFINITY))

space(1)
shutil.copy(template, folder / "license.db")
settings = load_settings({
    "LICENSE_DATABASE_URL": f"sqlite:///{folder}/license.db",
    "LICENSE_PUBLIC_URL": "https://licenses.example",
    "LICENSE_ISSUER": ISSUER,
    "LICENSE_KEY_FOLDER": str(folder / "keys"),
    "LICENSE_SECRET_KEY": Fernet.generate_key().decode(),
})
issuer = Issuer()
parts = wire_up(settings, keys=issuer)
client = create_app(settings, parts).test_client()
client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {issuer.token()}"

def add(number):
    return client.post("/v1/components", json={"code": f"c{number}", "name": "x" * 100})

kept, answer = 0, None
while answer is None or answer.status_code == 201:
    assert kept < 20_000
    answer = add(kept)
    kept += answer.status_code == 201
told = {
    "kept": kept,
    "refused": answer.status_code,
    "retry": int(answer.headers.get("Retry-After", 0)),
    "again": add(kept).status_code,
    "read": client.get(f"/v1/components?limit=200").status_code,
    "alive": client.get("/healthz").status_code,
}
space(8)
told["after"] = [add(kept).status_code, add(kept + 1).status_code]
with parts.database.reading() as connection:
    told["whole"] = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
    count = connection.exec_driver_sql("SELECT count(*) FROM components WHERE code LIKE 'c%'").scalar_one()
    told["counted"] = count
print(json.dumps(told))
"""


@pytest.mark.parametrize("kind", ["file system", "file size"])
def test_full_disk_refuses_writes_goes_on_reading_and_breaks_nothing(
    kind: str, tmp_path: Path, migrated_file: Path
) -> None:
    """F30: and what was answered 201 is there; nobody can write a log meanwhile either."""
    folder = tmp_path / "small"
    folder.mkdir()
    own_mounts = ["unshare", "--mount"] if kind == "file system" else []
    if own_mounts and (not shutil.which("unshare") or subprocess.run([*own_mounts, "true"], check=False).returncode):
        pytest.skip("nobody may mount file systems here; the limit on files shows the same")

    with Path("/dev/full").open("w") as log:
        ended = subprocess.run(
            [*own_mounts, sys.executable, "-c", DRILL, kind, folder, migrated_file],
            env={**os.environ},
            stdout=subprocess.PIPE,
            stderr=log,
            timeout=120,
            check=False,
        )

    assert ended.returncode == 0
    told = json.loads(ended.stdout)
    kept = told.pop("kept")
    assert kept > 20
    assert told == {
        "refused": 503,
        "retry": told["retry"],
        "again": 503,
        "read": 200,
        "alive": 200,
        "after": [201, 201],
        "whole": "ok",
        "counted": kept + 2,
    }
    assert told["retry"] > 0
