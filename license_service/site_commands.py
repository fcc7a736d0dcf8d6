"""The commands for sites and the History of their synchronizations (S2-6, S2-12, S2-20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from license_service.actions.list_synchronizations import list_synchronizations
from license_service.actions.read_site import read_site
from license_service.actions.read_synchronization import read_synchronization
from license_service.actions.set_deployment_mode import set_deployment_mode
from license_service.domain.page import DEFAULT_LIMIT, PageWanted
from license_service.domain.site import DeploymentMode
from license_service.domain.synchronization import Trigger
from license_service.endpoints.devices import OrganizationSchema
from license_service.endpoints.sites import SiteSchema, site_document
from license_service.endpoints.synchronization_documents import ANY_TRIGGER, RunSchema, RunWithReceiptSchema
from license_service.key_commands import organization_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from license_service.catalog_commands import AddVerb, Answer
    from license_service.domain.synchronization import Synchronization
    from license_service.wiring import Wired

_MODES: Final = [mode.value for mode in DeploymentMode]


def add_site_commands(verbs: Any, add: AddVerb) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add the verbs of `license-service site`."""
    show = add(verbs, "show", _show_site, "show an organization's mode, and whether its site is to be activated")
    mode = add(verbs, "set-mode", _set_mode, "set whether an organization uses the cloud platform")
    mode.add_argument("--mode", choices=_MODES, required=True)
    for verb in (show, mode):
        verb.add_argument("--organization-id", metavar="UUID", required=True)


def add_synchronization_commands(verbs: Any, add: AddVerb) -> None:  # noqa: ANN401 - as above
    """Add the verbs of `license-service synchronizations`."""
    listing = add(verbs, "list", _list, "list synchronizations, the newest first")
    listing.add_argument("--organization-id", metavar="UUID", help="only those of this organization")
    triggers = [*(trigger.value for trigger in Trigger), ANY_TRIGGER]
    listing.add_argument("--trigger", choices=triggers, default=Trigger.MANUAL.value, help="by default %(default)s")
    listing.add_argument("--limit", metavar="NUMBER", type=int, default=DEFAULT_LIMIT, help="by default %(default)s")
    show = add(verbs, "show", _show, "show what a synchronization changed, with its receipt in JSON")
    show.add_argument("synchronization_id", metavar="SYNCHRONIZATION", type=str.lower)


def _show_site(wired: Wired, asked: argparse.Namespace) -> Answer:
    return _site_answer(wired, _organization(asked))


def _set_mode(wired: Wired, asked: argparse.Namespace) -> Answer:
    organization_id = _organization(asked)
    set_deployment_mode(wired.database, organization_id, DeploymentMode(asked.mode))
    return _site_answer(wired, organization_id)


def _organization(asked: argparse.Namespace) -> str:
    organization_id: str = OrganizationSchema().load({"organization_id": asked.organization_id})["organization_id"]
    return organization_id


def _site_answer(wired: Wired, organization_id: str) -> Answer:
    site, last = state = read_site(wired.database, organization_id, now=wired.now())
    since, mode = site.activation_needed_since, site.deployment_mode.value
    needed = "no" if since is None else f"since {since.isoformat(timespec='seconds')}"
    run = "never" if last is None else f"{last.status.value} {last.started_at.isoformat(timespec='seconds')}"
    headings = ("ORGANIZATION", "MODE", "REVISION", "ACTIVATION NEEDED", "LAST SYNCHRONIZATION")
    document = SiteSchema().dump(site_document(state))
    return document, [headings, (organization_id, mode, str(site.revision), needed, run)]


def _list(wired: Wired, asked: argparse.Namespace) -> Answer:
    runs = list_synchronizations(
        wired.database,
        PageWanted(limit=max(asked.limit, 1)),
        now=wired.now(),
        organization_id=organization_of(asked),
        trigger=None if asked.trigger == ANY_TRIGGER else Trigger(asked.trigger),
    )
    return {"synchronizations": RunSchema(many=True).dump(runs)}, _rows(runs)


def _show(wired: Wired, asked: argparse.Namespace) -> Answer:
    run = read_synchronization(wired.database, asked.synchronization_id, now=wired.now())
    changes = [
        (change, key.key_id, key.id_number or "")
        for change, keys in (("added", run.added), ("changed", run.changed), ("removed", run.removed))
        for key in keys
    ]
    return RunWithReceiptSchema().dump(run), [("CHANGE", "KEY", "ID #"), *changes]


def _rows(runs: Sequence[Synchronization]) -> list[Sequence[str]]:
    headings = ("SYNCHRONIZATION", "ORGANIZATION", "STARTED", "BY", "TRIGGER", "STATUS", "ADDED", "CHANGED", "REMOVED")
    rows = (
        (
            run.id,
            run.organization_id,
            run.started_at.isoformat(timespec="seconds"),
            run.started_by,
            run.trigger.value,
            run.status.value,
            *(str(len(keys)) for keys in (run.added, run.changed, run.removed)),
        )
        for run in runs
    )
    return [headings, *rows]
