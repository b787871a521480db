"""What moderators need: a log of changes, budgets, people who opted out, jobs, what commands took by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """New tables, and the indexes by which a person's rows are found."""
    op.create_index("ix_runs_asker", "runs", ["asker_id"])
    is_by_a_person = sa.text("author_id IS NOT NULL")
    op.create_index(
        "ix_messages_author", "messages", ["author_id"], sqlite_where=is_by_a_person, postgresql_where=is_by_a_person
    )
    of_quotes()
    of_settings()
    of_budgets()
    of_commands()
    of_people()
    op.add_column("replies", sa.Column("webhook_id", sa.BigInteger))


def of_quotes() -> None:
    """Who is quoted: of what is there already, whoever alone has that name in the conversation."""
    op.add_column("messages", sa.Column("quote_author_id", sa.BigInteger))
    is_quoting = sa.text("quote_author_id IS NOT NULL")
    op.create_index(
        "ix_messages_quoted", "messages", ["quote_author_id"], sqlite_where=is_quoting, postgresql_where=is_quoting
    )
    op.execute(
        "UPDATE messages SET quote_author_id = known.author_id FROM ("
        "SELECT conversation_id, author_name, MIN(author_id) AS author_id FROM messages WHERE author_id IS NOT NULL "
        "GROUP BY conversation_id, author_name HAVING COUNT(DISTINCT author_id) = 1) AS known "
        "WHERE messages.conversation_id = known.conversation_id AND messages.quote_author = known.author_name"
    )


def of_settings() -> None:
    """Who changed what; the switches of tools become settings like all others."""
    op.execute(
        "INSERT INTO place_settings (place_kind, place_id, name, guild_id, value, set_by, set_at) "
        "SELECT place_kind, place_id, 'tool:' || tool, guild_id, CASE WHEN is_enabled THEN 'true' ELSE 'false' END, "
        "set_by, set_at FROM tool_switches"
    )
    op.drop_table("tool_switches")
    op.create_table(
        "setting_changes",
        sa.Column("id", ID, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("place_kind", sa.Text, nullable=False),
        sa.Column("place_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("old_value", sa.JSON),
        sa.Column("new_value", sa.JSON),
        sa.Column("changed_by", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("undoes", ID),
        sa.PrimaryKeyConstraint("id", name="pk_setting_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_setting_changes_guild", "setting_changes", ["guild_id", "id"])
    op.create_index("ix_setting_changes_place", "setting_changes", ["place_id", "id"])


def of_budgets() -> None:
    """What was used, and what is reserved."""
    key = ["place_kind", "place_id", "subject", "member_id", "period", "starts_at"]
    op.create_table(
        "budget_windows",
        sa.Column("place_kind", sa.Text, nullable=False),
        sa.Column("place_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("member_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("starts_at", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("cost_nanos", sa.BigInteger, nullable=False),
        sa.Column("questions", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint(*key, name="pk_budget_windows"),
    )
    op.create_index("ix_budget_windows_guild", "budget_windows", ["guild_id"])
    op.create_index("ix_budget_windows_starts_at", "budget_windows", ["starts_at"])
    op.create_table(
        "reservations",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("windows", sa.JSON, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("cost_nanos", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_reservations"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_reservations_run_id"),
    )


def of_commands() -> None:
    """What they took of models, with no run behind it."""
    op.create_table(
        "command_usage",
        sa.Column("id", ID, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("place_id", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("is_private", sa.Boolean, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("input_tokens", sa.Integer, nullable=False),
        sa.Column("output_tokens", sa.Integer, nullable=False),
        sa.Column("cached_tokens", sa.Integer, nullable=False),
        sa.Column("reasoning_tokens", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("provider", sa.Text),
        sa.Column("cost_nanos", sa.BigInteger),
        sa.Column("is_estimated", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_command_usage"),
        sqlite_autoincrement=True,
    )
    for name, columns in (("user", ["user_id"]), ("guild", ["guild_id"]), ("created_at", [])):
        op.create_index(f"ix_command_usage_{name}", "command_usage", [*columns, "created_at"])


def of_people() -> None:
    """Who wants to be left alone, and what was deleted when."""
    op.create_table(
        "opt_outs",
        sa.Column("user_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_opt_outs"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("done", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failure", sa.Text),
        sa.Column("user_id", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_name", "jobs", ["name", "id"])
