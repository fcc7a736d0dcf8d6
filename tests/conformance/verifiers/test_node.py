"""jose for Node, by the recipe of auth_service/README.md (T19, T20, T21, T22, T31; figure C10)."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.conformance.hostile_tokens import license_draft
from tests.conformance.verifiers.recipes import recipe
from tests.conformance.verifiers.trial import good_tokens_refused, hostile_tokens_accepted
from tests.doubles.published_issuer import JWKS_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conformance.hostile_tokens import Draft
    from tests.doubles.published_issuer import PublishedIssuer

HEADING = "Node with jose"

# Only our issuer could sign these, and it does not.
GAPS = {"exp a fraction", "exp beyond every calendar", "exp infinite"}

# Reads tokens as lines of JSON and answers each with true or false.
READER = """
import { createInterface } from 'node:readline'
import { verify } from './verify.mjs'

for await (const line of createInterface({ input: process.stdin })) {
  console.log(await verify(JSON.parse(line)).then(() => true, () => false))
}
"""


@contextmanager
def _verifying(folder: Path, node_modules: Path, printed: str) -> Iterator[Callable[[str], bool]]:
    (folder / "node_modules").symlink_to(node_modules)
    (folder / "verify.mjs").write_text(printed)
    (folder / "reader.mjs").write_text(READER)
    with subprocess.Popen(
        ["node", "reader.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as node:
        assert node.stdin is not None
        assert node.stdout is not None
        asking, answers = node.stdin, node.stdout

        def accepts(token: str) -> bool:
            asking.write(json.dumps(token) + "\n")
            asking.flush()
            return bool(json.loads(answers.readline()))

        yield accepts


@pytest.fixture(scope="module")
def accepts(
    issuer: PublishedIssuer, node_modules: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], bool]]:
    printed = recipe(HEADING, "js", issuer=issuer.url)
    with _verifying(tmp_path_factory.mktemp("jose"), node_modules, printed) as verifying:
        yield verifying


def test_jose_accepts_good_tokens(accepts: Callable[[str], bool], draft: Draft) -> None:
    assert good_tokens_refused(accepts, draft) == []


def test_jose_refuses_hostile_tokens(accepts: Callable[[str], bool], issuer: PublishedIssuer, draft: Draft) -> None:
    """T19, T20, T21, T22, T31."""
    assert hostile_tokens_accepted(accepts, draft, over_http=False) == GAPS
    assert issuer.asked == {JWKS_PATH}


def test_jose_tells_license_tokens(issuer: PublishedIssuer, node_modules: Path, tmp_path: Path) -> None:
    """T21, S3-29: with the replacements that the README names for them; one that is five days old as well."""
    replaced = {"token_type": "license+jwt", "audience": "pos_client", "age": "8 days"}
    printed = recipe(HEADING, "js", issuer=issuer.url, **replaced)
    draft = license_draft(issuer.forge)
    five_days_old = {**draft.claims, "iat": draft.claims["iat"] - 5 * 86400}

    with _verifying(tmp_path, node_modules, printed) as accepts:
        assert accepts(draft.signed())
        assert accepts(draft.signed(payload=five_days_old))
        assert hostile_tokens_accepted(accepts, draft, over_http=False) == GAPS
