"""A grant has the id of the device authorization that it came from; the column that named it goes.

Also, what a new code or a redeem writes stands in fewer indexes.

Grants of before keep their ids, which their refresh tokens carry. A device code that was redeemed minutes before this
revision, and comes again after it, is refused as used, but no longer ends its grant.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_grants_device_authorization_id"), type_="unique")
        batch_op.drop_column("device_authorization_id")
    op.drop_index("ix_device_authorizations_device_id", table_name="device_authorizations")
    _create_partial_index(
        "ix_device_authorizations_of_device", "device_authorizations", "device_id", "device_id IS NOT NULL"
    )
    op.drop_index("ix_grants_device_id", table_name="grants")
    _create_partial_index("ix_grants_ended_of_device", "grants", "device_id", "ended_at IS NOT NULL")
    op.drop_index("ix_audit_events_event", table_name="audit_events")
    _create_partial_index("ix_audit_events_settings_changed", "audit_events", "sequence", "event = 'settings_changed'")


def downgrade() -> None:
    op.drop_index("ix_audit_events_settings_changed", table_name="audit_events")
    op.create_index("ix_audit_events_event", "audit_events", ["event"])
    op.drop_index("ix_grants_ended_of_device", table_name="grants")
    op.create_index("ix_grants_device_id", "grants", ["device_id"])
    op.drop_index("ix_device_authorizations_of_device", table_name="device_authorizations")
    op.create_index("ix_device_authorizations_device_id", "device_authorizations", ["device_id"])
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.add_column(sa.Column("device_authorization_id", sa.String(length=36), nullable=True))
    op.execute("UPDATE grants SET device_authorization_id = id")
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.alter_column("device_authorization_id", existing_type=sa.String(length=36), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_grants_device_authorization_id"), ["device_authorization_id"])


def _create_partial_index(name: str, table: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
