"""What was answered to requests that may be repeated."""

import sqlalchemy as sa
from alembic import op

from database.instants import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("claim_id", sa.String(32), nullable=False),
        sa.Column("claimed_until", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_ends_at"), "idempotency_keys", ["ends_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_idempotency_keys_ends_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
