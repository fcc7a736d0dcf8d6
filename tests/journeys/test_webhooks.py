"""An event on its way from a change to one of the vendor's other systems, in the real stack."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import requests
from standardwebhooks import Webhook

from tests.doubles.webhook_receiver import receiving
from tests.journeys.people import wait_for

if TYPE_CHECKING:
    from deploy.local_stack.stack import LocalStack
    from tests.journeys.people import People


def post(url: str, token: str, document: dict[str, Any]) -> dict[str, Any]:
    answer = requests.post(url, json=document, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_key_that_is_issued_while_nobody_delivers_is_told_of_later(stack: LocalStack, people: People) -> None:
    """F33: kill -9 of the process that sends loses nothing, and the stock library believes what comes."""
    url = f"{stack.document['license_url']}/v1"
    token = people.service_token("licenses.write webhooks.write")
    number = uuid.uuid4().hex
    with receiving() as receiver:
        hook = f"http://127.0.0.1:{receiver.port}/tillpass"
        terms = {"url": hook, "event_types": ["license.activated"], "description": "Order management"}
        endpoint = post(f"{url}/webhook-endpoints", token, terms)
        stack.kill("webhook_delivery")
        try:
            signed = {"organization_id": str(uuid.uuid4()), "number": number, "signed_on": "2026-06-01"}
            agreement = post(f"{url}/agreements", token, signed)
            sold = {"id_number": number, "profile_code": "standard"}
            units = [{"component_code": "xms", "seats": 2}]
            key = post(f"{url}/license-keys", token, {**sold, "agreement_id": agreement["id"], "components": units})
        finally:
            stack.start("webhook_delivery")
        _, headers, body = wait_for("the webhook", lambda: next(iter(receiver.taken), None))
    # The other journeys go on in this stack, and nobody listens there any more.
    own = {"Authorization": f"Bearer {token}", "If-Match": '"1"'}
    gone = requests.delete(f"{url}/webhook-endpoints/{endpoint['id']}", headers=own, timeout=10)

    assert gone.status_code == 204
    Webhook(endpoint["secret"]).verify(body, headers)
    assert json.loads(body)["type"] == "license.activated"
    assert json.loads(body)["data"]["license_key_id"] == key["id"]
