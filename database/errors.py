"""Every error that database raises on purpose.

DatabaseError
└── DatabaseUnavailableError   no answer: down, locked for too long, out of space; the same call may pass later
"""


class DatabaseError(Exception):
    """The root of the tree."""


class DatabaseUnavailableError(DatabaseError):
    """The database did not take the work; nothing of it was done. Answered with 503."""
