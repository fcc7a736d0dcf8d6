"""Issuing codes when chance or the table misbehaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_service.actions import request_device_authorization as module

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.doubles.auth_house import House


def draw(*codes: str) -> Iterator[str]:
    yield from codes


def test_a_user_code_that_is_taken_is_drawn_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = draw("BBBBBBBB", "BBBBBBBB", "CCCCCCCC")
    monkeypatch.setattr(module, "new_user_code", lambda: next(drawn))

    assert house.ask_codes()["user_code"] == "BBBB-BBBB"
    assert house.ask_codes()["user_code"] == "CCCC-CCCC"


def test_a_code_that_was_noted_but_never_added_is_unknown_to_everybody_and_ends_by_itself(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "new_secret", lambda: "never-given")
    house.post("/oauth/device_authorization", {"client_id": "tillpass-pos"}, headers={"DPoP": "no proof"})

    noted = [*house.redis.keys("pace:*"), *house.redis.keys("polled:*")]
    assert len(noted) == 2
    assert all(0 < house.redis.ttl(key) <= 900 for key in noted)
    house.clock.pass_seconds(30)
    assert house.poll("never-given").json["error"] == "invalid_grant"


def test_a_broken_random_source_is_our_fault_and_says_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """T49: 500 in OAuth's form, with an id and no trace."""
    monkeypatch.setattr(module, "new_user_code", lambda: "BBBBBBBB")
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    house.ask_codes()

    answer = house.post("/oauth/device_authorization", {"client_id": "tillpass-pos"})

    assert (answer.status_code, answer.json["error"]) == (500, "server_error")
    assert "random" not in answer.text
    assert answer.headers["X-Request-ID"] in answer.json["error_description"]
