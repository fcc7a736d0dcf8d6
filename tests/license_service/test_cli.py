from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from license_service.cli import main

if TYPE_CHECKING:
    from pathlib import Path

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
RECORD = ["agreement", "record", "--organization-id", ORGANIZATION, "--number", "1", "--signed-on", "2026-05-28"]
AGREEMENT = "3f8e2d17-6c5b-4b1a-9b0e-5a6b7c8d9e10"
ISSUE = ["key", "issue", "--agreement-id", AGREEMENT, "--id-number", "Shop 1", "--seats", "xms=5"]


def environment(url: str) -> dict[str, str]:
    return {
        "LICENSE_DATABASE_URL": url,
        "LICENSE_PUBLIC_URL": "http://127.0.0.1:8002",
        "LICENSE_ISSUER": "http://127.0.0.1:8001",
        "LICENSE_KEY_FOLDER": f"{url.removeprefix('sqlite:///')}-keys",
    }


@pytest.fixture
def environ(sqlite_url: str) -> dict[str, str]:
    return environment(sqlite_url)


def test_a_new_database_is_migrated_and_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder is made too."""
    fresh = environment(f"sqlite:///{tmp_path}/var/license.db")

    assert main(["migrate"], fresh) == 0
    assert main(["migrate"], fresh) == 0
    assert main(RECORD, fresh) == 0
    assert "The database is at the newest revision." in capsys.readouterr().out


def answered(argv: list[str], environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Give the JSON that a command answers."""
    assert main([*argv, "--json"], environ) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


@pytest.fixture
def issue(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Give the command that issues a key from an agreement that there is."""
    agreement = answered(RECORD, environ, capsys)
    return [agreement["id"] if each == AGREEMENT else each for each in ISSUE]


def test_a_key_is_issued_and_listed_as_json(
    environ: dict[str, str], issue: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """S2-5, S3-20."""
    more = ["--renewal-date", "2999-01-31", "--renewal-window-days", "14"]
    over = ["--over-count-percent", "20", "--over-count-days", "14"]

    key = answered([*issue, *more, *over], environ, capsys)

    assert answered(["key", "list"], environ, capsys) == {"license_keys": [key]}
    assert (key["organization_id"], key["id_number"], key["profile_code"]) == (ORGANIZATION, "Shop 1", "standard")
    assert (key["renewal_date"], key["renewal_window_days"]) == ("2999-01-31", 14)
    assert key["over_count"] == {"percent": 20, "days": 14}
    assert [(each["component_code"], each["seats"]) for each in key["components"]] == [("xms", 5)]


def test_a_key_is_shown_to_a_person(
    environ: dict[str, str], issue: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(issue, environ)
    issued = capsys.readouterr().out
    main(["key", "list"], environ)

    assert capsys.readouterr().out == issued
    headings, line = issued.splitlines()
    assert headings.split("  ")[0] == "KEY"
    assert line.endswith("  Shop 1  standard  xms 0 of 5   active  Licensed        none")


def test_the_catalog_is_kept(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """S2-23."""
    profile = ["catalog", "add-profile", "--code", "premium", "--name", "Premium", "--features", "kds=kds,recipes"]

    component = answered(["catalog", "add-component", "--code", "kds", "--name", "Kitchen display"], environ, capsys)
    answered([*profile, "--features", "xms=xms"], environ, capsys)

    assert component == {"code": "kds", "name": "Kitchen display"}
    assert [each["code"] for each in answered(["catalog", "list"], environ, capsys)["profiles"]] == [
        "premium",
        "standard",
    ]
    main(["catalog", "list"], environ)
    shown = capsys.readouterr().out
    assert "kds        Kitchen display\n" in shown
    assert "premium    Premium          kds: kds, recipes; xms: xms\n" in shown


def test_lists_can_be_of_one_organization(
    environ: dict[str, str], issue: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(issue, environ)
    capsys.readouterr()

    for what, member in (("agreement", "agreements"), ("key", "license_keys")):
        of = [what, "list", "--organization-id"]
        assert answered([*of, OTHER_ORGANIZATION], environ, capsys) == {member: []}
        assert len(answered([*of, ORGANIZATION], environ, capsys)[member]) == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--agreement-id", "x"),
        ("--id-number", " "),
        ("--profile", "A B"),
        ("--seats", "xms=0"),
        ("--seats", "xms=many"),
        ("--seats", "xms"),
        ("--seats", "=5"),
        ("--renewal-date", "soon"),
        ("--renewal-window-days", "-1"),
    ],
)
def test_a_wrong_option_is_named(
    environ: dict[str, str], issue: list[str], capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    assert main([*issue, option, value], environ) == 1
    assert capsys.readouterr().err.startswith(f"{option}: ")
    assert answered(["key", "list"], environ, capsys) == {"license_keys": []}


def test_half_an_over_count_is_named(
    environ: dict[str, str], issue: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*issue, "--over-count-percent", "20"], environ) == 1
    assert capsys.readouterr().err.startswith("--over-count-percent, --over-count-days: ")


def test_a_refusal_is_said_in_a_sentence(environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ISSUE, environ) == 1
    assert capsys.readouterr().err == "There is no agreement with this id.\n"


def test_missing_settings_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"], {}) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "license_service cannot start. Set these variables:"
    assert [line.split(". It wants ")[0] for line in lines[1:]] == [
        "  LICENSE_DATABASE_URL: is missing",
        "  LICENSE_ISSUER: is missing",
        "  LICENSE_KEY_FOLDER: is missing",
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


@pytest.mark.parametrize(
    "argv", [[], ["key"], ["key", "issue"], [*ISSUE, "--renewal-window-days", "many"], ["nonsense"]]
)
def test_a_wrong_command_gets_its_usage(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv, {})

    assert ended.value.code == 2
    assert "usage: license-service" in capsys.readouterr().err
