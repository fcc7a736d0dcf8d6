"""The calendar: what an email is about, and when each of its runs is due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from database.instants import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("notifications") as table:
        table.add_column(sa.Column("about", sa.String(200)))
        table.create_index("ix_notifications_about", ["about"])
    op.create_table(
        "scans",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("lease_until", Instant()),
        sa.Column("finished_at", Instant()),
        sa.Column("fault", sa.String(255)),
        sa.PrimaryKeyConstraint("id", name="pk_scans"),
    )


def downgrade() -> None:
    op.drop_table("scans")
    with op.batch_alter_table("notifications") as table:
        table.drop_index("ix_notifications_about")
        table.drop_column("about")
