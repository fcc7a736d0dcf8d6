"""The two claim sets, from and to their payloads (RFC 9068 §2.2; S3-13 ... S3-29)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.claims import LATEST_INSTANT, AccessTokenClaims, LicenseTokenClaims, StatusReference
from wire.errors import TokenRefusedError

_text = st.text(min_size=1)
_instant = st.integers(min_value=0, max_value=LATEST_INSTANT)
_access = st.builds(
    AccessTokenClaims,
    iss=_text,
    sub=_text,
    aud=st.lists(_text).map(tuple),
    client_id=_text,
    scope=_text,
    iat=_instant,
    exp=_instant,
    jti=_text,
    organization_id=st.none() | _text,
    jkt=st.none() | _text,
)
_license = st.builds(
    LicenseTokenClaims,
    iss=_text,
    sub=_text,
    aud=st.lists(_text).map(tuple),
    iat=_instant,
    nbf=_instant,
    exp=_instant,
    jti=_text,
    organization_id=_text,
    organization_name=_text,
    device_name=_text,
    license_id=_text,
    features=st.lists(_text).map(tuple),
    renewal_window_days=st.integers(0, 3660),
    renewal_date=st.none() | st.dates(),
    hub_server_name=st.none() | _text,
    hub_server_url=st.none() | _text,
    status=st.none() | st.builds(StatusReference, uri=_text, index=st.integers(0, 2**31)),
    jkt=st.none() | _text,
)


@given(claims=_access)
def test_access_token_claims_come_back_as_they_went(claims: AccessTokenClaims) -> None:
    assert AccessTokenClaims.from_payload(claims.payload()) == claims


@given(claims=_license)
def test_license_token_claims_come_back_as_they_went(claims: LicenseTokenClaims) -> None:
    assert LicenseTokenClaims.from_payload(claims.payload()) == claims


@given(claims=_license)
def test_absent_claims_are_left_out(claims: LicenseTokenClaims) -> None:
    """S3-20, S3-24: a perpetual license has no renewal date, and a top server no hub; nothing empty stands for it."""
    assert None not in claims.payload().values()


def test_claims_are_called_as_the_readers_know_them() -> None:
    """The names are the agreement: a device of today must still read what is issued tomorrow."""
    claims = LicenseTokenClaims(
        iss="https://auth.example",
        sub="device-1",
        aud=("pos_client",),
        iat=1,
        nbf=2,
        exp=3,
        jti="jti-1",
        organization_id="organization-1",
        organization_name="Corner Shop",
        device_name="Till 1",
        license_id="license-1",
        features=("xms",),
        renewal_window_days=30,
        renewal_date=date(2027, 1, 31),
        hub_server_name="Head office",
        hub_server_url="https://hub.example",
        status=StatusReference("https://auth.example/status-lists/0", 7),
    )

    assert claims.payload() == {
        "iss": "https://auth.example",
        "sub": "device-1",
        "aud": ["pos_client"],
        "iat": 1,
        "nbf": 2,
        "exp": 3,
        "jti": "jti-1",
        "organization_id": "organization-1",
        "organization_name": "Corner Shop",
        "device_name": "Till 1",
        "license_id": "license-1",
        "features": ["xms"],
        "renewal_window_days": 30,
        "renewal_date": "2027-01-31",
        "hub_server_name": "Head office",
        "hub_server_url": "https://hub.example",
        "status": {"status_list": {"idx": 7, "uri": "https://auth.example/status-lists/0"}},
    }


def _access_payload(**changes: Any) -> dict[str, Any]:
    good = AccessTokenClaims(
        iss="i", sub="s", aud=("a",), client_id="c", scope="license", iat=1, exp=2, jti="j", organization_id="o"
    ).payload()
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def test_one_audience_may_stand_as_a_bare_text() -> None:
    """RFC 7519 §4.1.3."""
    assert AccessTokenClaims.from_payload(_access_payload(aud="a")).aud == ("a",)


def test_claims_that_we_do_not_know_are_passed_over() -> None:
    """RFC 7519 §4: a newer issuer may say more."""
    assert AccessTokenClaims.from_payload(_access_payload(level=1)).sub == "s"


@pytest.mark.parametrize("name", ["iss", "sub", "client_id", "scope", "jti"])
@pytest.mark.parametrize("value", [..., None, "", 1, True, [], {}], ids=repr)
def test_text_that_is_none_is_refused(name: str, value: object) -> None:
    with pytest.raises(TokenRefusedError, match=rf"^The claim '{name}' must be a text\.$"):
        AccessTokenClaims.from_payload(_access_payload(**{name: value}))


@pytest.mark.parametrize("name", ["iat", "exp"])
@pytest.mark.parametrize("value", [..., None, "1", 1.0, True, [], {}], ids=repr)
def test_number_that_is_no_whole_one_is_refused(name: str, value: object) -> None:
    with pytest.raises(TokenRefusedError, match=rf"^The claim '{name}' must be a whole number\.$"):
        AccessTokenClaims.from_payload(_access_payload(**{name: value}))


@pytest.mark.parametrize("value", [..., None, 1, {}, [1], [["a"]], [None]], ids=repr)
def test_audience_that_is_no_list_of_texts_is_refused(value: object) -> None:
    with pytest.raises(TokenRefusedError, match=r"^The claim 'aud' must be a list of texts\.$"):
        AccessTokenClaims.from_payload(_access_payload(aud=value))


@pytest.mark.parametrize("value", ["", 1, []], ids=repr)
def test_optional_text_may_be_absent_but_not_wrong(value: object) -> None:
    assert AccessTokenClaims.from_payload(_access_payload(organization_id=...)).organization_id is None
    with pytest.raises(TokenRefusedError):
        AccessTokenClaims.from_payload(_access_payload(organization_id=value))


@pytest.mark.parametrize(
    "status",
    [
        "valid",
        {},
        {"status_list": "0"},
        {"status_list": {"idx": 1}},
        {"status_list": {"uri": "u"}},
        {"status_list": {"idx": -1, "uri": "u"}},
        {"status_list": {"idx": True, "uri": "u"}},
    ],
    ids=repr,
)
def test_status_that_names_no_place_in_a_list_is_refused(status: object) -> None:
    """Token Status List §6.2: idx is a whole number from 0 on, uri a text."""
    claims = LicenseTokenClaims(
        iss="i",
        sub="s",
        aud=("a",),
        iat=1,
        nbf=1,
        exp=2,
        jti="j",
        organization_id="o",
        organization_name="O",
        device_name="d",
        license_id="l",
        features=(),
        renewal_window_days=30,
    )

    with pytest.raises(TokenRefusedError):
        LicenseTokenClaims.from_payload({**claims.payload(), "status": status})


def _bindable(claims_of: Any) -> dict[str, Any]:
    license_payload = {**_access_payload(), "nbf": 1, "features": [], "renewal_window_days": 30}
    names = ("organization_name", "device_name", "license_id")
    return _access_payload() if claims_of is AccessTokenClaims else {**license_payload, **dict.fromkeys(names, "x")}


@pytest.mark.parametrize("claims_of", [AccessTokenClaims, LicenseTokenClaims])
@pytest.mark.parametrize("cnf", ["text", [], {}, {"jkt": ""}, {"jkt": 7}, {"x5t#S256": "abc"}], ids=str)
def test_token_that_is_bound_in_a_way_we_do_not_know_is_refused(claims_of: Any, cnf: Any) -> None:
    """RFC 7800 §3: it must not pass as a token that is not bound (T15)."""
    with pytest.raises(TokenRefusedError, match="cnf"):
        claims_of.from_payload({**_bindable(claims_of), "cnf": cnf})


@pytest.mark.parametrize("claims_of", [AccessTokenClaims, LicenseTokenClaims])
def test_bound_token_names_its_key_beside_what_else_confirms_it(claims_of: Any) -> None:
    """RFC 9449 §6.1."""
    claims = claims_of.from_payload({**_bindable(claims_of), "cnf": {"jkt": "thumb", "beside": 1}})

    assert claims.jkt == "thumb"
    assert claims.payload()["cnf"] == {"jkt": "thumb"}
