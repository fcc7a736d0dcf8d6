"""Indexes in the order of what reminders are made of: renewal dates, and beginnings of over-use."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_OVER = sa.text("since IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_license_keys_soonest_first", "license_keys", ["renewal_date", "id"])
    op.drop_index("ix_license_keys_renewal_date", table_name="license_keys")
    op.create_index(
        "ix_over_counts_longest_ago",
        "over_counts",
        ["since", "organization_id", "component_code"],
        sqlite_where=_OVER,
        postgresql_where=_OVER,
    )


def downgrade() -> None:
    op.drop_index("ix_over_counts_longest_ago", table_name="over_counts")
    op.create_index("ix_license_keys_renewal_date", "license_keys", ["renewal_date"])
    op.drop_index("ix_license_keys_soonest_first", table_name="license_keys")
