"""The commands for webhook endpoints and their deliveries."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from license_service.actions.change_webhook_endpoint import change_webhook_endpoint
from license_service.actions.create_webhook_endpoint import create_webhook_endpoint
from license_service.actions.delete_webhook_endpoint import delete_webhook_endpoint
from license_service.actions.list_webhook_deliveries import list_webhook_deliveries
from license_service.actions.list_webhook_endpoints import list_webhook_endpoints
from license_service.actions.read_webhook_endpoint import read_webhook_endpoint
from license_service.actions.redeliver_webhook import redeliver_webhook
from license_service.actions.rotate_webhook_secret import rotate_webhook_secret
from license_service.domain.event import EventKind
from license_service.domain.webhook import DeliveryStatus, EndpointStatus
from license_service.domain.webhook_signature import SECRET_BYTES
from license_service.endpoints.webhook_documents import (
    DeliverySchema,
    EndpointSchema,
    EndpointTermsSchema,
    EndpointWithSecretSchema,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from license_service.catalog_commands import AddVerb, Answer
    from license_service.domain.webhook import WebhookDelivery, WebhookEndpoint
    from license_service.wiring import Wired


def add_webhook_commands(verbs: Any, add: AddVerb) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add the verbs of `license-service webhook`."""
    create = add(verbs, "create", _create, "create an endpoint; shows its secret, this once")
    create.add_argument("--url", required=True, help="an https URL of a public host")
    create.add_argument("--description", metavar="TEXT", required=True, help="which system it is")
    _add_event_types(create, required=True)
    add(verbs, "list", _list, "list the endpoints, the oldest first")
    change = _add_of_endpoint(verbs, add, "change", _change, "change an endpoint; what is not named stays")
    change.add_argument("--url")
    change.add_argument("--description", metavar="TEXT")
    _add_event_types(change, required=False)
    change.add_argument("--status", choices=[status.value for status in EndpointStatus])
    _add_of_endpoint(verbs, add, "rotate-secret", _rotate, "make a new secret; for a day the present one signs too")
    _add_of_endpoint(verbs, add, "delete", _delete, "delete an endpoint and its deliveries")
    deliveries = _add_of_endpoint(verbs, add, "deliveries", _deliveries, "list what was, is or could not be sent")
    deliveries.add_argument("--status", choices=[status.value for status in DeliveryStatus])
    again = _add_of_endpoint(verbs, add, "redeliver", _redeliver, "send an event again")
    again.add_argument("event", metavar="EVENT", help="its id")


def _add_event_types(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--event-type",
        action="append",
        required=required,
        choices=[kind.value for kind in EventKind],
        metavar="TYPE",
        help=f"repeatable: {', '.join(EventKind)}",
    )
    parser.set_defaults(options={"event_types": "--event-type"})


def _add_of_endpoint(
    verbs: Any,  # noqa: ANN401 - as above
    add: AddVerb,
    name: str,
    run: Any,  # noqa: ANN401 - as AddVerb has it
    text: str,
) -> argparse.ArgumentParser:
    verb = add(verbs, name, run, text)
    verb.add_argument("endpoint", metavar="ENDPOINT", help="its id")
    return verb


def _create(wired: Wired, asked: argparse.Namespace) -> Answer:
    terms = EndpointTermsSchema().load(
        {"url": asked.url, "description": asked.description, "event_types": asked.event_type}
    )
    endpoint, secret = create_webhook_endpoint(
        wired.webhooks,
        terms,
        endpoint_id=str(uuid4()),
        key=secrets.token_bytes(SECRET_BYTES),
        now=wired.now(),
    )
    return _with_secret(endpoint, secret)


def _list(wired: Wired, _: argparse.Namespace) -> Answer:
    endpoints = list_webhook_endpoints(wired.database)
    return {"webhook_endpoints": EndpointSchema(many=True).dump(endpoints)}, _rows(endpoints)


def _change(wired: Wired, asked: argparse.Namespace) -> Answer:
    present = read_webhook_endpoint(wired.database, asked.endpoint)
    named = {"url": asked.url, "description": asked.description, "event_types": asked.event_type}
    wanted = EndpointTermsSchema().load(
        {
            "url": present.url,
            "description": present.description,
            "event_types": [kind.value for kind in present.event_kinds],
            "status": asked.status or present.status.value,
            **{name: value for name, value in named.items() if value is not None},
        }
    )
    endpoint = change_webhook_endpoint(
        wired.webhooks, wanted, endpoint_id=present.id, expected_version=present.version, now=wired.now()
    )
    return EndpointSchema().dump(endpoint), _rows([endpoint])


def _rotate(wired: Wired, asked: argparse.Namespace) -> Answer:
    present = read_webhook_endpoint(wired.database, asked.endpoint)
    endpoint, secret = rotate_webhook_secret(
        wired.webhooks,
        endpoint_id=present.id,
        expected_version=present.version,
        key=secrets.token_bytes(SECRET_BYTES),
        now=wired.now(),
    )
    return _with_secret(endpoint, secret)


def _delete(wired: Wired, asked: argparse.Namespace) -> Answer:
    present = read_webhook_endpoint(wired.database, asked.endpoint)
    delete_webhook_endpoint(wired.database, endpoint_id=present.id, expected_version=present.version)
    return {"deleted": present.id}, [("DELETED",), (present.id,)]


def _deliveries(wired: Wired, asked: argparse.Namespace) -> Answer:
    status = None if asked.status is None else DeliveryStatus(asked.status)
    found = list_webhook_deliveries(wired.database, asked.endpoint, status=status)
    return {"deliveries": DeliverySchema(many=True).dump(found)}, _delivery_rows(found)


def _redeliver(wired: Wired, asked: argparse.Namespace) -> Answer:
    found = redeliver_webhook(wired.database, endpoint_id=asked.endpoint, event_id=asked.event, now=wired.now())
    return DeliverySchema().dump(found), _delivery_rows([found])


def _with_secret(endpoint: WebhookEndpoint, secret: str) -> Answer:
    document = EndpointWithSecretSchema().dump({**asdict(endpoint), "secret": secret})
    return document, [("ENDPOINT", "SECRET, SHOWN THIS ONCE"), (endpoint.id, secret)]


def _rows(endpoints: Sequence[WebhookEndpoint]) -> list[Sequence[str]]:
    heads = ("ENDPOINT", "DESCRIPTION", "STATUS", "FAILURES", "URL", "EVENT TYPES")
    return [
        heads,
        *(
            (
                each.id,
                each.description,
                each.status if each.disabled_reason is None else f"{each.status} ({each.disabled_reason})",
                str(each.failures),
                each.url,
                " ".join(each.event_kinds),
            )
            for each in endpoints
        ),
    ]


def _delivery_rows(deliveries: Sequence[WebhookDelivery]) -> list[Sequence[str]]:
    heads = ("EVENT", "TYPE", "STATUS", "ATTEMPTS", "LAST OUTCOME", "NEXT ATTEMPT")
    return [
        heads,
        *(
            (
                each.event_id,
                each.event_kind,
                each.status,
                str(each.attempts),
                each.last_outcome or "",
                "" if each.next_attempt_at is None else each.next_attempt_at.isoformat(timespec="seconds"),
            )
            for each in deliveries
        ),
    ]
