"""Limits and sending again: the mailbox and the instant that an email counts by, and when an operator asked for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from database.instants import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INDEXES = ("mailbox", "organization_id", "queue")


def upgrade() -> None:
    for column in ("recipient", "organization_id"):
        op.drop_index(f"ix_notifications_{column}", table_name="notifications")
    with op.batch_alter_table("notifications") as table:
        table.add_column(sa.Column("mailbox", sa.String(254), nullable=False, server_default=""))
        table.add_column(sa.Column("counted_at", Instant()))
        table.add_column(sa.Column("resent_at", Instant()))
    # Emails of before these limits count for none, but are found by their address.
    op.execute("UPDATE notifications SET mailbox = lower(recipient)")
    with op.batch_alter_table("notifications") as table:
        table.alter_column("mailbox", existing_type=sa.String(254), server_default=None)
    for column in _INDEXES:
        op.create_index(f"ix_notifications_{column}", "notifications", [column, "counted_at"])


def downgrade() -> None:
    for column in _INDEXES:
        op.drop_index(f"ix_notifications_{column}", table_name="notifications")
    with op.batch_alter_table("notifications") as table:
        for column in ("mailbox", "counted_at", "resent_at"):
            table.drop_column(column)
    for column in ("recipient", "organization_id"):
        op.create_index(f"ix_notifications_{column}", "notifications", [column, "created_at"])
