"""The queue of each message in the outbox: what a person is waiting for goes first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("queue", sa.String(length=32), nullable=False, server_default="notifications"))
        batch_op.drop_index("ix_outbox_next_attempt_at")
        batch_op.create_index("ix_outbox_queue_next_attempt_at", ["queue", "next_attempt_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_queue_next_attempt_at")
        batch_op.create_index("ix_outbox_next_attempt_at", ["next_attempt_at"], unique=False)
        batch_op.drop_column("queue")
