"""What was answered is on the disk before it is answered: seen in what the process asks of the system (F31)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

WRITES = """
import os, sys
from sqlalchemy import text
from database.engine import Database

database = Database(f"sqlite:///{sys.argv[1]}")
with database.transaction() as connection:
    connection.execute(text("CREATE TABLE counter (n INTEGER)"))
for n in range(3):
    os.write(1, b"asked\\n")
    with database.transaction() as connection:
        connection.execute(text("INSERT INTO counter VALUES (1)"))
    os.write(1, b"answered\\n")
"""


def test_each_commit_is_on_the_disk_before_it_is_answered(tmp_path: Path) -> None:
    """F31: after a power cut the log of SQLite holds whatever was answered, as it was synchronized each time."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed here; on Debian: apt-get install strace")
    traced = tmp_path / "trace"
    calls = "trace=write,pwrite64,fsync,fdatasync"

    ended = subprocess.run(
        ["strace", "-f", "-y", "-o", traced, "-e", calls, sys.executable, "-c", WRITES, tmp_path / "c.db"],
        env={**os.environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    if "ptrace" in ended.stderr:
        pytest.skip("nobody may trace processes here")
    assert ended.returncode == 0, ended.stderr
    spans = re.findall(r'"asked\\n"(.*?)"answered\\n"', traced.read_text(), re.DOTALL)
    assert len(spans) == 3
    for span in spans:
        # Written to the log, then synchronized, and nothing is written after that.
        steps = re.findall(r"(pwrite64|write|fsync|fdatasync)\(\d+<[^>]*c\.db-wal>", span)
        assert "pwrite64" in steps
        assert steps[-1] in {"fsync", "fdatasync"}
