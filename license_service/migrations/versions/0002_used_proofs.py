"""Which DPoP proofs were used."""

import sqlalchemy as sa
from alembic import op

from database.instants import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "used_proofs",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_used_proofs")),
    )
    op.create_index(op.f("ix_used_proofs_ends_at"), "used_proofs", ["ends_at"])


def downgrade() -> None:
    op.drop_table("used_proofs")
