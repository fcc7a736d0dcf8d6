from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from notify_service.actions.deliver_notification import deliver_notification
from notify_service.actions.receive_notification import ReceivedMessage, receive_notification
from notify_service.cli import main
from notify_service.domain.errors import RecipientRefusedError, ServerMisusedError
from tests.notify_service.doubles import NOW, OWNER, PORTAL, SENDER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from notify_service.actions.post_office import PostOffice
    from tests.notify_service.doubles import Letterbox


def test_migrate_makes_the_database_and_its_folder(tmp_path: Path, settings_given: dict[str, str]) -> None:
    given = {**settings_given, "NOTIFY_DATABASE_URL": f"sqlite:///{tmp_path}/new/notify.db"}

    assert main(["migrate"], given) == 0
    assert main(["migrate"], given) == 0
    assert main(["notifications"], given) == 0


def test_notifications_are_listed_without_addresses_or_contents(
    settings_given: dict[str, str],
    office: PostOffice,
    queued: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """T55."""
    notification_id = queued()
    assert main(["notifications", "--json"], settings_given) == 0
    before = json.loads(capsys.readouterr().out)
    deliver_notification(office, notification_id)
    assert main(["notifications"], settings_given) == 0
    after = capsys.readouterr().out

    assert before[0]["recipient"] == "o***@shop.example"
    assert (before[0]["state"], before[0]["created_at"]) == ("queued", NOW.isoformat())
    assert "sealed" not in before[0]
    assert f"id={notification_id}" in after
    assert "state=sent" in after


def test_messages_set_aside_are_listed_with_the_reason(
    settings_given: dict[str, str], office: PostOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    """F24: visible."""
    message = ReceivedMessage(2, "a", "x", NOW)
    receive_notification(
        office.database, message, notification_key=office.notification_key, sender=SENDER, portal_url=PORTAL
    )

    assert main(["set-aside", "--json"], settings_given) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"id": "a", "reason": "The message's version is unknown here.", "received_at": NOW.isoformat()}
    ]


def test_a_pause_is_shown_and_can_be_probed_at_once(
    settings_given: dict[str, str],
    office: PostOffice,
    letterbox: Letterbox,
    queued: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """F38: an operator who has mended it need not wait."""
    assert main(["resume"], settings_given) == 1
    assert capsys.readouterr().err == "Sending is not paused.\n"
    letterbox.fault = ServerMisusedError("535")
    deliver_notification(office, queued())

    assert main(["pause", "--json"], settings_given) == 0
    (shown,) = json.loads(capsys.readouterr().out)
    assert (shown["fault"], shown["answer"], shown["since"]) == ("server_misused", "535", NOW.isoformat())
    assert main(["resume"], settings_given) == 0
    main(["pause", "--json"], settings_given)
    assert json.loads(capsys.readouterr().out)[0]["next_probe_at"] != shown["next_probe_at"]


def test_a_refused_address_is_listed_shortened_and_can_be_cleared(
    settings_given: dict[str, str],
    office: PostOffice,
    letterbox: Letterbox,
    queued: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """F36, T55."""
    letterbox.fault = RecipientRefusedError("550 no such user")
    deliver_notification(office, queued())

    assert main(["refused-addresses"], settings_given) == 0
    assert capsys.readouterr().out == (f"address=o***@shop.example  since={NOW.isoformat()}  answer=550 no such user\n")
    assert main(["clear-address", OWNER], settings_given) == 0
    assert main(["clear-address", OWNER], settings_given) == 1
    assert capsys.readouterr().err == "This address was not refused.\n"


def test_the_list_can_be_narrowed(
    settings_given: dict[str, str], queued: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    queued()
    of_ann = queued("ann@shop.example")

    assert (
        main(["notifications", "--recipient", "Ann@shop.example", "--state", "queued", "--json"], settings_given) == 0
    )
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == [of_ann]
    assert main(["notifications", "--template", "verify_address"], settings_given) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--recipient", "ann", "--recipient: Must be one plain email address.\n"),
        ("--limit", "0", "--limit: Must be greater than or equal to 1 and less than or equal to 200.\n"),
    ],
)
def test_a_wrong_choice_is_told(
    settings_given: dict[str, str], capsys: pytest.CaptureFixture[str], option: str, value: str, told: str
) -> None:
    assert main(["notifications", option, value], settings_given) == 2
    assert capsys.readouterr().err == told


def test_what_was_not_sent_is_sent_again_and_what_was_is_not(
    settings_given: dict[str, str],
    office: PostOffice,
    letterbox: Letterbox,
    queued: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """T54."""
    sent, failed = queued(), queued()
    deliver_notification(office, sent)
    letterbox.fault = RecipientRefusedError("550 no such user")
    deliver_notification(office, failed)

    assert main(["resend", failed], settings_given) == 0
    assert main(["resend", sent], settings_given) == 1
    assert capsys.readouterr().err == "This email was sent already, and is not sent twice.\n"
    main(["notifications", "--state", "deferred", "--json"], settings_given)
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == [failed]


def test_it_tells_how_sending_stands(
    settings_given: dict[str, str],
    office: PostOffice,
    letterbox: Letterbox,
    queued: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """F38."""
    letterbox.fault = ServerMisusedError("535")
    deliver_notification(office, queued())

    assert main(["sending", "--json"], settings_given) == 0
    whole, first, others = json.loads(capsys.readouterr().out)
    assert (whole["paused"], whole["set_aside"], whole["refused_addresses"]) == (True, 0, 0)
    assert (first["queue"], first["deferred"], first["oldest_waiting_at"]) == ("notifications_first", 0, None)
    assert (others["deferred"], others["oldest_waiting_at"]) == (1, NOW.isoformat())


def test_wrong_settings_are_told_without_a_trace(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["notifications"], {}) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "notify_service cannot start. Set these variables:"
    assert lines[1].startswith("  NOTIFY_DATABASE_URL: is missing. It wants ")


def test_help_says_in_one_sentence_what_the_command_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"], {})

    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert "COMMAND ..." in told
    assert "\nLook after the emails that Tillpass sends.\n" in told


def test_a_database_that_is_away_is_told_without_a_trace(
    settings_given: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {**settings_given, "NOTIFY_DATABASE_URL": f"postgresql+psycopg://x@/x?host={tmp_path}"}

    assert main(["migrate"], given) == 1
    assert capsys.readouterr().err == "The database does not answer.\n"


def test_an_unknown_command_is_refused() -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["send", "somebody@shop.example"], {})
