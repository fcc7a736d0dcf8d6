"""Whatever comes as a token, the verifier refuses it or gives what it says: it never fails otherwise (T19, T49)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import TokenRefusedError

if TYPE_CHECKING:
    from wire.token_verification import LicenseTokenVerifier, TokenVerifier

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_PARTS = st.binary(max_size=200) | _VALUES.map(lambda document: json.dumps(document).encode())
_CLAIMS = st.sampled_from(
    [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nbf",
        "jti",
        "scope",
        "client_id",
        "organization_id",
        "features",
        "renewal_date",
    ]
)


@given(text=st.text(st.characters(exclude_categories=())))
def test_no_text_raises_anything_but_a_refusal(text: str, verifier: TokenVerifier) -> None:
    with pytest.raises(TokenRefusedError):
        verifier.access_token(text)


@given(header=_PARTS, payload=_PARTS, signature=st.binary(max_size=80))
def test_no_three_parts_raise_anything_but_a_refusal(
    header: bytes, payload: bytes, signature: bytes, forge: Any, verifier: TokenVerifier
) -> None:
    with pytest.raises(TokenRefusedError):
        verifier.access_token(forge.compact(forge.signing_input(header, payload), signature))


@given(changes=st.dictionaries(_CLAIMS, _VALUES, min_size=1, max_size=4))
def test_no_signed_claims_raise_anything_but_a_refusal(
    changes: dict[str, Any], forge: Any, verifier: TokenVerifier, license_verifier: LicenseTokenVerifier
) -> None:
    """What our own key has signed may still be wrong: a defect of the issuer must not become one of the verifier."""
    attempts = (
        lambda: verifier.access_token(forge.access_token(**changes)),
        lambda: license_verifier.license_token(forge.license_token(**changes)),
    )
    for attempt in attempts:
        try:
            claims = attempt()
        except TokenRefusedError:
            continue
        assert isinstance(claims.sub, str)
        assert type(claims.exp) is int


@given(data=st.data())
def test_a_changed_token_is_refused_or_says_the_same(data: st.DataObject, forge: Any, verifier: TokenVerifier) -> None:
    good = forge.access_token()
    at = data.draw(st.integers(0, len(good) - 1))
    cut = data.draw(st.integers(0, 3))
    put = data.draw(st.text(max_size=3))
    changed = good[:at] + put + good[at + cut :]

    try:
        claims = verifier.access_token(changed)
    except TokenRefusedError:
        return
    assert claims == verifier.access_token(good)
