"""What a part of the stack is, as data: the process table is a list of these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


LONGEST_LINE: Final = 600


@dataclass(frozen=True, slots=True)
class LogSinceStart:
    """The part's log file from where its present process began to write."""

    path: Path
    offset: int

    def text(self) -> str:
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read().decode(errors="replace")

    def last_lines(self, count: int = 15) -> str:
        return "\n".join(f"    {line[:LONGEST_LINE]}" for line in self.text().splitlines()[-count:])


Readiness = Callable[[LogSinceStart], str]
"""Gives "" when the part is ready, else what is missing yet."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process: it starts when the parts that it `needs` are ready, and is left alone only when they still run."""

    name: str
    command: tuple[str, ...]
    ready: Readiness
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    needs: tuple[str, ...] = ()
    patience_seconds: float = 90
