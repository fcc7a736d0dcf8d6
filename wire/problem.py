"""The problem document of every error that is not OAuth's own (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

PROBLEM_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """`code` is stable and for machines; `detail` says what was wrong and what to do; `errors` names fields."""

    status: int
    code: str
    detail: str
    errors: Mapping[str, Any] | None = field(default=None)

    def document(self) -> dict[str, Any]:
        """Give the members of RFC 9457 §3.1, and `code` and `errors` as extensions (§3.2)."""
        members: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            members["errors"] = dict(self.errors)
        return members
