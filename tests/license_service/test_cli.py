from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from license_service.cli import main

if TYPE_CHECKING:
    from pathlib import Path

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
CREATE = ["license", "create", "--organization-id", ORGANIZATION, "--feature", "xms", "--seats", "5"]


def environment(url: str) -> dict[str, str]:
    return {
        "LICENSE_DATABASE_URL": url,
        "LICENSE_PUBLIC_URL": "http://127.0.0.1:8002",
        "LICENSE_ISSUER": "http://127.0.0.1:8001",
    }


@pytest.fixture
def environ(sqlite_url: str) -> dict[str, str]:
    return environment(sqlite_url)


def test_a_new_database_is_migrated_and_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder is made too."""
    fresh = environment(f"sqlite:///{tmp_path}/var/license.db")

    assert main(["migrate"], fresh) == 0
    assert main(["migrate"], fresh) == 0
    assert main(CREATE, fresh) == 0
    assert "The database is at the newest revision." in capsys.readouterr().out


def test_a_license_is_created_and_listed_as_json(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """S3-20, S3-21."""
    more = ["--feature", "kds", "--renewal-date", "2027-01-31", "--renewal-window-days", "14", "--json"]

    assert main([*CREATE, *more], environ) == 0
    created = json.loads(capsys.readouterr().out)
    assert main(["license", "list", "--json"], environ) == 0

    assert json.loads(capsys.readouterr().out) == {"licenses": [created]}
    assert (created["organization_id"], created["features"], created["seats"]) == (ORGANIZATION, ["xms", "kds"], 5)
    assert (created["renewal_date"], created["renewal_window_days"]) == ("2027-01-31", 14)


def test_a_license_is_shown_to_a_person(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    main(CREATE, environ)
    created = capsys.readouterr().out
    main(["license", "list"], environ)

    assert "xms  0 of 5 seats taken  renewal date none" in created
    assert capsys.readouterr().out == created


def test_a_list_can_be_of_one_organization(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    main(CREATE, environ)
    capsys.readouterr()

    assert main(["license", "list", "--json", "--organization-id", OTHER_ORGANIZATION], environ) == 0
    assert json.loads(capsys.readouterr().out) == {"licenses": []}
    assert main(["license", "list", "--organization-id", ORGANIZATION], environ) == 0
    assert ORGANIZATION in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--organization-id", "x"),
        ("--feature", "x ms"),
        ("--feature", "xms"),
        ("--seats", "0"),
        ("--renewal-date", "soon"),
        ("--renewal-window-days", "-1"),
    ],
)
def test_a_wrong_option_is_named(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    assert main([*CREATE, option, value], environ) == 1
    assert capsys.readouterr().err.startswith(f"{option}: ")
    main(["license", "list"], environ)
    assert capsys.readouterr().out == ""


def test_missing_settings_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"], {}) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "license_service cannot start. Set these variables:"
    assert [line.split(". It wants ")[0] for line in lines[1:]] == [
        "  LICENSE_DATABASE_URL: is missing",
        "  LICENSE_ISSUER: is missing",
        "  LICENSE_PUBLIC_URL: is missing",
    ]


def test_help_says_in_one_sentence_what_the_command_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"], {})

    assert ended.value.code == 0
    assert "\nKeep the license records.\n" in capsys.readouterr().out


def test_a_database_that_is_away_is_said_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """F28."""
    assert main(["migrate"], environment("postgresql://nobody@127.0.0.1:1/license")) == 1
    assert capsys.readouterr().err == "The database does not answer.\n"


@pytest.mark.parametrize("argv", [[], ["license"], ["license", "create"], [*CREATE, "--seats", "many"], ["nonsense"]])
def test_a_wrong_command_gets_its_usage(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv, {})

    assert ended.value.code == 2
    assert "usage: license-service" in capsys.readouterr().err
