"""The version of a record and what a request asks of it (RFC 9110 §8.8.3, §13.1; RFC 6585 §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from license_service.domain.errors import StaleVersionError
from license_service.endpoints.entity_tags import if_match
from license_service.endpoints.refusals import install_refusals
from license_service.endpoints.request_parser import ApiBlueprint
from wire.serving.problem_handler import install_problem_handler

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"
PRESENT = 3


@pytest.fixture
def path(database: Database, sell: Callable[..., LicenseKey], clock: object) -> str:
    return f"/v1/license-keys/{sell(database, ORGANIZATION).id}"


def read(service: FlaskClient, path: str, tag: str) -> TestResponse:
    return service.get(path, headers={"If-None-Match": tag})


def test_every_read_of_one_record_is_conditional(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    reads = {
        path: item["get"]
        for path, item in document["paths"].items()
        if "get" in item
        and "{" in path
        and "cursor" not in [each["name"] for each in item["get"].get("parameters", ())]
        # An entitlement and a contact are stated anew each time.
        and item["get"]["operationId"] not in {"read_entitlement", "read_contact"}
    }

    assert reads
    for path, operation in reads.items():
        assert "If-None-Match" in [each["name"] for each in operation.get("parameters", ())], path
        assert "ETag" in operation["responses"]["200"]["headers"], path
        assert "content" not in operation["responses"]["304"], path


def test_every_change_of_a_record_asks_for_its_version(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    changes = [
        (f"{method} {path}", item[method])
        for path, item in document["paths"].items()
        for method in ("patch", "post")
        # A delivery is sent again whatever became of it meanwhile; it has no version. The state that a preview gives is
        # that of many records.
        if method in item and "_id}" in path and not path.endswith(("/redeliver", "/access-migrations"))
    ]

    assert changes
    for path, operation in changes:
        (wanted,) = [each for each in operation["parameters"] if each["name"] == "If-Match"]
        assert wanted["required"], path
        assert {"412", "428"} <= operation["responses"].keys(), path


def test_a_tag_names_the_version(service: FlaskClient, path: str) -> None:
    assert service.get(path).headers["ETag"].startswith('"1.')


def test_a_new_record_has_its_tag_at_once(service: FlaskClient) -> None:
    signed = {"organization_id": ORGANIZATION, "number": "1", "signed_on": "2026-05-28"}

    made = service.post("/v1/agreements", json=signed)

    assert made.headers["ETag"] == service.get(made.headers["Location"]).headers["ETag"]


def test_who_has_the_record_is_sent_none(service: FlaskClient, path: str) -> None:
    """§13.1.2: 304, with the ETag that a 200 would have had."""
    tag = service.get(path).headers["ETag"]

    for asked in (tag, f"W/{tag}", f'"1.0000000000000000", {tag}', "*"):
        answer = read(service, path, asked)
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("tag", ['"1"', '"2.0000000000000000"', "nonsense", '"', ""])
def test_who_has_another_is_sent_it(service: FlaskClient, path: str, tag: str) -> None:
    assert read(service, path, tag).status_code == 200


def test_what_changes_beside_the_version_is_sent(service: FlaskClient, path: str) -> None:
    """A device that sits is no change of the key, and yet another answer."""
    tag = service.get(path).headers["ETag"]
    service.put(f"/v1/devices/{DEVICE}/seat", json={"organization_id": ORGANIZATION})

    answer = read(service, path, tag)

    assert answer.status_code == 200
    assert answer.get_json()["components"][0]["seats_claimed"] == 1
    assert answer.headers["ETag"].startswith('"1.')


def test_a_record_that_is_not_there_is_not_found_whatever_is_asked(service: FlaskClient) -> None:
    assert read(service, f"/v1/license-keys/{DEVICE}", "*").status_code == 404


@pytest.fixture
def changing() -> FlaskClient:
    """Give a client of a record of version PRESENT, and nothing else."""
    app = Flask("changing")
    install_problem_handler(app)
    install_refusals(app)
    routes = ApiBlueprint("records", __name__)

    @routes.route("/record", methods=["PATCH"])
    @if_match(routes)
    def change(expected_version: int) -> dict[str, Any]:
        if expected_version != PRESENT:
            raise StaleVersionError(PRESENT)
        return {"changed": True}

    app.register_blueprint(routes)
    return app.test_client()


def change(changing: FlaskClient, tag: str | None) -> TestResponse:
    return changing.patch("/record", headers={} if tag is None else {"If-Match": tag})


@pytest.mark.parametrize("tag", ['"3"', '"3.6a1f0c5be7d29384"'])
def test_the_present_version_is_changed(changing: FlaskClient, tag: str) -> None:
    assert change(changing, tag).get_json() == {"changed": True}


def test_without_a_version_nothing_is_changed(changing: FlaskClient) -> None:
    """RFC 6585 §3: and the answer says how to resubmit the request."""
    answer = change(changing, None)

    assert (answer.status_code, answer.get_json()["code"]) == (428, "precondition_required")
    assert list(answer.get_json()["errors"]) == ["If-Match"]


@pytest.mark.parametrize(
    "tag",
    [
        '"2"',
        '"4"',
        '"2.6a1f0c5be7d29384"',
        'W/"3"',
        '"03"',
        '"3."',
        '"3.6A1F0C5BE7D29384"',
        '""',
        '"x"',
        '"9999999999"',
    ],
)
def test_another_version_is_not_changed_and_the_present_one_is_told(changing: FlaskClient, tag: str) -> None:
    """§13.1.1: by the strong comparison, in which a weak tag is equal to none."""
    answer = change(changing, tag)

    assert (answer.status_code, answer.get_json()["code"]) == (412, "precondition_failed")
    assert answer.headers["ETag"] == '"3"'


@pytest.mark.parametrize("tag", ["*", "3", '"3', '"3", "4"', "", "w/x", '"3"\u00e9'])
def test_what_names_no_one_version_is_refused_by_name(changing: FlaskClient, tag: str) -> None:
    """Also `*`, by which a caller would undo what it has not seen."""
    answer = change(changing, tag)

    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_fields")
    assert list(answer.get_json()["errors"]) == ["If-Match"]
