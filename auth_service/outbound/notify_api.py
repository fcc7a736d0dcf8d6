"""Ask notify_service which notifications it has in its ledger, and what became of one."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from auth_service.outbound.license_api import CLIENT_ID
from wire.errors import AnswerRefusedError
from wire.notification_message import RECIPIENT_REFUSED
from wire.scopes import NOTIFICATIONS_READ

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from auth_service.tokens.token_issuer import TokenIssuer
    from wire.http_client import HttpClient


class NotifyApi:
    """notify_service, as seen from here."""

    def __init__(self, http: HttpClient, base_url: str, issuer: TokenIssuer, *, now: Callable[[], datetime]) -> None:
        self._http = http
        self._base_url = base_url
        self._issuer = issuer
        self._now = now

    def known(self, ids: Collection[UUID]) -> set[UUID]:
        """Give those of `ids` (at most a hundred) that notify_service has.

        Raises UnreachableError or AnswerRefusedError.
        """
        return set(self._faults(ids))

    def refuses_address(self, notification_id: UUID) -> bool:
        """Tell whether a mail server refused the address of this email for good (F36). Raises as `known` does."""
        return self._faults([notification_id]).get(notification_id) == RECIPIENT_REFUSED

    def _faults(self, ids: Collection[UUID]) -> dict[UUID, str | None]:
        token = self._issuer.service_token(CLIENT_ID, NOTIFICATIONS_READ, self._now())
        query = urlencode([("id", str(one)) for one in ids])
        answer = self._http.get(
            f"{self._base_url}/v1/notifications?{query}", headers={"Authorization": f"Bearer {token}"}
        )
        if answer.status != HTTPStatus.OK:
            raise AnswerRefusedError(f"notify_service answered with status {answer.status}.")
        try:
            return {UUID(str(one["id"])): one.get("fault") for one in answer.json()["items"]}
        except (KeyError, TypeError, ValueError) as fault:
            raise AnswerRefusedError("notify_service's answer is not a list of notifications.") from fault
