"""The first tables.  Written out, not taken from the schema of today, which goes on from here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
LIVE = sa.text("status IN ('in_progress', 'queued', 'requires_action')")
QUEUED = sa.text("status IN ('queued')")
UNDELIVERED = sa.text("delivered_at IS NULL")


def upgrade() -> None:
    """Conversations, runs and their events, messages, replies, usage."""
    create_conversations()
    create_runs()
    create_messages()
    create_run_events()
    create_replies()
    create_usage()


def create_conversations() -> None:
    """What was said in one place."""
    op.create_table(
        "conversations",
        sa.Column("id", ID, nullable=False),
        sa.Column("place_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("member_id", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.UniqueConstraint("place_id", "scope", "member_id", name="uq_conversations_place_id"),
        sqlite_autoincrement=True,
    )


def create_runs() -> None:
    """Answers in the making; one live one for each conversation."""
    op.create_table(
        "runs",
        sa.Column("id", ID, nullable=False),
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("place_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("asker_id", sa.BigInteger, nullable=False),
        sa.Column("question_id", sa.BigInteger),
        sa.Column("previous_run_id", ID),
        sa.Column("interaction_token", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("cancel_requested_at", sa.BigInteger),
        sa.Column("cancel_requested_by", sa.BigInteger),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_expires_at", sa.BigInteger),
        sa.Column("incomplete_reason", sa.Text),
        sa.Column("failure", sa.Text),
        sa.Column("text", sa.Text, nullable=False, server_default=""),
        sa.Column("delivered_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_runs_conversation_id"),
        sa.ForeignKeyConstraint(["previous_run_id"], ["runs.id"], name="fk_runs_previous_run_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_runs_conversation", "runs", ["conversation_id", "epoch", "id"])
    op.create_index(
        "ix_runs_one_live", "runs", ["conversation_id"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE
    )
    op.create_index("ix_runs_queued", "runs", ["id"], sqlite_where=QUEUED, postgresql_where=QUEUED)
    op.create_index("ix_runs_undelivered", "runs", ["id"], sqlite_where=UNDELIVERED, postgresql_where=UNDELIVERED)


def create_messages() -> None:
    """What people said and what was answered."""
    op.create_table(
        "messages",
        sa.Column("id", ID, nullable=False),
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("discord_id", sa.BigInteger),
        sa.Column("author_id", sa.BigInteger),
        sa.Column("author_name", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("quote_author", sa.Text),
        sa.Column("quote_text", sa.Text),
        sa.Column("run_id", ID),
        sa.Column("tokens", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("hidden_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_messages_conversation_id"),
        sa.UniqueConstraint("discord_id", name="uq_messages_discord_id"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_messages_run_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_history", "messages", ["conversation_id", "epoch", "run_id", "id"])
    op.create_index("ix_messages_run", "messages", ["run_id"])


def create_run_events() -> None:
    """Every change of a run's status, in order."""
    op.create_table(
        "run_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("from_status", sa.Text),
        sa.Column("to_status", sa.Text, nullable=False),
        sa.Column("detail", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_run_events"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_events_run_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_run_events_run", "run_events", ["run_id", "id"])


def create_replies() -> None:
    """The Discord messages that show a run."""
    op.create_table(
        "replies",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("place_id", sa.BigInteger, nullable=False),
        sa.Column("nonce", sa.String(25), nullable=False),
        sa.Column("discord_id", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("posted_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("run_id", "number", name="pk_replies"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_replies_run_id"),
        sa.UniqueConstraint("nonce", name="uq_replies_nonce"),
        sa.UniqueConstraint("discord_id", name="uq_replies_discord_id"),
    )


def create_usage() -> None:
    """What a run cost in tokens."""
    op.create_table(
        "usage",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("input_tokens", sa.Integer, nullable=False),
        sa.Column("output_tokens", sa.Integer, nullable=False),
        sa.Column("cached_tokens", sa.Integer, nullable=False),
        sa.Column("reasoning_tokens", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_usage"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_usage_run_id"),
    )
