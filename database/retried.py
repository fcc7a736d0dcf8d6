"""Do again what the database undid for the sake of another transaction (F29).

PostgreSQL ends a deadlock by undoing one of those in it, and refuses what it cannot bring into one order with others,
where isolation is set higher than its default. SQLite, with one writer, does neither.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from database.errors import TransactionUndoneError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_TRIES: Final = 5

Given = ParamSpec("Given")
Result = TypeVar("Result")


def retried(action: Callable[Given, Result]) -> Callable[Given, Result]:
    """Decorate what does one transaction, and nothing before it that is done once: undone, it is simply called again.

    At once, as who it gave way to goes on. Within a transaction around it (`Database.joined`) nothing is called again
    but that one's own. Raises TransactionUndoneError when it was undone MOST_TRIES times.
    """

    @wraps(action)
    def tried(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        for _ in range(MOST_TRIES - 1):
            try:
                return action(*args, **kwargs)
            except TransactionUndoneError:
                continue
        return action(*args, **kwargs)

    return tried
