"""Every error that database raises on purpose.

DatabaseError
└── DatabaseUnavailableError    no answer: down, locked for too long, out of space; the same call may pass later
    └── TransactionUndoneError  undone for the sake of another transaction; the same call may pass at once
"""


class DatabaseError(Exception):
    """The root of the tree."""


class DatabaseUnavailableError(DatabaseError):
    """The database did not take the work; nothing of it was done. Answered with 503."""


class TransactionUndoneError(DatabaseUnavailableError):
    """A deadlock, or a serialization failure, that this transaction was chosen to give way in (F29)."""
