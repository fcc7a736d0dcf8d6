"""What sites do in any order, as steps of the state machine: synchronize, with all that may happen meanwhile, activate.

Each organization has one site here, which does as it is told: it adds, changes and removes the license keys that a run
names, and so must have, each time, exactly those that the rules give it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from license_service.actions.activate_site import activate_site
from license_service.actions.list_synchronizations import list_synchronizations
from license_service.actions.read_site import read_site
from license_service.actions.set_deployment_mode import set_deployment_mode
from license_service.actions.synchronize import Delivered, SynchronizationAsked, synchronize
from license_service.domain.errors import LicenseServiceError, SigningKeyUnavailableError
from license_service.domain.site import DeploymentMode
from license_service.domain.synchronization import Trigger
from tests.license_service.site_model import RUN_MAY_TAKE, Records, SiteModel
from wire.synchronization_receipt import read_synchronization_receipt

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import jwt
    from cryptography.hazmat.primitives.asymmetric import ec

    from database.engine import Database
    from wire.jwks import KeySource

ORGANIZATIONS = [f"0b8a3a52-5d5e-4c1c-8f0e-00000000000{number}" for number in range(2)]
DEVICE = "5d1c9f3e-8a52-4e0c-9a76-000000000000"
STRANGE_KEY = "9f2f3c64-0d8b-4b0e-a5f3-999999999999"
TICK = timedelta(microseconds=1)

organizations = st.sampled_from([*ORGANIZATIONS[:1] * 3, ORGANIZATIONS[1]])
visits = st.sampled_from(["synchronize"] * 5 + ["activate"] * 3 + ["set mode"])
meanwhiles = st.sampled_from(
    ["nothing"] * 4 + ["change a key", "another run", "no signing key", "death", "just in time", "late", "overtaken"]
)
modes = st.sampled_from([*[DeploymentMode.CLOUD] * 4, DeploymentMode.ON_PREMISE])
revisions = st.sampled_from(["delivered", "delivered", "delivered", "present", "older"])


class Killed(BaseException):
    """The process died at this point."""


class Pinned(NamedTuple):
    """What a site verifies receipts with; a wire.jwks.KeySource."""

    keys: dict[str, jwt.PyJWK]

    def key(self, kid: str) -> jwt.PyJWK | None:
        return self.keys.get(kid)


class SigningDesk:
    """Takes the place of the key folder, which a run asks once it has read the keys: then something may happen."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self.meanwhile: Callable[[], None] = lambda: None

    def current_key(self) -> ec.EllipticCurvePrivateKey:
        happens, self.meanwhile = self.meanwhile, lambda: None
        happens()
        return self._key


class SiteSteps(RuleBasedStateMachine):
    """The half of the machine that is about sites."""

    database: Database
    signing_key: ec.EllipticCurvePrivateKey
    pinned: KeySource
    now: datetime

    def __init__(self) -> None:
        super().__init__()
        self.sites = SiteModel()
        self.desk = SigningDesk(self.signing_key)
        self.held: dict[str, dict[str, int]] = {each: {} for each in ORGANIZATIONS}
        self.delivered = dict.fromkeys(ORGANIZATIONS, 0)

    def active_versions(self, organization_id: str) -> dict[str, int]:
        """Give what the site of an organization is to have."""
        raise NotImplementedError

    def id_numbers(self, organization_id: str) -> dict[str, str]:
        raise NotImplementedError

    def change_a_key(self, organization_id: str) -> None:
        """Change some key of the organization, if it has one."""
        raise NotImplementedError

    # --- steps ---------------------------------------------------------------------------------------------------

    @rule(organization_id=organizations, visit=visits, data=st.data())
    def at_a_site(self, organization_id: str, visit: str, data: st.DataObject) -> None:
        if visit == "synchronize":
            self._synchronize(self._asked(organization_id, data), data.draw(meanwhiles))
        elif visit == "activate":
            self._activate(organization_id, data.draw(revisions))
        else:
            mode, version = data.draw(modes), data.draw(st.sampled_from([None, 1, 2]))
            self.both(
                lambda: self.sites.set_mode(organization_id, mode, version),
                lambda: set_deployment_mode(self.database, organization_id, mode, expected_version=version),
            )

    def _asked(self, organization_id: str, data: st.DataObject) -> SynchronizationAsked:
        # A site of before, one that was set up anew, and one that was given keys by mistake.
        held = self.held[organization_id]
        strange = {**held, STRANGE_KEY: 7, **self.active_versions(ORGANIZATIONS[1])}
        trigger = data.draw(st.sampled_from(Trigger))
        return SynchronizationAsked(
            organization_id=organization_id,
            device_id=DEVICE if trigger is Trigger.AUTOMATIC else None,
            started_by="calendar" if trigger is Trigger.AUTOMATIC else "Zoë",
            trigger=trigger,
            held=data.draw(st.sampled_from([held, held, held, {}, strange])),
        )

    def _synchronize(self, asked: SynchronizationAsked, meanwhile: str) -> None:
        organization_id, run_id = asked.organization_id, self._next_run_id()
        found = self._records(organization_id)
        refusal = outcome(lambda: self.sites.begin(asked, run_id, self.now))
        self.desk.meanwhile = lambda: self._happens(meanwhile, asked)
        done = self._real_run(asked, run_id)
        if refusal is not None or isinstance(done, Killed):
            assert refusal is None or done == refusal
            self.desk.meanwhile = lambda: None
        elif meanwhile == "no signing key":
            assert done == outcome(lambda: self._fail(run_id))
        else:
            ended = outcome(lambda: self.sites.succeed(run_id, asked.held, found, self.now))
            if isinstance(done, Delivered):
                self._take(done, ended, asked, found)
            else:
                assert done == ended

    def _real_run(self, asked: SynchronizationAsked, run_id: str) -> Any:
        def run() -> Delivered:
            return synchronize(self.database, self.desk, asked, run_id=run_id, clock=lambda: self.now)  # type: ignore[arg-type]

        try:
            return outcome(run)
        except Killed as death:
            return death

    def _happens(self, meanwhile: str, asked: SynchronizationAsked) -> None:
        """Let something happen while a run goes on."""
        if meanwhile == "change a key":
            self.change_a_key(asked.organization_id)
        elif meanwhile == "another run":
            self._synchronize(asked, "nothing")
        elif meanwhile == "no signing key":
            raise SigningKeyUnavailableError("none")
        elif meanwhile == "death":
            raise Killed
        elif meanwhile == "just in time":
            self.now += RUN_MAY_TAKE - TICK
        elif meanwhile in {"late", "overtaken"}:
            self.now += RUN_MAY_TAKE
            if meanwhile == "overtaken":
                self._synchronize(asked, "nothing")

    def _fail(self, run_id: str) -> None:
        self.sites.fail(run_id, self.now)
        raise SigningKeyUnavailableError("none")

    def _take(self, done: Delivered, ended: Any, asked: SynchronizationAsked, found: Records) -> None:
        """Do as the site is told; it then has what it is to have, and a receipt for it."""
        assert (replace(done.run, receipt=None), done.revision) == (ended, found.revision)
        self.sites.keep_receipt(done.run.id, done.run.receipt)
        self._check_receipt(done)
        texts = {key.key_id: key.version for key in done.keys}
        has = dict(asked.held)
        for key in (*done.run.added, *done.run.changed):
            has[key.key_id] = texts[key.key_id]
        for key in done.run.removed:
            del has[key.key_id]
        assert has == texts == found.versions
        self.held[asked.organization_id], self.delivered[asked.organization_id] = has, done.revision

    def _check_receipt(self, done: Delivered) -> None:
        receipt, run = read_synchronization_receipt(str(done.run.receipt), self.pinned), done.run
        assert (receipt.synchronization_id, receipt.organization_id) == (run.id, run.organization_id)
        assert (receipt.device_id, receipt.started_by) == (run.device_id, run.started_by)
        assert (receipt.trigger, receipt.revision) == (run.trigger.value, done.revision)
        assert receipt.keys == {key.key_id: key.version for key in done.keys}
        for told, kept in ((receipt.added, run.added), (receipt.changed, run.changed), (receipt.removed, run.removed)):
            assert told == tuple((key.key_id, key.id_number) for key in kept)

    def _activate(self, organization_id: str, which: str) -> None:
        present = self.sites.site(organization_id).revision
        revision = {"delivered": self.delivered[organization_id], "present": present, "older": present - 1}[which]
        self.both(
            lambda: self.sites.activate(organization_id, revision, self.now),
            lambda: activate_site(self.database, organization_id, revision=revision, now=self.now),
        )
        if which == "delivered" and revision == present:
            # S2-6: a site that has activated what it was given lacks nothing, and has nothing too many.
            assert self.held[organization_id].keys() == self.active_versions(organization_id).keys()

    # --- what must always hold -----------------------------------------------------------------------------------

    @invariant()
    def every_run_is_as_the_rules_say(self) -> None:
        listed = list_synchronizations(self.database, now=self.now)
        assert listed == self.sites.history(self.now)

    @invariant()
    def every_site_is_as_the_rules_say(self) -> None:
        for organization_id in ORGANIZATIONS:
            site, last = read_site(self.database, organization_id, now=self.now)
            assert site == self.sites.site(organization_id)
            assert last == next(iter(self.sites.history(self.now, organization_id)), None)

    # --- parts ---------------------------------------------------------------------------------------------------

    def both(self, model: Callable[[], object], real: Callable[[], object]) -> None:
        done = outcome(real)
        assert done == outcome(model)

    def ends_of_runs(self, organization_id: str) -> list[datetime]:
        return [run.leased_until for run in self.sites.history(self.now, organization_id) if run.finished_at is None]

    def _records(self, organization_id: str) -> Records:
        versions, id_numbers = self.active_versions(organization_id), self.id_numbers(organization_id)
        return Records(versions, id_numbers, self.sites.site(organization_id).revision)

    def _next_run_id(self) -> str:
        # Not in the order in which they come, so that this cannot pass for it.
        return f"4b1d7a90-2c3e-4f5a-8b6c-{7919 * (len(self.sites.runs) + 2) % 10_000:012d}"


def outcome(call: Callable[[], object]) -> object:
    """Give what a call gives, or how it refuses."""
    try:
        return call()
    except LicenseServiceError as refused:
        return type(refused), str(refused)
