"""Pauses, refused addresses and the lease of beat; queue, organization, leases and the last fault of a notification."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.add_column(sa.Column("queue", sa.String(length=32), nullable=False, server_default="notifications"))
        batch_op.add_column(sa.Column("organization_id", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("leases", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("lost_leases", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("fault", sa.String(length=32), nullable=True))
    # Leases were counted by the attempts until now.
    op.execute("UPDATE notifications SET leases = attempts")
    op.create_index("ix_notifications_recipient", "notifications", ["recipient", "created_at"])
    op.create_index("ix_notifications_organization_id", "notifications", ["organization_id", "created_at"])
    op.create_table(
        "pauses",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fault", sa.String(length=32), nullable=False),
        sa.Column("answer", sa.String(length=255), nullable=False),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.Column("next_probe_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_pauses"),
    )
    op.create_table(
        "refused_addresses",
        sa.Column("id", sa.String(length=254), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refused_addresses"),
    )
    op.create_index("ix_refused_addresses_since", "refused_addresses", ["since"])
    op.create_table(
        "beat_leases",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=36), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_beat_leases"),
    )


def downgrade() -> None:
    op.drop_table("beat_leases")
    op.drop_table("refused_addresses")
    op.drop_table("pauses")
    op.drop_index("ix_notifications_organization_id", table_name="notifications")
    op.drop_index("ix_notifications_recipient", table_name="notifications")
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.drop_column("fault")
        batch_op.drop_column("lost_leases")
        batch_op.drop_column("leases")
        batch_op.drop_column("organization_id")
        batch_op.drop_column("queue")
