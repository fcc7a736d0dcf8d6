"""One verifier, ours or of another maker, before which the catalogue is brought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.conformance.hostile_tokens import HOSTILE_TOKENS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.hostile_tokens import Draft


@dataclass(frozen=True)
class Gate:
    """`good` is a token that the verifier accepts; `accepts` says whether it accepts any text."""

    good: Draft
    accepts: Callable[[str], bool]
    carried_in_a_header: bool = False

    def accepted(self) -> list[str]:
        """Give the names of the hostile tokens that pass; those that no header can carry are not tried on HTTP."""
        texts = {token.name: token.make(self.good) for token in HOSTILE_TOKENS}
        return [name for name, text in texts.items() if self._arrives(text) and self.accepts(text)]

    def _arrives(self, text: str) -> bool:
        # RFC 9110 §5.5: without white space around it, and printable.
        return not self.carried_in_a_header or (text.isascii() and text.isprintable() and text == text.strip())


def refused_by(verify: Callable[[str], object], refusal: type[Exception]) -> Callable[[str], bool]:
    """Make an `accepts` of a function that raises `refusal`."""

    def accepts(token: str) -> bool:
        try:
            verify(token)
        except refusal:
            return False
        return True

    return accepts
