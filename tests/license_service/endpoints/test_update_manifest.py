"""The update service: one document, read by anybody, and nothing else (S1-13, S1-15)."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import Client

from license_service.endpoints.update_manifest import UpdateService
from license_service.storage.update_folder import MANIFEST_NAME, UpdateFolder

if TYPE_CHECKING:
    from pathlib import Path

PATH = "/update-manifest"


@pytest.fixture
def client(tmp_path: Path) -> Client:
    (tmp_path / MANIFEST_NAME).write_text("header.payload.signature")
    return Client(UpdateService(UpdateFolder(tmp_path)))


def test_anybody_reads_the_manifest(client: Client) -> None:
    answer = client.get(PATH)

    assert (answer.status_code, answer.text) == (200, "header.payload.signature")
    assert answer.content_type == "application/update-manifest+jwt"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


def test_head_says_the_same_without_the_body(client: Client) -> None:
    got, headed = client.get(PATH), client.head(PATH)

    assert (headed.status_code, headed.data) == (200, b"")
    for name in ("ETag", "Content-Length", "Content-Type", "Cache-Control"):
        assert headed.headers[name] == got.headers[name]


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_what_is_known_already_is_not_sent_again(client: Client, form: str) -> None:
    """RFC 9110 §13.1.2."""
    known = client.get(PATH).headers["ETag"]
    answer = client.get(PATH, headers={"If-None-Match": form.format(known)})

    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", known)


def test_a_new_manifest_is_served_at_once_under_another_etag(client: Client, tmp_path: Path) -> None:
    known = client.get(PATH).headers["ETag"]
    folder = UpdateFolder(tmp_path)
    with folder.publishing():
        folder.write("header.payload.other")
    answer = client.get(PATH, headers={"If-None-Match": known})

    assert (answer.status_code, answer.text) == (200, "header.payload.other")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_it_can_only_be_read(client: Client, method: str) -> None:
    answer = client.open(PATH, method=method, data=b"x")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert json.loads(answer.data)["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    "path",
    ["/", "/update-manifest/", "//update-manifest", "/update-manifest.jwt", "/../etc/passwd", "/healthz", "/%ff"],
)
def test_nothing_else_is_there(client: Client, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert answer.headers["Cache-Control"] == "no-store"


def test_before_the_first_publication_there_is_none(tmp_path: Path) -> None:
    answer = Client(UpdateService(UpdateFolder(tmp_path))).get(PATH)

    assert (answer.status_code, json.loads(answer.data)["code"]) == (404, "not_published")


def test_a_manifest_that_cannot_be_read_is_our_trouble(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / MANIFEST_NAME).mkdir()
    answer = Client(UpdateService(UpdateFolder(tmp_path))).get(PATH)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert str(tmp_path) not in answer.text
    assert "cannot be served" in caplog.text


def test_each_request_is_named_and_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "update_service"):
        answer = client.get(PATH, headers={"X-Request-ID": "a-good-id"})

    assert answer.headers["X-Request-ID"] == "a-good-id"
    assert [record.msg.members["status"] for record in caplog.records] == [200]
