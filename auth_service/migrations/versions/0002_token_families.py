"""One row a token family, device keys, the status list and the audit trail.

Nothing was released before: grants start anew, and a device that had one is authorized once more.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("refresh_tokens")
    op.drop_table("grants")
    op.create_table(
        "grants",
        *_first_columns_of_grants(),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.String(length=32), nullable=True),
        sa.Column("device_authorization_id", sa.String(length=36), nullable=False),
        sa.Column("dpop_jkt", sa.String(length=43), nullable=True),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("refresh_token_digest", sa.String(length=64), nullable=False),
        sa.Column("predecessor_digest", sa.String(length=64), nullable=False),
        sa.Column("successor_seed", sa.String(length=64), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("earlier_uses", sa.Text(), nullable=False),
        *_keys_of_grants(),
        sa.UniqueConstraint("device_authorization_id", name=op.f("uq_grants_device_authorization_id")),
        sa.UniqueConstraint("status_index", name=op.f("uq_grants_status_index")),
    )
    op.create_index(op.f("ix_grants_device_id"), "grants", ["device_id"], unique=False)
    _create_partial_index("ix_grants_one_live_a_device", "device_id", "ended_at IS NULL", unique=True)
    _create_partial_index("ix_grants_seeds_to_erase", "rotated_at", "successor_seed IS NOT NULL", unique=False)

    op.create_table(
        "status_indexes",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("device_authorization_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_status_indexes")),
        sqlite_autoincrement=True,
    )
    # An approval of before has no place in the status list.
    op.execute("UPDATE device_authorizations SET status = 'denied' WHERE status = 'approved'")
    with op.batch_alter_table("device_authorizations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("dpop_jkt", sa.String(length=43), nullable=True))
        batch_op.add_column(sa.Column("code_challenge", sa.String(length=43), nullable=True))
        batch_op.add_column(sa.Column("status_index", sa.Integer(), nullable=True))

    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.add_column(sa.Column("public_keys", sa.Text(), nullable=True))

    op.create_index(op.f("ix_outbox_accepted_at"), "outbox", ["accepted_at"], unique=False)
    _create_audit_trail()


def _create_audit_trail() -> None:
    op.create_table(
        "audit_events",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=48), nullable=False),
        sa.Column("organization_id", sa.String(length=36), nullable=True),
        sa.Column("operator_id", sa.String(length=36), nullable=True),
        sa.Column("device_id", sa.String(length=36), nullable=True),
        sa.Column("client_id", sa.String(length=128), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_events")),
    )
    for column in ("device_id", "event", "organization_id"):
        op.create_index(op.f(f"ix_audit_events_{column}"), "audit_events", [column], unique=False)
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.bulk_insert(head, [{"id": 1, "sequence": 0, "hash": "0" * 64}])


def _create_partial_index(name: str, column: str, where: str, *, unique: bool) -> None:
    op.create_index(
        name, "grants", [column], unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def downgrade() -> None:
    op.drop_table("audit_head")
    op.drop_table("audit_events")
    op.drop_index(op.f("ix_outbox_accepted_at"), "outbox")
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.drop_column("public_keys")
    with op.batch_alter_table("device_authorizations", schema=None) as batch_op:
        batch_op.drop_column("status_index")
        batch_op.drop_column("code_challenge")
        batch_op.drop_column("dpop_jkt")
    op.drop_table("status_indexes")
    op.drop_table("grants")
    op.create_table(
        "grants",
        *_first_columns_of_grants(),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.String(length=32), nullable=True),
        *_keys_of_grants(),
    )
    op.create_index(op.f("ix_grants_device_id"), "grants", ["device_id"], unique=False)
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("grant_id", sa.String(length=36), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["grant_id"], ["grants.id"], name=op.f("fk_refresh_tokens_grant_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_refresh_tokens")),
    )
    op.create_index(op.f("ix_refresh_tokens_grant_id"), "refresh_tokens", ["grant_id"], unique=False)


def _first_columns_of_grants() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("client_id", sa.String(length=128), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("entitlement", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_contact_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _keys_of_grants() -> list[sa.schema.Constraint]:
    return [
        sa.ForeignKeyConstraint(["client_id"], ["clients.client_id"], name=op.f("fk_grants_client_id")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_grants_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    ]
