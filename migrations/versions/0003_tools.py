"""What tools need: approvals and files of calls, switches, tools of moderators, reminders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """New columns are added in place, so that no row is copied."""
    op.add_column("runs", sa.Column("waiting_since", sa.BigInteger))
    op.add_column("tool_calls", sa.Column("outcome", sa.Text))
    op.add_column("tool_calls", sa.Column("need", sa.Text))
    op.add_column("tool_calls", sa.Column("decided_at", sa.BigInteger))
    op.add_column("tool_calls", sa.Column("decided_by", sa.BigInteger))
    of_calls()
    of_places()
    of_moderators()
    of_people()


def of_calls() -> None:
    """What calls hand over, and what was approved beforehand."""
    op.create_table(
        "tool_files",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("call_id", ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tool_files"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_tool_files_run_id"),
        sa.ForeignKeyConstraint(["call_id"], ["tool_calls.id"], name="fk_tool_files_call_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tool_files_run", "tool_files", ["run_id"])
    op.create_index("ix_tool_files_call", "tool_files", ["call_id"])
    op.create_table(
        "tool_approvals",
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("tool", sa.Text, nullable=False),
        sa.Column("asker_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("approved_by", sa.BigInteger, nullable=False),
        sa.Column("approved_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "epoch", "tool", "asker_id", name="pk_tool_approvals"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_tool_approvals_conversation_id"),
    )


def of_places() -> None:
    """Which tools are offered where, what moderators were told of them, and which guilds were lost."""
    op.create_table(
        "tool_switches",
        sa.Column("place_kind", sa.Text, nullable=False),
        sa.Column("place_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("tool", sa.Text, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("is_enabled", sa.Boolean, nullable=False),
        sa.Column("set_by", sa.BigInteger, nullable=False),
        sa.Column("set_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("place_kind", "place_id", "tool", name="pk_tool_switches"),
    )
    op.create_index("ix_tool_switches_guild", "tool_switches", ["guild_id"])
    op.create_table(
        "notices",
        sa.Column("guild_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("told_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "subject", name="pk_notices"),
    )
    op.create_table(
        "lost_guilds",
        sa.Column("guild_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("lost_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_lost_guilds"),
    )


def of_moderators() -> None:
    """Tools that moderators registered, and each use of one."""
    op.create_table(
        "http_tools",
        sa.Column("id", ID, nullable=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.Text),
        sa.Column("needs_approval", sa.Boolean, nullable=False),
        sa.Column("is_idempotent", sa.Boolean, nullable=False),
        sa.Column("timeout_seconds", sa.Float, nullable=False),
        sa.Column("role_ids", sa.JSON, nullable=False),
        sa.Column("channel_ids", sa.JSON, nullable=False),
        sa.Column("is_enabled", sa.Boolean, nullable=False),
        sa.Column("created_by", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_http_tools"),
        sa.UniqueConstraint("guild_id", "name", name="uq_http_tools_guild_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "http_tool_calls",
        sa.Column("id", ID, nullable=False),
        sa.Column("tool_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("run_id", sa.BigInteger),
        sa.Column("status", sa.Integer),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_http_tool_calls"),
        sa.ForeignKeyConstraint(["tool_id"], ["http_tools.id"], name="fk_http_tool_calls_tool_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_http_tool_calls_tool", "http_tool_calls", ["tool_id", "id"])


def of_people() -> None:
    """What people asked to be reminded of."""
    op.create_table(
        "reminders",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("call_id", sa.BigInteger),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("failure", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_reminders"),
        sa.UniqueConstraint("call_id", name="uq_reminders_call_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reminders_user", "reminders", ["user_id"])
    unsent = sa.text("sent_at IS NULL")
    op.create_index("ix_reminders_due", "reminders", ["due_at"], sqlite_where=unsent, postgresql_where=unsent)
