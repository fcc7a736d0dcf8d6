"""First tables: the ledger of notifications, and the messages set aside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from database.instants import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("template", sa.String(64), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("sealed", sa.Text()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(255), nullable=False),
        sa.Column("lease_until", Instant()),
        sa.Column("next_attempt_at", Instant()),
        sa.Column("smtp_answer", sa.String(255)),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant()),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
    )
    op.create_index("ix_notifications_state", "notifications", ["state"])
    op.create_index("ix_notifications_created_at", "notifications", ["created_at"])
    op.create_table(
        "set_aside_messages",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_set_aside_messages"),
    )


def downgrade() -> None:
    op.drop_table("set_aside_messages")
    op.drop_table("notifications")
