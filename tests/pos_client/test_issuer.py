"""Finding the authorization server (RFC 8414 §3), and what counts as contact: F46, T31."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pos_client.errors import NoContactError, RefusedError
from pos_client.issuer import METADATA_SECONDS, Issuer, _well_known
from tests.pos_client.issuer_simulator import DEVICE_AUTHORIZATION, METADATA, TOKEN, OAuthError
from wire.http_client import HttpClient

if TYPE_CHECKING:
    from typing import Any

    from tests.pos_client.clock import Clock
    from tests.pos_client.issuer_simulator import IssuerSimulator


def test_the_endpoints_come_from_the_metadata(issuer: Issuer, simulator: IssuerSimulator) -> None:
    metadata = issuer.metadata()

    assert metadata.token_endpoint == simulator.issuer + TOKEN
    assert metadata.device_authorization_endpoint == simulator.issuer + DEVICE_AUTHORIZATION


@pytest.mark.parametrize(
    ("issuer_url", "address"),
    [
        ("https://auth.example", "https://auth.example/.well-known/oauth-authorization-server"),
        ("https://auth.example/", "https://auth.example/.well-known/oauth-authorization-server"),
        ("https://auth.example:8443/a/b", "https://auth.example:8443/.well-known/oauth-authorization-server/a/b"),
    ],
)
def test_section_3_1_the_well_known_path_stands_between_host_and_path(issuer_url: str, address: str) -> None:
    assert _well_known(issuer_url) == address


def test_section_3_3_the_metadata_of_another_issuer_is_not_used(issuer: Issuer, simulator: IssuerSimulator) -> None:
    """ "If these values are not identical, the data contained in the response MUST NOT be used." """
    simulator.metadata_extra = {"issuer": "https://evil.example"}

    with pytest.raises(NoContactError, match="another issuer"):
        issuer.metadata()


@pytest.mark.parametrize(
    "extra",
    [
        {"token_endpoint": "http://evil.example/token"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"device_authorization_endpoint": "https://" + "a" * 3000},
        {"issuer": 7},
    ],
)
def test_metadata_that_would_send_secrets_elsewhere_is_not_used(
    issuer: Issuer, simulator: IssuerSimulator, extra: dict[str, Any]
) -> None:
    simulator.metadata_extra = extra

    with pytest.raises(NoContactError):
        issuer.metadata()


def test_metadata_is_asked_for_once_in_a_while(http: HttpClient, simulator: IssuerSimulator, clock: Clock) -> None:
    issuer = Issuer(http, simulator.issuer, monotonic=clock.monotonic)
    issuer.metadata()
    clock.advance(seconds=METADATA_SECONDS - 1)
    issuer.metadata()
    assert len(simulator.asked(METADATA)) == 1
    clock.advance(seconds=1)
    issuer.metadata()

    assert len(simulator.asked(METADATA)) == 2


@pytest.mark.parametrize(
    ("trouble", "may_have_arrived", "retry_after"),
    [
        ("503", False, 120),
        ("429", False, 120),
        ("500", True, None),
        ("html", True, None),
        ("flood", True, None),
        ("hang_up", True, None),
        ("silence", True, None),
    ],
)
def test_anything_but_a_proper_answer_is_no_contact(
    issuer: Issuer, simulator: IssuerSimulator, trouble: str, may_have_arrived: object, retry_after: int | None
) -> None:
    """F46: and it is known whether the request may have been carried out all the same."""
    simulator.trouble(TOKEN, trouble)

    with pytest.raises(NoContactError) as fault:
        issuer.post(simulator.issuer + TOKEN, {"grant_type": "x"})

    assert (fault.value.may_have_arrived, fault.value.retry_after_seconds) == (may_have_arrived, retry_after)


def test_a_connection_that_was_refused_carried_nothing(http: HttpClient, simulator: IssuerSimulator) -> None:
    issuer = Issuer(http, simulator.issuer)
    simulator.close()

    with pytest.raises(NoContactError) as fault:
        issuer.metadata()
    assert not fault.value.may_have_arrived


def test_an_interrupted_tls_connection_carried_nothing(simulator: IssuerSimulator) -> None:
    """F46: TLS that cannot be verified is no contact."""
    issuer = Issuer(HttpClient(connect_seconds=0.5, read_seconds=0.5), simulator.issuer.replace("http:", "https:"))

    with pytest.raises(NoContactError) as fault:
        issuer.metadata()
    assert not fault.value.may_have_arrived


def test_an_oauth_error_is_a_refusal_with_its_reason(issuer: Issuer, simulator: IssuerSimulator) -> None:
    simulator.refusal = OAuthError("invalid_client", 401, reason="client_unknown")

    with pytest.raises(RefusedError) as refused:
        issuer.post(simulator.issuer + TOKEN, {"grant_type": "x"})
    assert (refused.value.error, refused.value.reason) == ("invalid_client", "client_unknown")


@pytest.mark.parametrize(
    ("status", "document"),
    [
        (400, {}),
        (400, {"error": ""}),
        (400, {"error": 7}),
        (400, {"error": "a\nb"}),
        (400, {"error": "x", "reason": 7}),
    ],
)
def test_a_400_that_is_no_oauth_error_is_no_contact(
    issuer: Issuer, simulator: IssuerSimulator, status: int, document: dict[str, Any]
) -> None:
    """F46: never act on a 4xx that did not come from our issuer with a proper OAuth error."""
    simulator.refusal = OAuthError("x")
    simulator.refusal.answer = (status, document)

    with pytest.raises(NoContactError):
        issuer.post(simulator.issuer + TOKEN, {"grant_type": "x"})


@pytest.mark.parametrize("status", [403, 404, 405, 418])
def test_an_oauth_error_with_a_foreign_status_is_no_contact(
    issuer: Issuer, simulator: IssuerSimulator, status: int
) -> None:
    simulator.refusal = OAuthError("invalid_grant", status)

    with pytest.raises(NoContactError):
        issuer.post(simulator.issuer + TOKEN, {"grant_type": "x"})
