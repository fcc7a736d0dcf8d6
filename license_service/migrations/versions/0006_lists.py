"""Indexes in the order of the lists, so that a page costs the same however far on it is."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_index("ix_agreements_oldest_first", "agreements", ["created_at", "id"])
    op.create_index("ix_agreements_oldest_of_organization", "agreements", ["organization_id", "created_at", "id"])
    op.create_index("ix_license_keys_oldest_of_id_number", "license_keys", ["id_number", "issued_at", "id"])
    op.create_index("ix_license_keys_oldest_of_status", "license_keys", ["status", "issued_at", "id"])
    op.create_index("ix_seats_oldest_of_key", "seats", ["key_id", "claimed_at", "device_id"])


def downgrade() -> None:
    op.drop_index("ix_seats_oldest_of_key", table_name="seats")
    op.drop_index("ix_license_keys_oldest_of_status", table_name="license_keys")
    op.drop_index("ix_license_keys_oldest_of_id_number", table_name="license_keys")
    op.drop_index("ix_agreements_oldest_of_organization", table_name="agreements")
    op.drop_index("ix_agreements_oldest_first", table_name="agreements")
