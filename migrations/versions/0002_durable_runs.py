"""What a run needs to outlive its process: attempts, tool calls, how far the gateway was heard, closed places."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """New columns are added in place, so that no row is copied."""
    op.add_column("runs", sa.Column("attempt", sa.Integer, nullable=False, server_default="0"))
    op.add_column("conversations", sa.Column("closed_at", sa.BigInteger))
    op.create_table(
        "tool_calls",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("message_id", ID, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("arguments", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("output", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_tool_calls"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_tool_calls_run_id"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_tool_calls_message_id"),
        sa.UniqueConstraint("message_id", "position", name="uq_tool_calls_message_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tool_calls_run", "tool_calls", ["run_id"])
    op.create_index("ix_runs_previous", "runs", ["previous_run_id"])
    op.create_table(
        "shards",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("last_message_id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_shards"),
    )
