"""What the stack keeps: secrets made once, files that only their owner may read, one stack per folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from deploy.local_stack import folder_lock
from deploy.local_stack.document import write_document
from deploy.local_stack.environment_files import write_environment_files
from deploy.local_stack.errors import AlreadyRunningError, StateError
from deploy.local_stack.stack_secrets import secrets_of

if TYPE_CHECKING:
    from pathlib import Path


def test_secrets_are_made_once_and_are_the_owners(tmp_path: Path) -> None:
    """T47, T64."""
    path = tmp_path / "secrets.json"
    old_umask = os.umask(0)
    try:
        made = secrets_of(path)
    finally:
        os.umask(old_umask)

    assert secrets_of(path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert secrets_of(tmp_path / "other.json") != made
    Fernet(made.notification_key)
    assert made.redis_password not in repr(made)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"auth_secret_key": "x"}'])
def test_secrets_that_cannot_be_read_are_told_and_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(text)

    with pytest.raises(StateError, match="cannot be used"):
        secrets_of(path)

    assert path.read_text() == text


def test_the_document_is_the_owners_even_where_one_was_open_to_all(tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    path.write_text("{}")
    path.chmod(0o644)

    write_document(path, {"operator": {"password": "p"}})

    assert json.loads(path.read_text()) == {"operator": {"password": "p"}}
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_shell_reads_from_an_environment_file_what_the_service_is_given(tmp_path: Path) -> None:
    given = {"ONE": 'it\'s $HOME `id` \\ "two"\nlines  ', "TWO": ""}
    write_environment_files(tmp_path, {"auth": given})

    program = "import json, os; print(json.dumps([os.environ['ONE'], os.environ['TWO']]))"
    script = f'set -a; . "$1"; set +a; exec {sys.executable} -c "$2"'
    path = tmp_path / "auth.env"
    answer = subprocess.run(["sh", "-c", script, "sh", path, program], capture_output=True, check=True)

    assert json.loads(answer.stdout) == list(given.values())
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_second_stack_in_the_same_folder_is_refused_with_the_first_ones_process_id(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys\n"
        "from deploy.local_stack import folder_lock\n"
        "with folder_lock.held(pathlib.Path(sys.argv[1])): print('held', flush=True); input()\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"

        with (
            pytest.raises(AlreadyRunningError, match=rf"runs already .* \(process {other.pid}\)"),
            folder_lock.held(tmp_path),
        ):
            pass
        other.kill()

    with folder_lock.held(tmp_path):
        assert (tmp_path / "stack.lock").read_text() == f"{os.getpid()}\n"


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    with folder_lock.held(tmp_path / "var"):
        assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
