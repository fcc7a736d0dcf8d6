"""What the calendar reads of the other services, and the token that it reads by, through a real HTTP server."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from notify_service.domain.errors import OrganizationUnreadableError, ServiceAwayError, SettingsError
from notify_service.outbound.calendar_reads import LicenseReads, OrganizationReads
from notify_service.outbound.client_authentication import ClientKey, ClientSecret, load_client_key, public_key_set
from notify_service.outbound.service_token import NEAR_EXPIRY, ServiceToken
from tests.doubles.other_service import other_service
from tests.notify_service.doubles import NOW
from wire.calendar_records import DueRenewal, LicenseCounts, MissingContact, OrganizationRecipients, OverCount
from wire.http_client import HttpClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.doubles.other_service import OtherService
    from tests.notify_service.doubles import Clock

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
RECIPIENTS = f"/v1/organizations/{ORGANIZATION}/recipients"
DEVICES = f"/v1/organizations/{ORGANIZATION}/devices"
TOKEN = "/oauth/token"
GRANTED = (200, {"access_token": "a-token", "token_type": "Bearer", "expires_in": 600})
DUE = {
    "key_id": "key-1",
    "organization_id": ORGANIZATION,
    "id_number": "Shops north",
    "renewal_date": "2026-06-08",
    "issued_at": "2025-06-08T09:00:00+00:00",
}


@pytest.fixture
def service() -> Iterator[OtherService]:
    with other_service() as running:
        running.answers[TOKEN] = GRANTED
        yield running


def token_of(service: OtherService, clock: Clock, client: Any = None) -> ServiceToken:
    client = client or ClientSecret("notify-service", "a secret: 50% + more")
    return ServiceToken(HttpClient(), service.url, client, scope="licenses.read", now=clock)


@pytest.fixture
def licenses(service: OtherService, clock: Clock) -> LicenseReads:
    return LicenseReads(HttpClient(), service.url, token_of(service, clock))


@pytest.fixture
def organizations(service: OtherService, clock: Clock) -> OrganizationReads:
    return OrganizationReads(HttpClient(), service.url + "/", token_of(service, clock))


def page(*items: object, cursor: str | None = None) -> tuple[int, Any]:
    return 200, {"items": list(items), "next_cursor": cursor}


def test_a_token_is_asked_for_by_secret_with_one_scope(service: OtherService, clock: Clock) -> None:
    """RFC 6749 §2.3.1, §4.4.2."""
    assert token_of(service, clock).headers() == {"Authorization": "Bearer a-token"}

    (asked,) = service.asked
    pair = base64.b64decode(asked.authorization.removeprefix("Basic ")).decode()
    assert pair == "notify-service:a+secret%3A+50%25+%2B+more"
    assert parse_qs(asked.body.decode()) == {"grant_type": ["client_credentials"], "scope": ["licenses.read"]}


def test_a_token_is_asked_for_by_a_signed_assertion(service: OtherService, clock: Clock) -> None:
    """RFC 7523 §2.2: for the issuer, for a minute, never the same twice."""
    key = ec.generate_private_key(ec.SECP256R1())
    token = token_of(service, clock, ClientKey("notify-service", "http://127.0.0.1:8001", key))
    for _ in range(2):
        token.headers()
        token.forget()

    forms = [parse_qs(asked.body.decode()) for asked in service.asked]
    assert [asked.authorization for asked in service.asked] == ["", ""]
    (member,) = public_key_set(key)["keys"]
    claims = []
    for form in forms:
        assertion = form["client_assertion"][0]
        assert jwt.get_unverified_header(assertion)["kid"] == member["kid"]
        verified = jwt.decode(
            assertion,
            jwt.PyJWK(member),
            algorithms=["ES256"],
            audience="http://127.0.0.1:8001",
            options={"verify_exp": False, "verify_iat": False},
        )
        claims.append(verified)
    assert {claim["iss"] for claim in claims} == {claim["sub"] for claim in claims} == {"notify-service"}
    assert claims[0]["exp"] - claims[0]["iat"] == 60
    assert claims[0]["jti"] != claims[1]["jti"]


def test_a_token_is_kept_until_near_its_expiry(service: OtherService, clock: Clock) -> None:
    token = token_of(service, clock)
    token.headers()
    clock.now = NOW + timedelta(seconds=600) - NEAR_EXPIRY - timedelta(seconds=1)
    token.headers()
    assert len(service.asked) == 1
    clock.pass_by(seconds=1)

    token.headers()

    assert len(service.asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        (401, {"error": "invalid_client"}),
        (503, {}),
        (200, b"<html>"),
        (200, {"token_type": "Bearer", "expires_in": 600}),
        (200, {"access_token": "a b", "token_type": "Bearer", "expires_in": 600}),
        (200, {"access_token": "a", "token_type": "DPoP", "expires_in": 600}),
        (200, {"access_token": "a", "token_type": "Bearer", "expires_in": 0}),
    ],
)
def test_without_a_token_the_service_is_away(service: OtherService, clock: Clock, answer: tuple[int, Any]) -> None:
    """T55: what is told names neither secret nor token."""
    service.answers[TOKEN] = answer

    with pytest.raises(ServiceAwayError, match=r"no token for licenses\.read") as caught:
        token_of(service, clock).headers()

    assert "secret" not in str(caught.value)


def test_the_secret_is_in_no_representation() -> None:
    """T47."""
    assert "s3cret" not in repr(ClientSecret("notify-service", "s3cret"))


def test_pages_are_read_to_the_last(service: OtherService, licenses: LicenseReads) -> None:
    service.answers["/v1/due-renewals"] = [page(DUE, cursor="bmV4dA"), page({**DUE, "key_id": "key-2"})]

    pages = list(licenses.due_renewals(within_days=30, expired_within_days=7))

    first = DueRenewal("key-1", ORGANIZATION, "Shops north", date(2026, 6, 8), datetime(2025, 6, 8, 9, tzinfo=UTC))
    assert [[one.key_id for one in each] for each in pages] == [["key-1"], ["key-2"]]
    assert pages[0] == [first]
    paths = [asked.path for asked in service.asked if asked.method == "GET"]
    assert paths == [
        "/v1/due-renewals?within_days=30&expired_within_days=7&limit=200",
        "/v1/due-renewals?within_days=30&expired_within_days=7&limit=200&cursor=bmV4dA",
    ]
    assert {asked.authorization for asked in service.asked[1:]} == {"Bearer a-token"}


def test_contacts_over_counts_and_numbers_are_read(service: OtherService, licenses: LicenseReads) -> None:
    at = "2026-06-01T09:00:00+00:00"
    over = {"organization_id": ORGANIZATION, "component_code": "xms", "since": at, "seats_owned": 5, "seats_in_use": 6}
    counts = {"renewals_due": 1, "expired": 2, "dark": 3, "over_count": 4}
    service.answers |= {
        "/v1/missing-contacts": page({"device_id": "d", "organization_id": ORGANIZATION, "last_contact_at": at}),
        "/v1/over-counts": page({**over, "until": None}),
        "/v1/license-counts": (200, counts),
    }

    assert list(licenses.missing_contacts(at_least_days=3, at_most_days=38)) == [
        [MissingContact("d", ORGANIZATION, NOW)]
    ]
    assert list(licenses.over_counts()) == [[OverCount(ORGANIZATION, "xms", NOW, 5, 6, None)]]
    assert licenses.counts() == LicenseCounts(1, 2, 3, 4)


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}),
        (503, {}),
        (403, {}),
        (302, {}),
        (200, []),
        (200, b"{"),
        (200, {"items": [DUE]}),
        (200, {"items": [{}], "next_cursor": None}),
        (200, {"items": [{**DUE, "issued_at": "2025-06-08T09:00:00"}], "next_cursor": None}),
    ],
)
def test_a_page_that_cannot_be_used_means_away(
    service: OtherService, licenses: LicenseReads, answer: tuple[int, Any]
) -> None:
    """What comes after it is not known: nothing may be taken for gone."""
    service.answers["/v1/due-renewals"] = answer

    with pytest.raises(ServiceAwayError):
        list(licenses.due_renewals(within_days=30, expired_within_days=30))


def test_a_token_that_is_refused_is_not_used_again(service: OtherService, licenses: LicenseReads) -> None:
    """As after a signing key was revoked."""
    service.answers["/v1/over-counts"] = [(401, {}), page()]
    with pytest.raises(ServiceAwayError):
        list(licenses.over_counts())

    list(licenses.over_counts())

    assert [asked.path for asked in service.asked].count(TOKEN) == 2


def test_recipients_and_names_are_read(service: OtherService, organizations: OrganizationReads) -> None:
    owners = {"organization_name": "Corner Shops", "locale": "es", "owners": ["owner@shop.example"]}
    service.answers |= {
        RECIPIENTS: (200, owners),
        DEVICES: [(200, {"devices": [{"id": "d0", "name": "Till"}]}), (200, {"devices": []})],
        "/v1/vendor/recipients": (200, {"addresses": ["staff@vendor.example"]}),
    }

    found = organizations.recipients(ORGANIZATION)
    names = organizations.device_names(ORGANIZATION, [f"d{number}" for number in range(51)])

    assert found == OrganizationRecipients("Corner Shops", "es", ("owner@shop.example",))
    assert names == {"d0": "Till"}
    assert [asked.path.count("id=") for asked in service.asked[-2:]] == [50, 1]
    assert organizations.vendor_addresses() == ["staff@vendor.example"]


@pytest.mark.parametrize("answer", [(404, {"code": "organization_not_found"}), (500, {}), (200, {}), (200, b"x")])
def test_what_is_wrong_of_one_organization_is_its_own_fault(
    service: OtherService, organizations: OrganizationReads, answer: tuple[int, Any]
) -> None:
    service.answers |= {RECIPIENTS: answer, DEVICES: answer, "/v1/vendor/recipients": answer}

    with pytest.raises(OrganizationUnreadableError):
        organizations.recipients(ORGANIZATION)
    with pytest.raises(OrganizationUnreadableError):
        organizations.device_names(ORGANIZATION, ["d"])
    with pytest.raises(ServiceAwayError):
        organizations.vendor_addresses()


@pytest.mark.parametrize("status", [401, 403, 429, 502, 503, 504])
def test_what_every_organization_would_meet_means_away(
    service: OtherService, organizations: OrganizationReads, status: int
) -> None:
    service.answers[RECIPIENTS] = (status, {})

    with pytest.raises(ServiceAwayError):
        organizations.recipients(ORGANIZATION)


def test_nobody_listening_means_away(service: OtherService, clock: Clock) -> None:
    nowhere = "http://127.0.0.1:1"

    with pytest.raises(ServiceAwayError, match="auth_service does not answer"):
        OrganizationReads(HttpClient(), nowhere, token_of(service, clock)).recipients(ORGANIZATION)


def test_a_key_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "client.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(pem_of(key))

    assert public_key_set(load_client_key(path)) == public_key_set(key)
    assert sorted(public_key_set(key)["keys"][0]) == ["alg", "crv", "kid", "kty", "use", "x", "y"]


@pytest.mark.parametrize("content", [None, b"no key", "ed25519", "p-384"])
def test_a_file_that_holds_no_key_of_ours_is_told(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "client.pem"
    others = {"ed25519": ed25519.Ed25519PrivateKey.generate, "p-384": lambda: ec.generate_private_key(ec.SECP384R1())}
    if content is not None:
        path.write_bytes(pem_of(others[content]()) if content in others else content)

    with pytest.raises(SettingsError, match="NOTIFY_CLIENT_KEY_FILE"):
        load_client_key(path)


def pem_of(key: Any) -> bytes:
    pem: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem
