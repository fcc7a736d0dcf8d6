"""Sites and synchronizations; the keys that there are want to be activated."""

import sqlalchemy as sa
from alembic import op

from database.instants import Instant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "sites",
        sa.Column("organization_id", sa.String(36), nullable=False),
        sa.Column("deployment_mode", sa.String(16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("activation_needed_since", Instant(), nullable=True),
        sa.Column("activated_at", Instant(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("deployment_mode IN ('cloud', 'on_premise')", name=op.f("ck_sites_deployment_mode_known")),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_sites")),
    )
    op.execute(
        "INSERT INTO sites (organization_id, deployment_mode, revision, activation_needed_since, version)"
        " SELECT organization_id, 'cloud', 1, MIN(issued_at), 1 FROM license_keys GROUP BY organization_id"
    )
    _synchronizations()


def downgrade() -> None:
    for table in ("synchronizations", "sites"):
        op.drop_table(table)


def _synchronizations() -> None:
    op.create_table(
        "synchronizations",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("organization_id", sa.String(36), nullable=False),
        sa.Column("device_id", sa.String(36), nullable=True),
        sa.Column("started_by", sa.String(120), nullable=False),
        sa.Column("trigger", sa.String(16), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("leased_until", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("added", sa.JSON(), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.CheckConstraint("\"trigger\" IN ('automatic', 'manual')", name=op.f("ck_synchronizations_trigger_known")),
        sa.CheckConstraint(
            "status IN ('running', 'succeeded', 'failed', 'interrupted')",
            name=op.f("ck_synchronizations_status_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_synchronizations")),
    )
    is_running = sa.text("status = 'running'")
    op.create_index(
        "uq_synchronizations_running",
        "synchronizations",
        ["organization_id"],
        unique=True,
        sqlite_where=is_running,
        postgresql_where=is_running,
    )
    for name, columns in (
        ("newest_first", []),
        ("newest_of_trigger", ["trigger"]),
        ("newest_of_organization", ["organization_id"]),
        ("newest_of_organization_and_trigger", ["organization_id", "trigger"]),
    ):
        op.create_index(f"ix_synchronizations_{name}", "synchronizations", [*columns, "started_at", "id"])
