"""Whose things a caller sees (T44).

The vendor's tools see those of every organization, a device those of its own. What belongs to another organization is
not there for it: 404, in the bytes of what never was, and never 403, which would say that it is. So the organization
goes into the statement that reads or changes a record, and no answer is looked at afterwards.
"""

from __future__ import annotations

from wire.serving.bearer import caller


def visible_organization() -> str | None:
    """Give the organization whose things the caller sees, None when it sees all; only inside a guarded view."""
    return caller().organization_id
