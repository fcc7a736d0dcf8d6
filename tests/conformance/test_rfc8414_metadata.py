"""RFC 8414, authorization server metadata: §2, §3 and §3.3; each thing named is there and does what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.doubles.auth_house import ISSUER
from wire.grant_types import CLIENT_CREDENTIALS, CONNECT_TO_GROUP, DEVICE_CODE, REFRESH_TOKEN
from wire.scopes import AUDIENCE_OF_SCOPE

if TYPE_CHECKING:
    from tests.doubles.auth_house import House

WELL_KNOWN = "/.well-known/oauth-authorization-server"
CONFIDENTIAL = {"private_key_jwt", "client_secret_basic", "client_secret_post"}


@pytest.fixture
def document(house: House) -> dict[str, Any]:
    answer = house.web().get(WELL_KNOWN, base_url=ISSUER)
    found: dict[str, Any] = answer.json
    return found


def test_section_2_the_required_members_are_there(document: dict[str, Any]) -> None:
    """§2: issuer, token_endpoint and response_types_supported are REQUIRED."""
    assert document["issuer"] == ISSUER
    assert document["token_endpoint"] == f"{ISSUER}/oauth/token"
    assert document["response_types_supported"] == []


def test_section_2_grants_and_scopes_are_those_that_are_offered(document: dict[str, Any]) -> None:
    """§2: without grant_types_supported, others would be assumed (T18)."""
    offered = {DEVICE_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, CONNECT_TO_GROUP}
    assert set(document["grant_types_supported"]) == offered
    assert document["scopes_supported"] == sorted(AUDIENCE_OF_SCOPE)


@pytest.mark.parametrize(
    ("endpoint", "methods"),
    [("token", CONFIDENTIAL | {"none"}), ("revocation", CONFIDENTIAL | {"none"}), ("introspection", CONFIDENTIAL)],
)
def test_section_2_each_endpoint_says_how_clients_authenticate(
    document: dict[str, Any], endpoint: str, methods: set[str]
) -> None:
    """§2: *_endpoint_auth_methods_supported; the introspection endpoint knows no public client."""
    assert set(document[f"{endpoint}_endpoint_auth_methods_supported"]) == methods


@pytest.mark.parametrize("endpoint", ["token", "revocation", "introspection"])
def test_section_2_algorithms_of_assertions_are_told_and_none_is_not_one(
    document: dict[str, Any], endpoint: str
) -> None:
    """§2: MUST be present if private_key_jwt is; "The value "none" MUST NOT be used" (T19)."""
    assert document[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] == ["ES256"]


def test_section_2_every_address_is_the_issuer_s_and_answers(house: House, document: dict[str, Any]) -> None:
    """§2: the endpoints are URLs; none leads nowhere, none elsewhere (T40)."""
    addresses = {name: value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))}
    assert len(addresses) >= 6

    for name, address in addresses.items():
        assert address.startswith(f"{ISSUER}/"), name
        assert house.web().get(urlsplit(address).path, base_url=ISSUER).status_code in {200, 405}, name


def test_section_2_a_signed_answer_and_status_lists_are_announced(document: dict[str, Any]) -> None:
    """RFC 9701 §7: introspection_signing_alg_values_supported; Token Status List: the aggregation."""
    assert document["introspection_signing_alg_values_supported"] == ["ES256"]
    assert document["status_list_aggregation_endpoint"] == f"{ISSUER}/status-lists"


def test_section_3_2_no_member_is_empty_but_the_one_that_is_required(document: dict[str, Any]) -> None:
    """§3.2: "Claims with zero elements MUST be omitted"; response_types_supported is REQUIRED, and there are none."""
    assert [name for name, value in document.items() if not value] == ["response_types_supported"]


def test_section_3_2_it_is_json(house: House) -> None:
    """§3.2: 200 OK and application/json."""
    answer = house.web().get(WELL_KNOWN, base_url=ISSUER)

    assert (answer.status_code, answer.content_type) == (200, "application/json")


def test_section_3_1_it_is_asked_for_with_get(house: House) -> None:
    """§3.1: "MUST be queried using an HTTP "GET" request"."""
    assert house.web().post(WELL_KNOWN, base_url=ISSUER).status_code == 405


def test_section_3_3_the_issuer_is_ours_whatever_host_was_named(house: House) -> None:
    """§3.3: the issuer "MUST be identical to" the one that was asked (T40)."""
    assert house.web().get(WELL_KNOWN, base_url="http://localhost:8001").json["issuer"] == ISSUER
