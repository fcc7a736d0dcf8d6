"""Synchronizations and sites over HTTP (S2-6 … S2-13, S2-19, S2-20, F07, F47, T44)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from license_service.domain.errors import SigningKeyUnavailableError
from license_service.domain.synchronization import LEASE, MOST_HELD, Synchronization, Trigger
from license_service.endpoints.signing_keys import JWKS_PATH
from license_service.signing.key_folder import KeyFolder
from license_service.storage import synchronizations
from license_service.storage.tables import synchronizations as runs_table
from tests.license_service.conftest import NOW, new_id
from wire.access_key import accept_access_key, read_signers
from wire.jwks import read_jwks
from wire.synchronization_receipt import read_synchronization_receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
DEVICE = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10"
RUNS = "/v1/synchronizations"
SITE = f"/v1/sites/{ORGANIZATION}"
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"

pytestmark = pytest.mark.usefixtures("signing_keys")


@pytest.fixture
def key(database: Database, sell: Callable[..., LicenseKey]) -> LicenseKey:
    return sell(database, ORGANIZATION)


def run(client: FlaskClient, *, idempotency_key: str | None = None, **changes: Any) -> TestResponse:
    body = {"organization_id": ORGANIZATION, "trigger": "manual", "held": [], **changes}
    headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
    return client.post(RUNS, json=body, headers=headers)


def how_many(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(runs_table)).scalar_one()


def test_a_device_synchronizes_registers_and_activates(
    device: FlaskClient, key: LicenseKey, client: FlaskClient
) -> None:
    """S2-9, S2-10, S2-11, S2-6: all that a site does."""
    signers = read_signers(client.get(JWKS_PATH).get_json())
    assert device.get(SITE).get_json()["activation_needed"] is True

    answer = run(device, started_by="Ada", held=[{"key_id": key.id.upper(), "version": 7}])

    done = answer.get_json()
    assert answer.status_code == 201
    assert (done["status"], done["device_id"], done["started_by"]) == ("succeeded", DEVICE, "Ada")
    assert (done["added"], done["removed"]) == ([], [])
    assert done["changed"] == [{"key_id": key.id, "id_number": key.id_number}]
    [delivered] = done["keys"]
    claims = accept_access_key(delivered["access_key"], signers, organization_id=ORGANIZATION, now=NOW)
    assert (claims.key_id, claims.version) == (delivered["key_id"], delivered["version"]) == (key.id, 1)

    activated = device.post("/v1/activations", json={"revision": done["revision"]})

    assert activated.status_code == 200
    assert (activated.get_json()["activation_needed"], activated.get_json()["revision"]) == (False, done["revision"])
    assert activated.headers["ETag"] == device.get(SITE).headers["ETag"]


def test_a_run_is_read_with_its_receipt(device: FlaskClient, key: LicenseKey, client: FlaskClient) -> None:
    """S2-13."""
    made = run(device)

    read = device.get(made.headers["Location"])

    assert read.get_json() == {name: made.get_json()[name] for name in read.get_json()}

    class Pinned:
        def key(self, kid: str) -> Any:
            return read_jwks(client.get(JWKS_PATH).get_json()).get(kid)

    receipt = read_synchronization_receipt(read.get_json()["receipt"], Pinned())
    assert (receipt.synchronization_id, receipt.keys) == (made.get_json()["id"], {key.id: 1})


def test_who_asks_is_named_by_the_caller_s_id_when_nobody_is_named(
    device: FlaskClient, service: FlaskClient, key: LicenseKey
) -> None:
    """S2-13."""
    assert run(device).get_json()["started_by"] == DEVICE

    by_staff = run(service).get_json()

    assert (by_staff["started_by"], by_staff["device_id"]) == ("auth_service", None)


def test_a_device_synchronizes_its_own_organization_only(device: FlaskClient, database: Database) -> None:
    """T44: 404, whether the organization is another's or nobody's."""
    answers = [run(device, organization_id=each) for each in (OTHER_ORGANIZATION, new_id())]

    assert {(answer.status_code, answer.get_json()["code"]) for answer in answers} == {(404, "site_not_found")}
    assert answers[0].data == answers[1].data
    assert how_many(database) == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"trigger": "all"}, "trigger"),
        ({"started_by": "a" * 121}, "started_by"),
        ({"started_by": "two\nlines"}, "started_by"),
        ({"held": [{"key_id": KEY, "version": 0}]}, "held"),
        ({"held": [{"key_id": KEY, "version": 1}, {"key_id": KEY.upper(), "version": 2}]}, "held"),
        ({"held": [{"key_id": f"{number:08}{KEY[8:]}", "version": 1} for number in range(MOST_HELD + 1)]}, None),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_asked_wrongly_is_refused(device: FlaskClient, changes: dict[str, Any], field: str | None) -> None:
    answer = run(device, **changes)

    assert answer.status_code == 422
    assert field is None or field in answer.get_json()["errors"]


def test_a_site_with_the_most_keys_fits_into_a_request(device: FlaskClient) -> None:
    held = [{"key_id": f"{number:08}{KEY[8:]}", "version": 2**31 - 1} for number in range(MOST_HELD)]

    assert len(run(device, held=held).get_json()["removed"]) == MOST_HELD


@pytest.mark.parametrize("trigger", ["automatic", "manual"])
def test_on_premise_a_synchronization_is_refused_and_it_says_why(
    device: FlaskClient, service: FlaskClient, trigger: str
) -> None:
    """S2-19, S2-20."""
    changed = service.put(SITE, json={"deployment_mode": "on_premise"}, headers={"If-Match": '"1"'})

    answer = run(device, trigger=trigger)

    assert (changed.status_code, changed.get_json()["deployment_mode"]) == (200, "on_premise")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "on_premise")
    assert "Register its access keys at the site" in answer.get_json()["detail"]


def test_the_history_opens_on_those_by_hand(device: FlaskClient, clock: Any) -> None:
    """S2-12, S2-13."""
    made = []
    for trigger in ("manual", "automatic", "manual"):
        clock.now += timedelta(hours=1)
        made.insert(0, run(device, trigger=trigger).get_json()["id"])

    def shown(query: str) -> list[str]:
        return [each["id"] for each in device.get(f"{RUNS}{query}").get_json()["items"]]

    assert shown("") == shown("?trigger=manual") == [made[0], made[2]]
    assert shown("?trigger=automatic") == [made[1]]
    assert shown("?trigger=all") == made
    assert device.get(f"{RUNS}?trigger=daily").status_code == 422
    first = device.get(f"{RUNS}?trigger=all&limit=2").get_json()
    assert [each["id"] for each in first["items"]] == made[:2]
    assert shown(f"?trigger=all&limit=2&cursor={first['next_cursor']}") == made[2:]
    assert "receipt" not in first["items"][0]


def test_a_run_that_was_cut_off_is_shown_as_interrupted(device: FlaskClient, database: Database, clock: Any) -> None:
    """F07."""
    left = Synchronization(
        id=new_id(),
        organization_id=ORGANIZATION,
        device_id=DEVICE,
        started_by="Ada",
        trigger=Trigger.MANUAL,
        started_at=NOW,
        leased_until=NOW + LEASE,
    )
    with database.transaction() as connection:
        assert synchronizations.begin(connection, left)

    refused = run(device)
    running = device.get(RUNS).get_json()["items"][0]["status"]
    clock.now = NOW + LEASE
    [interrupted] = device.get(RUNS).get_json()["items"]

    assert (refused.status_code, refused.get_json()["code"]) == (409, "synchronization_under_way")
    assert running == "running"
    assert (interrupted["status"], interrupted["finished_at"]) == ("interrupted", (NOW + LEASE).isoformat())
    assert device.get(SITE).get_json()["last_synchronization"] == interrupted
    assert run(device).status_code == 201


def test_a_repeated_run_is_done_once_and_answered_the_same(
    device: FlaskClient, database: Database, key: LicenseKey
) -> None:
    """F47."""
    first, again = run(device, idempotency_key=KEY), run(device, idempotency_key=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert again.headers["Idempotent-Replayed"] == "true"
    assert how_many(database) == 1
    assert run(device, idempotency_key=KEY, trigger="automatic").get_json()["code"] == "idempotency_key_reused"


def test_what_may_pass_is_not_kept_for_a_repetition(device: FlaskClient, database: Database, clock: Any) -> None:
    """F47: another run was under way; with the same key it is tried again."""
    left = Synchronization(
        id=new_id(),
        organization_id=ORGANIZATION,
        device_id=None,
        started_by="Ada",
        trigger=Trigger.MANUAL,
        started_at=NOW,
        leased_until=NOW + LEASE,
    )
    with database.transaction() as connection:
        synchronizations.begin(connection, left)

    refused = run(device, idempotency_key=KEY)
    clock.now = NOW + LEASE
    done = run(device, idempotency_key=KEY)

    assert (refused.status_code, done.status_code) == (409, 201)


@pytest.mark.parametrize("idempotency_key", [None, KEY])
def test_without_a_signing_key_it_is_our_trouble_and_shown_as_failed(
    device: FlaskClient, monkeypatch: pytest.MonkeyPatch, idempotency_key: str | None
) -> None:
    """And with the same key it is done once there is one."""
    with monkeypatch.context() as away:
        away.setattr(KeyFolder, "current_key", _no_key)
        answer = run(device, idempotency_key=idempotency_key)

    assert (answer.status_code, answer.get_json()["code"]) == (503, "temporarily_unavailable")
    assert [each["status"] for each in device.get(RUNS).get_json()["items"]] == ["failed"]
    assert run(device, idempotency_key=idempotency_key).status_code == 201


def _no_key(_: KeyFolder) -> None:
    raise SigningKeyUnavailableError


def test_a_site_is_read_by_its_own_devices_and_the_staff(
    device: FlaskClient, service: FlaskClient, key: LicenseKey
) -> None:
    """T44."""
    site = device.get(SITE).get_json()

    assert site == service.get(SITE).get_json()
    assert (site["deployment_mode"], site["revision"], site["version"]) == ("cloud", 1, 1)
    assert site["activation_needed_since"] == key.issued_at.isoformat()
    assert site["last_synchronization"] is None
    assert device.get(f"/v1/sites/{OTHER_ORGANIZATION}").status_code == 404
    assert service.get(f"/v1/sites/{OTHER_ORGANIZATION}").get_json()["activation_needed"] is False


def test_an_activation_of_another_revision_is_refused(device: FlaskClient, key: LicenseKey) -> None:
    """S2-6."""
    for revision in (0, 2, 2**31 - 1):
        answer = device.post("/v1/activations", json={"revision": revision})
        assert (answer.status_code, answer.get_json()["code"]) == (409, "revision_changed")
    assert device.post("/v1/activations", json={"revision": 2**31}).status_code == 422
    assert device.get(SITE).get_json()["activation_needed"] is True


def test_the_mode_is_set_by_who_has_seen_the_site(service: FlaskClient, key: LicenseKey) -> None:
    tag = service.get(SITE).headers["ETag"]
    mode = {"deployment_mode": "on_premise"}

    assert service.put(SITE, json=mode).status_code == 428
    assert service.put(SITE, json={"deployment_mode": "hybrid"}, headers={"If-Match": tag}).status_code == 422
    set_to = service.put(SITE, json=mode, headers={"If-Match": tag})
    stale = service.put(SITE, json=mode, headers={"If-Match": tag})

    assert (set_to.status_code, set_to.get_json()["version"]) == (200, 2)
    assert set_to.headers["ETag"] == service.get(SITE).headers["ETag"]
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"2"')
