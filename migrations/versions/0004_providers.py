"""What several providers need: settings of places, bookmarks, choices, steps that providers keep, costs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """New columns are added in place, so that no row is copied."""
    op.add_column("runs", sa.Column("remark", sa.Text))
    op.add_column("messages", sa.Column("is_reworded", sa.Boolean, nullable=False, server_default="0"))
    op.add_column("usage", sa.Column("provider", sa.Text))
    op.add_column("usage", sa.Column("cost_nanos", sa.BigInteger))
    op.add_column("usage", sa.Column("is_estimated", sa.Boolean, nullable=False, server_default="0"))
    op.create_index("ix_usage_created_at", "usage", ["created_at"])
    hidden, columns = sa.text("hidden_at IS NOT NULL"), ["conversation_id", "epoch"]
    op.create_index("ix_messages_hidden", "messages", columns, sqlite_where=hidden, postgresql_where=hidden)
    of_places()
    of_conversations()
    of_runs()


def of_places() -> None:
    """What moderators chose."""
    op.create_table(
        "place_settings",
        sa.Column("place_kind", sa.Text, nullable=False),
        sa.Column("place_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("set_by", sa.BigInteger, nullable=False),
        sa.Column("set_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("place_kind", "place_id", "name", name="pk_place_settings"),
    )
    op.create_index("ix_place_settings_guild", "place_settings", ["guild_id"])


def of_conversations() -> None:
    """What providers need to go on."""
    op.create_table(
        "bookmarks",
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("state", sa.JSON, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "epoch", "provider", name="pk_bookmarks"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], name="fk_bookmarks_conversation_id"),
    )
    op.create_table(
        "carried",
        sa.Column("message_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_carried"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_carried_message_id"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_carried_run_id"),
    )
    op.create_index("ix_carried_run", "carried", ["run_id"])


def of_runs() -> None:
    """What else came of a run."""
    op.create_table(
        "remote_steps",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("step_id", sa.Text, nullable=False),
        sa.Column("remote_run_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("input_tokens", sa.Integer),
        sa.Column("output_tokens", sa.Integer),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "step_id", name="pk_remote_steps"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_remote_steps_run_id"),
    )
    op.create_table(
        "alternatives",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "number", name="pk_alternatives"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_alternatives_run_id"),
    )
