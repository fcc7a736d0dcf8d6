"""Any order of sales, changes, claims, releases, synchronizations and days: what is done is what the rules say.

Each step is taken by the real action on a real database and by the model (tests/license_service/license_model.py and
site_model.py), and the answers or refusals, every key, seat, site and run must be the same (T44, T59, F07; S1-11,
S2-6 … S2-13, S2-22, S2-24, S3-15 … S3-21).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from license_service.actions.add_component import add_component
from license_service.actions.add_profile import add_profile
from license_service.actions.claim_seat import claim_seat
from license_service.actions.edit_id_number import edit_id_number
from license_service.actions.issue_key import issue_key
from license_service.actions.list_license_keys import list_license_keys
from license_service.actions.list_seats import list_seats
from license_service.actions.raise_dated_events import raise_dated_events
from license_service.actions.read_entitlement import read_entitlement
from license_service.actions.record_agreement import record_agreement
from license_service.actions.reinstate_key import reinstate_key
from license_service.actions.release_seat import release_seat
from license_service.actions.renew_key import renew_key
from license_service.actions.replace_key import replace_key
from license_service.actions.revoke_key import revoke_key
from license_service.actions.suspend_key import suspend_key
from license_service.actions.switch_key import switch_key
from license_service.actions.transfer_seat import transfer_seat
from license_service.domain.agreement import Agreement
from license_service.domain.catalog import Component, Profile
from license_service.domain.license_key import KeyTerms, OverCountPolicy
from license_service.domain.renewal import status_of, years_after
from license_service.storage.tables import metadata, raised_dates
from tests.license_service.license_model import ACTIVE, FEATURES, SUSPENDED, LicenseModel, midnight
from tests.license_service.site_steps import ORGANIZATIONS, TICK, Pinned, SiteSteps, organizations
from wire.dpop_key import public_jwk, thumbprint

if TYPE_CHECKING:
    import pytest

    from database.engine import Database

START = datetime(2027, 12, 30, 9, 0, tzinfo=UTC)
LEAP_DAY = date(2028, 2, 29)
DEVICES = [f"5d1c9f3e-8a52-4e0c-9a76-00000000000{number}" for number in range(6)]
CATALOG = {"components", "profiles", "profile_features"}
CHANGES = ["renew", "switch", "switch", "suspend", "reinstate", "reinstate", "edit", "edit", "renew", "renew", "revoke"]
WAITS = [timedelta(0)] * 4 + [timedelta(hours=15), timedelta(days=1), timedelta(days=30)]

devices = st.sampled_from(DEVICES)
components = st.sampled_from(["xms", "xms", "xms", "xms", "kds"])
id_numbers = st.integers(1, 60).map("Shops {}".format)
contents = st.fixed_dictionaries({"xms": st.integers(1, 3)}, optional={"kds": st.integers(1, 2)}) | st.just({"kds": 1})
profiles = st.sampled_from(sorted(FEATURES))
policies = st.sampled_from([OverCountPolicy(), OverCountPolicy(50, 3), OverCountPolicy(100, 1), OverCountPolicy(34, 7)])
moves = st.tuples(
    st.sampled_from(["claim", "claim for all", "release", "transfer"]), organizations, devices, components, devices
)
versions = st.sampled_from(["any", "any", "any", "any", "any", "this", "older"])


class Licensing(SiteSteps):
    """Two organizations, six devices, any number of keys."""

    keys = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.model = LicenseModel(self.sites)
        self.now = START
        with self.database.transaction() as connection:
            for table in reversed(metadata.sorted_tables):
                if table.name not in CATALOG:
                    connection.execute(table.delete())
        for number, organization_id in enumerate(ORGANIZATIONS):
            agreement = Agreement(_id(number), organization_id, "A-1", signed_on=START.date(), created_at=START)
            record_agreement(self.database, agreement)

    # Few rules, each of which does one of several things: of many, Hypothesis leaves some out of every run.

    # --- keys ----------------------------------------------------------------------------------------------------

    @initialize(target=keys, data=st.data())
    def issue_the_first(self, data: st.DataObject) -> Any:
        """Without a key nothing else happens."""
        return self._issue(ORGANIZATIONS[0], data)

    @rule(target=keys, organization_id=organizations, data=st.data())
    def issue(self, organization_id: str, data: st.DataObject) -> Any:
        return self._issue(organization_id, data)

    @rule(key_id=keys, change=st.sampled_from(CHANGES), version=versions, data=st.data())
    def change(self, key_id: str, change: str, version: str, data: st.DataObject) -> None:
        getattr(self, f"_{change}")(key_id, self._version(key_id, version), data)

    @rule(target=keys, key_id=consumes(keys), version=versions, data=st.data())
    def replace(self, key_id: str, version: str, data: st.DataObject) -> Any:
        expected, terms, new_key_id = self._version(key_id, version), self._terms(data), self._next_id()
        self.both(
            lambda: self.model.replace(key_id, terms, new_key_id, expected, self.now),
            lambda: replace_key(
                self.database, key_id, terms, new_key_id=new_key_id, now=self.now, expected_version=expected
            ),
        )
        return new_key_id if new_key_id in self.model.keys else key_id

    def _issue(self, organization_id: str, data: st.DataObject) -> Any:
        terms, key_id = self._terms(data), self._next_id()
        agreement_id = _id(ORGANIZATIONS.index(organization_id))
        self.both(
            lambda: self.model.issue(terms, organization_id, agreement_id, key_id, self.now),
            lambda: issue_key(self.database, terms, agreement_id=agreement_id, key_id=key_id, now=self.now),
        )
        return key_id if key_id in self.model.keys else multiple()

    def _edit(self, key_id: str, expected: int | None, data: st.DataObject) -> None:
        id_number = data.draw(id_numbers)
        self.both(
            lambda: self.model.edit(key_id, id_number, expected),
            lambda: edit_id_number(self.database, key_id, id_number, expected_version=expected),
        )

    def _suspend(self, key_id: str, expected: int | None, _: st.DataObject | None) -> None:
        self.both(
            lambda: self.model.suspend(key_id, expected, self.now),
            lambda: suspend_key(self.database, key_id, now=self.now, expected_version=expected),
        )

    def _reinstate(self, key_id: str, expected: int | None, _: st.DataObject | None) -> None:
        self.both(
            lambda: self.model.reinstate(key_id, expected, self.now),
            lambda: reinstate_key(self.database, key_id, now=self.now, expected_version=expected),
        )

    def _revoke(self, key_id: str, expected: int | None, _: st.DataObject | None) -> None:
        self.both(
            lambda: self.model.revoke(key_id, expected, self.now),
            lambda: revoke_key(self.database, key_id, now=self.now, expected_version=expected),
        )

    def _renew(self, key_id: str, expected: int | None, data: st.DataObject) -> None:
        until = self._some_day(data)
        day = self.model.key(key_id).renewal_date
        if day is not None and data.draw(st.booleans()):
            # A key of a leap day goes on until the 28th.
            until = date(day.year + 1, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)
            assert years_after(day) == until
        elif day is not None and data.draw(st.booleans()):
            until = day
        self.both(
            lambda: self.model.renew(key_id, until, expected, self.now),
            lambda: renew_key(self.database, key_id, until, now=self.now, expected_version=expected),
        )

    def _switch(self, key_id: str, expected: int | None, data: st.DataObject) -> None:
        profile_code, wanted = data.draw(profiles), data.draw(contents)
        change = {"profile_code": profile_code, "seats": wanted, "expected_version": expected}
        self.both(
            lambda: self.model.switch(key_id, profile_code, wanted, expected, self.now),
            lambda: switch_key(self.database, key_id, now=self.now, **change),
        )

    # --- seats ---------------------------------------------------------------------------------------------------

    @rule(moves=st.lists(moves, min_size=1, max_size=4))
    def sit_and_rise(self, moves: list[tuple[str, str, str, str, str]]) -> None:
        for each in moves:
            self._move(*each)

    def _move(self, move: str, organization_id: str, device_id: str, code: str, other: str) -> None:
        this = {"device_id": device_id, "organization_id": organization_id}
        if move == "claim":
            self._claim(device_id, organization_id, code)
        elif move == "claim for all":
            self._claim_for_all(organization_id, code)
        elif move == "release":
            self.both(
                lambda: self.model.release(device_id, organization_id),
                lambda: release_seat(self.database, **this),
            )
        elif other != device_id:
            self.both(
                lambda: self.model.transfer(device_id, other, organization_id, self.now),
                lambda: transfer_seat(self.database, **this, to_device_id=other, now=self.now),
            )

    def _claim_for_all(self, organization_id: str, code: str) -> None:
        """By chance alone a key that is full would be rare."""
        for device_id in DEVICES:
            self._claim(device_id, organization_id, code)

    def _claim(self, device_id: str, organization_id: str, code: str) -> None:
        this = {"device_id": device_id, "organization_id": organization_id, "component_code": code}
        self.both(
            lambda: self.model.claim(device_id, organization_id, code, self.now),
            lambda: claim_seat(self.database, **this, now=self.now),
        )

    # --- days ----------------------------------------------------------------------------------------------------

    @rule(key_id=keys, wait=st.sampled_from(WAITS), early=st.sampled_from([TICK, timedelta(0)]), data=st.data())
    def wait(self, key_id: str, wait: timedelta, early: timedelta, data: st.DataObject) -> None:
        """A while; or until a window opens, a day or an over-count ends: the last instant before, or the first."""
        edges = [edge - early for edge in self._edges(key_id) if edge - early > self.now]
        self.now = data.draw(st.sampled_from(edges)) if edges and not wait else self.now + wait
        if edges and not wait:
            self._come_and_go(key_id)

    def _come_and_go(self, key_id: str) -> None:
        """One rises, so that there is a place where all are taken, and everybody would have it."""
        organization_id = self.model.key(key_id).organization_id
        for seat in self.model.seats_of(key_id)[:1]:
            self._move("release", organization_id, seat.device_id, "", "")
        self._claim_for_all(organization_id, "xms")

    @rule()
    def night(self) -> None:
        raise_dated_events(self.database, now=self.now)
        self.model.tell(self.now)
        # Of keys; devices that went dark are told of by their contacts.
        with self.database.reading() as connection:
            told = connection.execute(select(raised_dates.c.subject_id, raised_dates.c.day)).all()
        assert sorted(map(tuple, told)) == sorted((key_id, day) for key_id, _, day in self.model.told)
        assert raise_dated_events(self.database, now=self.now) == 0

    # --- what must always hold -----------------------------------------------------------------------------------

    @invariant()
    def every_key_is_as_the_rules_say(self) -> None:
        listed = list_license_keys(self.database)
        assert listed == self.model.listed()
        assert [status_of(key, self.now) for key in listed] == [self.model.status(key, self.now) for key in listed]

    @invariant()
    def every_seat_is_as_the_rules_say(self) -> None:
        for key_id in {seat.key_id for seat in self.model.seats.values()}:
            assert list_seats(self.database, key_id) == self.model.seats_of(key_id)
        with self.database.reading() as connection:
            count = connection.exec_driver_sql("SELECT count(*) FROM seats").scalar_one()
        assert count == len(self.model.seats)

    @invariant()
    def every_device_is_told_what_the_rules_say(self) -> None:
        device_id = DEVICES[self.now.microsecond % len(DEVICES) - len(self.model.seats)]
        for organization_id in ORGANIZATIONS:
            self.both(
                lambda o=organization_id: self.model.entitlement(device_id, o),  # type: ignore[misc]
                lambda o=organization_id: read_entitlement(  # type: ignore[misc]
                    self.database, device_id=device_id, organization_id=o, now=self.now
                ),
            )

    # --- parts ---------------------------------------------------------------------------------------------------

    def active_versions(self, organization_id: str) -> dict[str, int]:
        return {key.id: key.version for key in self.model.listed(organization_id) if key.status is ACTIVE}

    def id_numbers(self, organization_id: str) -> dict[str, str]:
        return {key.id: key.id_number for key in self.model.listed(organization_id)}

    def change_a_key(self, organization_id: str) -> None:
        for key in self.model.listed(organization_id)[-1:]:
            (self._reinstate if key.status is SUSPENDED else self._suspend)(key.id, None, None)

    def _terms(self, data: st.DataObject) -> KeyTerms:
        return KeyTerms(
            id_number=data.draw(id_numbers),
            profile_code=data.draw(profiles),
            seats=data.draw(contents),
            renewal_date=self._some_day(data),
            renewal_window_days=data.draw(st.sampled_from([0, 1, 30, 60])),
            over_count=data.draw(policies),
        )

    def _some_day(self, data: st.DataObject) -> date | None:
        days = data.draw(st.sampled_from([None, -1, 0, 1, 2, 7, 30, 31, 60, 61, 365]))
        return None if days is None else data.draw(st.sampled_from([self.now.date() + timedelta(days=days), LEAP_DAY]))

    def _edges(self, key_id: str) -> list[datetime]:
        key = self.model.key(key_id)
        over = [each.over_count_since for each in key.components if each.over_count_since is not None]
        edges = [since + timedelta(days=key.over_count.days) for since in over]
        edges += self.ends_of_runs(key.organization_id)
        if key.renewal_date is not None:
            day = midnight(key.renewal_date)
            edges += [day - timedelta(days=key.renewal_window_days), day, day + timedelta(days=1)]
        return edges

    def _version(self, key_id: str, which: str) -> int | None:
        version = self.model.keys[key_id].record.version
        return {"any": None, "this": version, "older": version - 1}[which]

    def _next_id(self) -> str:
        # Not in the order in which they come, so that this cannot pass for it.
        return _id(7919 * (len(self.model.keys) + 2) % 10_000)


def _id(number: int) -> str:
    return f"9f2f3c64-0d8b-4b0e-a5f3-{number:012d}"


def test_no_order_of_events_breaks_the_rules(
    any_database: Database, monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    """T44, T59, F07. `--rounds 600` plays 200 runs of fifty steps on each database."""
    signing_key = ec.generate_private_key(ec.SECP256R1())
    public = signing_key.public_key()
    pinned = Pinned({thumbprint(public): jwt.PyJWK({**public_jwk(public), "alg": "ES256"})})
    add_component(any_database, Component("kds", "Kitchen display"))
    add_profile(any_database, Profile("premium", "Premium", FEATURES["premium"]))
    for name, value in {"database": any_database, "signing_key": signing_key, "pinned": pinned}.items():
        monkeypatch.setattr(Licensing, name, value, raising=False)

    run_state_machine_as_test(
        Licensing,
        settings=settings(
            max_examples=max(1, rounds // 3),
            stateful_step_count=50,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
