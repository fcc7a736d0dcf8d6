"""PyJWT and our guard, by the recipes of auth_service/README.md (T19, T20, T21, T22, T31; figure C10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest

from tests.conformance.gate import refused_by
from tests.conformance.hostile_tokens import license_draft
from tests.conformance.verifiers.recipes import recipe
from tests.conformance.verifiers.server import PATH
from tests.conformance.verifiers.trial import good_tokens_refused, hostile_tokens_accepted
from tests.doubles.published_issuer import JWKS_PATH

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.hostile_tokens import Draft
    from tests.doubles.published_issuer import PublishedIssuer

# Only our issuer could sign these, and it does not.
PYJWT_GAPS = {"exp a text", "exp a fraction", "exp beyond every calendar", "nbf a text", "iat a text"}


def _executed(heading: str, issuer: PublishedIssuer, **replaced: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "recipe"}
    exec(recipe(heading, "python", issuer=issuer.url, **replaced), names)
    return names


@pytest.fixture(scope="module")
def pyjwt(issuer: PublishedIssuer) -> Callable[[str], bool]:
    return refused_by(_executed("Python with PyJWT", issuer)["verify"], jwt.PyJWTError)


@pytest.fixture(scope="module")
def guard(issuer: PublishedIssuer) -> Callable[[str], bool]:
    client = _executed("Python with Flask and our guard", issuer)["app"].test_client()

    def accepts(token: str) -> bool:
        answer = client.get(PATH, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in {200, 401}, answer.text
        return bool(answer.status_code == 200)

    return accepts


def test_pyjwt_accepts_good_tokens(pyjwt: Callable[[str], bool], draft: Draft) -> None:
    assert good_tokens_refused(pyjwt, draft) == []


def test_pyjwt_refuses_hostile_tokens(pyjwt: Callable[[str], bool], issuer: PublishedIssuer, draft: Draft) -> None:
    """T19, T20, T21, T22, T31."""
    assert hostile_tokens_accepted(pyjwt, draft, over_http=False) == PYJWT_GAPS
    assert issuer.asked == {JWKS_PATH}


def test_pyjwt_tells_license_tokens(issuer: PublishedIssuer) -> None:
    """T21, S3-29: with the replacements that the README names for them."""
    names = _executed("Python with PyJWT", issuer, token_type="license+jwt", audience="pos_client")
    accepts = refused_by(names["verify"], jwt.PyJWTError)
    draft = license_draft(issuer.forge)

    assert accepts(draft.signed())
    assert hostile_tokens_accepted(accepts, draft, over_http=False) == PYJWT_GAPS


def test_our_guard_accepts_good_tokens(guard: Callable[[str], bool], draft: Draft) -> None:
    assert good_tokens_refused(guard, draft) == []


def test_our_guard_refuses_hostile_tokens(guard: Callable[[str], bool], issuer: PublishedIssuer, draft: Draft) -> None:
    """T19, T20, T21, T22, T31."""
    assert hostile_tokens_accepted(guard, draft) == set()
    assert issuer.asked == {JWKS_PATH}
