"""An access key on its way from the license server to a site that checks it offline (S2-9, S2-22)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests

from wire.access_key import accept_access_key, read_signers
from wire.errors import AccessKeyMistypedError

if TYPE_CHECKING:
    from deploy.local_stack.stack import LocalStack
    from tests.journeys.people import People


def read(url: str, token: str | None = None, **query: str) -> dict[str, Any]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = requests.get(url, params=query, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_a_pos_server_gets_its_access_key_and_checks_it_with_the_keys_it_pinned(
    stack: LocalStack, people: People
) -> None:
    """S2-9: with nothing but its own token; S2-22, T34: with no connection any more."""
    url, organization_id = stack.document["license_url"], stack.document["organization"]["id"]
    signers = read_signers(read(f"{url}/.well-known/jwks.json"))
    codes = people.ask_codes()
    people.authorize(codes["user_code"])
    token = people.poll(codes["device_code"]).json()["access_token"]
    key, *_ = read(f"{url}/v1/license-keys", token, organization_id=organization_id)["items"]

    text = read(f"{url}/v1/license-keys/{key['id']}/access-key", token)["access_key"]

    claims = accept_access_key(text.lower(), signers, organization_id=organization_id, now=datetime.now(UTC))
    assert (claims.key_id, claims.version) == (key["id"], key["version"])
    assert dict(claims.seats) == {each["component_code"]: each["seats"] for each in key["components"]}
    with pytest.raises(AccessKeyMistypedError, match="in group 1 of"):
        accept_access_key("1" + text[1:], signers, organization_id=organization_id, now=datetime.now(UTC))
