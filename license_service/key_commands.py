"""The commands for agreements and license keys (S2-5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from license_service.actions.issue_key import issue_key
from license_service.actions.list_agreements import list_agreements
from license_service.actions.list_license_keys import list_license_keys
from license_service.actions.record_agreement import record_agreement
from license_service.domain.agreement import Agreement
from license_service.domain.license_key import DEFAULT_RENEWAL_WINDOW_DAYS
from license_service.endpoints.agreements import AgreementSchema, SignedAgreementSchema
from license_service.endpoints.devices import OrganizationSchema
from license_service.endpoints.license_key_documents import LicenseKeySchema, NewKeySchema, key_values

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from license_service.catalog_commands import AddVerb, Answer
    from license_service.domain.license_key import LicenseKey
    from license_service.wiring import Wired


def add_agreement_commands(verbs: Any, add: AddVerb) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add the verbs of `license-service agreement`."""
    record = add(verbs, "record", _record, "record an agreement that was signed")
    record.add_argument("--organization-id", metavar="UUID", required=True)
    record.add_argument("--number", metavar="TEXT", required=True, help="the contract's label")
    record.add_argument("--signed-on", metavar="YYYY-MM-DD", required=True)
    listing = add(verbs, "list", _list_agreements, "list agreements, the oldest first")
    listing.add_argument("--organization-id", metavar="UUID", help="only those of this organization")


def add_key_commands(verbs: Any, add: AddVerb) -> None:  # noqa: ANN401 - as above
    """Add the verbs of `license-service key`."""
    issue = add(verbs, "issue", _issue, "issue a license key from an agreement")
    issue.add_argument("--agreement-id", metavar="UUID", required=True)
    add_terms(issue)
    issue.set_defaults(options=OPTIONS)
    listing = add(verbs, "list", _list_keys, "list license keys, the oldest first")
    listing.add_argument("--organization-id", metavar="UUID", help="only those of this organization")


OPTIONS = {
    "profile_code": "--profile",
    "components": "--seats",
    "over_count": "--over-count-percent, --over-count-days",
}


def add_contents(parser: argparse.ArgumentParser) -> None:
    """Add the options of what a key opens."""
    parser.add_argument("--profile", metavar="CODE", default="standard", help="the licensing profile")
    parser.add_argument(
        "--seats", metavar="COMPONENT=COUNT", action="append", required=True, help="such as xms=5; repeatable"
    )


def add_terms(parser: argparse.ArgumentParser) -> None:
    """Add the options of what is sold with a key."""
    parser.add_argument("--id-number", metavar="TEXT", required=True, help="ID #: the customer's label for the key")
    add_contents(parser)
    parser.add_argument("--renewal-date", metavar="YYYY-MM-DD", help="the last day, in UTC; none for a perpetual one")
    parser.add_argument("--renewal-window-days", metavar="DAYS", type=int, default=DEFAULT_RENEWAL_WINDOW_DAYS)
    parser.add_argument("--over-count-percent", metavar="PERCENT", type=int, help="how many more may sit for a while")
    parser.add_argument("--over-count-days", metavar="DAYS", type=int, help="how long")


def components_of(asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Give what `--seats` say, for a schema to judge."""
    given = (each.partition("=") for each in asked.seats)
    return [{"component_code": code, "seats": int(n) if n.isdecimal() else n} for code, _, n in given]


def terms_of(asked: argparse.Namespace) -> dict[str, Any]:
    """Give what the options of `add_terms` say, for a schema to judge."""
    over_count = {"percent": asked.over_count_percent, "days": asked.over_count_days}
    return {
        "id_number": asked.id_number,
        "profile_code": asked.profile,
        "components": components_of(asked),
        "renewal_date": asked.renewal_date,
        "renewal_window_days": asked.renewal_window_days,
        "over_count": over_count if any(value is not None for value in over_count.values()) else None,
    }


def _record(wired: Wired, asked: argparse.Namespace) -> Answer:
    signed = SignedAgreementSchema().load(
        {"organization_id": asked.organization_id, "number": asked.number, "signed_on": asked.signed_on}
    )
    agreement = Agreement(**signed, id=str(uuid4()), created_at=wired.now())
    record_agreement(wired.database, agreement)
    return AgreementSchema().dump(agreement), _agreement_rows([agreement])


def _list_agreements(wired: Wired, asked: argparse.Namespace) -> Answer:
    agreements = list_agreements(wired.database, organization_id=organization_of(asked))
    return {"agreements": AgreementSchema(many=True).dump(agreements)}, _agreement_rows(agreements)


def _issue(wired: Wired, asked: argparse.Namespace) -> Answer:
    agreement_id, terms = NewKeySchema().load({"agreement_id": asked.agreement_id, **terms_of(asked)})
    now = wired.now()
    return key_answer(issue_key(wired.database, terms, agreement_id=agreement_id, key_id=str(uuid4()), now=now), wired)


def _list_keys(wired: Wired, asked: argparse.Namespace) -> Answer:
    keys = list_license_keys(wired.database, organization_id=organization_of(asked))
    values = [key_values(key, wired.now()) for key in keys]
    return {"license_keys": LicenseKeySchema(many=True).dump(values)}, _key_rows(values)


def organization_of(asked: argparse.Namespace) -> str | None:
    """Give the organization that is asked about, None for all."""
    if asked.organization_id is None:
        return None
    organization_id: str = OrganizationSchema().load({"organization_id": asked.organization_id})["organization_id"]
    return organization_id


def key_answer(key: LicenseKey, wired: Wired) -> Answer:
    """Answer with one key."""
    values = key_values(key, wired.now())
    return LicenseKeySchema().dump(values), _key_rows([values])


def _agreement_rows(agreements: Sequence[Agreement]) -> list[Sequence[str]]:
    rows = ((each.id, each.organization_id, each.number, each.signed_on.isoformat()) for each in agreements)
    return [("AGREEMENT", "ORGANIZATION", "NUMBER", "SIGNED ON"), *rows]


def _key_rows(keys: Sequence[dict[str, Any]]) -> list[Sequence[str]]:
    headings = ("KEY", "ORGANIZATION", "ID #", "PROFILE", "SEATS TAKEN", "STATUS", "LICENSE STATUS", "RENEWAL DATE")
    rows = (
        (
            key["id"],
            key["organization_id"],
            key["id_number"],
            key["profile_code"],
            ", ".join(f"{of['component_code']} {of['seats_claimed']} of {of['seats']}" for of in key["components"]),
            key["status"],
            key["license_status"],
            str(key["renewal_date"] or "none"),
        )
        for key in keys
    )
    return [headings, *rows]
