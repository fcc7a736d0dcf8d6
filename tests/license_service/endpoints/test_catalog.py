from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

XMS = {"code": "xms", "name": "XMS"}
KDS = {"code": "kds", "name": "Kitchen display"}
STANDARD = {
    "code": "standard",
    "name": "Standard",
    "components": [{"component_code": "xms", "features": ["xms"]}],
}
PREMIUM = {
    "code": "premium",
    "name": "Premium",
    "components": [
        {"component_code": "kds", "features": []},
        {"component_code": "xms", "features": ["xms", "loyalty"]},
    ],
}


def test_the_catalog_gains_components_and_profiles(service: FlaskClient) -> None:
    """S2-23."""
    component = service.post("/v1/components", json=KDS)
    profile = service.post("/v1/profiles", json=PREMIUM)

    assert (component.status_code, component.get_json()) == (201, KDS)
    assert (profile.status_code, profile.get_json()) == (201, PREMIUM)
    assert service.get("/v1/components").get_json()["items"] == [KDS, XMS]
    assert service.get("/v1/profiles").get_json()["items"] == [PREMIUM, STANDARD]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/v1/components", XMS, "code_taken"),
        ("/v1/profiles", STANDARD, "code_taken"),
        ("/v1/profiles", PREMIUM, "unknown_component"),
    ],
)
def test_what_stands_against_an_entry_is_told(service: FlaskClient, path: str, body: dict[str, Any], code: str) -> None:
    answer = service.post(path, json=body)

    assert (answer.status_code, answer.get_json()["code"]) == (409, code)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/components", {**KDS, "code": "K D S"}, "code"),
        ("/v1/components", {**KDS, "name": "x" * 121}, "name"),
        ("/v1/profiles", {**STANDARD, "components": STANDARD["components"] * 2}, "components"),
        ("/v1/profiles", {**STANDARD, "components": [{"component_code": "xms", "features": ["a", "a"]}]}, "components"),
        ("/v1/profiles", {**STANDARD, "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_field_is_named(service: FlaskClient, path: str, body: dict[str, Any], field: str) -> None:
    """T45, T49."""
    answer = service.post(path, json=body)

    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])
