"""The access token as a JWT (RFC 9068): what we put into it, and what a service of ours asks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
import pytest

from auth_service.actions.create_device import NewDevice, create_device
from tests.doubles.auth_house import ISSUER
from wire.errors import TokenRefusedError
from wire.scopes import AUDIENCE_OF_SCOPE
from wire.token_verification import TokenVerifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.doubles.auth_house import House
    from tests.doubles.token_forge import Forge

    Takes = Callable[[str], bool]

REQUIRED = {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"}


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _service_token(house: House, scope: str = "") -> str:
    form = {"grant_type": "client_credentials", "client_id": "scripts", "client_secret": house.client_secret}
    token: str = house.post("/oauth/token", {**form, "scope": scope}).json["access_token"]
    return token


def test_section_2_1_it_is_signed_by_an_asymmetric_key_and_typed(house: House) -> None:
    """§2.1: signed, never with `none`, and of the type at+jwt (T19, T21)."""
    for token in (house.tokens()["access_token"], _service_token(house)):
        header = jwt.get_unverified_header(token)

        assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")


def test_section_2_2_it_has_every_required_claim(house: House) -> None:
    """§2.2, whatever grant it comes from."""
    device, service = _claims(house.tokens()["access_token"]), _claims(_service_token(house))

    assert set(device) == REQUIRED | {"scope", "organization_id"}
    assert set(service) == REQUIRED | {"scope"}
    assert {device["iss"], service["iss"]} == {ISSUER}


def test_section_2_2_the_subject_is_the_device_or_the_client_itself(house: House) -> None:
    """§2.2: `sub` is who the token is about; without a device it is the client."""
    device, service = _claims(house.tokens()["access_token"]), _claims(_service_token(house))

    assert (device["sub"], device["client_id"]) == (house.device_id, "tillpass-pos")
    assert (service["sub"], service["client_id"]) == ("scripts", "scripts")


def test_section_2_2_3_the_scope_that_was_granted_is_told(house: House) -> None:
    """§2.2.3: as it was asked for, or all of it when nothing was."""
    assert _claims(_service_token(house, "licenses.read"))["scope"] == "licenses.read"
    assert _claims(_service_token(house))["scope"] == "licenses.read notifications.read"


@pytest.mark.parametrize(
    ("scope", "audience"), [("licenses.read", ["license_service"]), ("notifications.read", ["notify_service"])]
)
def test_section_3_the_audience_is_that_of_the_scope(house: House, scope: str, audience: list[str]) -> None:
    """§3: without a resource named, the scope says which service it is for (T22)."""
    assert _claims(_service_token(house, scope))["aud"] == audience


def test_section_3_and_5_each_name_of_a_scope_opens_one_service(house: House) -> None:
    """§3, §5: so that a token for two services can mean nothing else at the one than at the other (T22)."""
    names = _claims(_service_token(house))["scope"].split()

    assert len(names) == len({AUDIENCE_OF_SCOPE[name] for name in names}) == 2


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt"])
def test_section_4_both_forms_of_its_type_are_taken(forge: Forge, takes_access_token: Takes, typ: str) -> None:
    """§4."""
    assert takes_access_token(forge.token(forge.header(typ=typ), forge.access_claims()))


@pytest.mark.parametrize("typ", [..., "JWT", "id+jwt", "license+jwt", "at+jwt+jwt"])
def test_section_4_any_other_type_is_refused(forge: Forge, takes_access_token: Takes, typ: object) -> None:
    """§4 (T21)."""
    assert not takes_access_token(forge.token(forge.header(typ=typ), forge.access_claims()))


@pytest.mark.parametrize("claim", sorted(REQUIRED))
def test_section_4_a_token_that_lacks_a_required_claim_is_refused(
    forge: Forge, takes_access_token: Takes, claim: str
) -> None:
    """§4 with §2.2."""
    assert not takes_access_token(forge.access_token(**{claim: ...}))


def test_section_4_issuer_audience_and_time_are_checked(forge: Forge, takes_access_token: Takes) -> None:
    """§4 (T22)."""
    assert takes_access_token(forge.access_token())
    assert not takes_access_token(forge.access_token(iss="https://evil.example"))
    assert not takes_access_token(forge.access_token(aud=["notify_service"]))
    assert not takes_access_token(forge.access_token(exp=forge.access_claims()["iat"] - 61))


def test_section_4_a_token_for_one_service_is_refused_by_the_other(house: House) -> None:
    """§4: tried with a token as it was issued (T22)."""
    token = _service_token(house, "licenses.read")

    assert TokenVerifier(house.wired.keys, ISSUER, "license_service").access_token(token)
    with pytest.raises(TokenRefusedError):
        TokenVerifier(house.wired.keys, ISSUER, "notify_service").access_token(token)


def test_section_5_a_service_is_never_taken_for_a_device(house: House) -> None:
    """§5: a client whose name is a device's id gets a token that says of no organization, as each device's does."""
    device_id = create_device(house.wired.database, NewDevice(house.organization_id, "Shop 2"), now=house.clock())

    claims = _claims(house.wired.protocol.issuer.service_token(device_id, "licenses.read", house.clock()))

    assert "organization_id" not in claims
    assert _claims(house.tokens()["access_token"])["organization_id"] == house.organization_id


def test_section_6_it_holds_nothing_personal(house: House) -> None:
    """§6: anybody on the way may read it: ids only, no names, no addresses."""
    claims = str(_claims(house.tokens()["access_token"]))

    assert not [text for text in ("Olga", "owner@example.com", "Bakery", "Shop 1", "127.0.0.1'") if text in claims]
