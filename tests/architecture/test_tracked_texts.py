"""What the project's own files may not name: places that are not everyone's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Put together here, since this file is one of those that are read. Which registry a lock file's packages come from is
# decided where they are installed.
_REGISTRIES = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "crates" + ".io", "proxy.golang" + ".org"]
_BUILDERS_PATH = "/work" + "/"
REFUSED = re.compile("|".join(map(re.escape, [*_REGISTRIES, _BUILDERS_PATH])).encode())


def _refused_words(content: bytes) -> list[bytes]:
    return REFUSED.findall(content)


def test_no_file_names_a_registry_or_a_builder_s_path(tracked_files: list[Path], root: Path) -> None:
    found = {str(path.relative_to(root)): _refused_words(path.read_bytes()) for path in tracked_files}

    assert len(found) > 1
    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize("word", [*_REGISTRIES, _BUILDERS_PATH + "main"])
def test_rule_finds_each_of_them(word: str) -> None:
    assert _refused_words(f"--index-url https://files.{word}/simple".encode())
