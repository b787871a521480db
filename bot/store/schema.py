"""The tables.  Ids of Discord are 64 bits wide, times are integer milliseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    literal_column,
)

from bot.messages import Role
from bot.runs.model import LIVE, TERMINAL, IncompleteReason, RunKind, Status
from bot.tools.model import Need, Outcome

UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
MAX_NONCE_CHARS = 25  # Discord's limit for the nonce of a message


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as integer milliseconds: every database stores and compares that alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - interface
        return None if value is None else (value - UNIX_EPOCH) // MILLISECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - interface
        return None if value is None else UNIX_EPOCH + value * MILLISECOND


class Word(TypeDecorator[StrEnum]):
    """A member of a closed set, kept as its text, so that a new member needs no migration."""

    impl = Text
    cache_ok = True

    def __init__(self, members: type[StrEnum]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - interface
        return None if value is None else self.members(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002 - interface
        return None if value is None else self.members(value)


def status_in(column: Column[StrEnum], statuses: frozenset[Status]) -> ColumnElement[bool]:
    """Whether a status is one of these, as literals: with parameters no database would use a partial index."""
    return column.in_([literal_column(f"'{status}'") for status in sorted(statuses)])


# SQLite counts a primary key up only where its type is INTEGER, which is 64 bits wide there.
Id = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("place_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger),
    Column("scope", Text, nullable=False),
    Column("member_id", BigInteger, nullable=False),
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),  # its place was deleted, or the bot was removed from the guild
    UniqueConstraint("place_id", "scope", "member_id"),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("kind", Word(RunKind), nullable=False),
    Column("status", Word(Status), nullable=False),
    Column("model", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("place_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger),
    Column("asker_id", BigInteger, nullable=False),
    Column("question_id", BigInteger),
    Column("previous_run_id", Id, ForeignKey("runs.id")),
    Column("interaction_token", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("cancel_requested_at", UtcDateTime),
    Column("cancel_requested_by", BigInteger),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("lease_owner", Text),
    Column("lease_expires_at", UtcDateTime),
    Column("waiting_since", UtcDateTime),
    Column("incomplete_reason", Word(IncompleteReason)),
    Column("failure", Text),
    Column("text", Text, nullable=False, server_default=""),
    Column("remark", Text),  # small print that belongs below the answer: who answered instead of the model asked for
    Column("delivered_at", UtcDateTime),
    Index("ix_runs_conversation", "conversation_id", "epoch", "id"),
    Index("ix_runs_previous", "previous_run_id"),  # to delete a run, its followers are looked for
    Index("ix_runs_asker", "asker_id"),
    sqlite_autoincrement=True,  # an id is never given out twice: buttons in Discord carry it
)

IS_LIVE = status_in(runs.c.status, LIVE)
IS_TERMINAL = status_in(runs.c.status, TERMINAL)
IS_QUEUED = status_in(runs.c.status, frozenset({Status.QUEUED}))
IS_UNDELIVERED = runs.c.delivered_at.is_(None)

# What is looked for all the time is few among many: partial indexes hold only that.  PostgreSQL is told so by the
# migrations alone, because saying it here too would import its dialect, 2 MB, into every bot.
Index("ix_runs_one_live", runs.c.conversation_id, unique=True, sqlite_where=IS_LIVE)
Index("ix_runs_queued", runs.c.id, sqlite_where=IS_QUEUED)
Index("ix_runs_undelivered", runs.c.id, sqlite_where=IS_UNDELIVERED)

messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("conversation_id", Id, ForeignKey("conversations.id"), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("role", Word(Role), nullable=False),
    Column("discord_id", BigInteger, unique=True),
    Column("author_id", BigInteger),
    Column("author_name", Text),
    Column("text", Text, nullable=False),
    Column("quote_author", Text),
    Column("quote_text", Text),
    Column("quote_author_id", BigInteger),  # null where Discord did not say, or before it was kept
    # The run that answers a user's message, null while it waits; the run that wrote an answer.
    Column("run_id", Id, ForeignKey("runs.id")),
    Column("tokens", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("hidden_at", UtcDateTime),  # deleted in Discord, or replaced by a regenerated answer
    # It was given other words, or could not be checked: a moderation model has still to do so where one should.
    Column("is_reworded", Boolean, nullable=False, server_default="0"),
    Index("ix_messages_history", "conversation_id", "epoch", "run_id", "id"),
    Index("ix_messages_run", "run_id"),
    sqlite_autoincrement=True,
)

IS_BY_A_PERSON = messages.c.author_id.is_not(None)
Index("ix_messages_author", messages.c.author_id, sqlite_where=IS_BY_A_PERSON)
IS_QUOTING = messages.c.quote_author_id.is_not(None)
Index("ix_messages_quoted", messages.c.quote_author_id, sqlite_where=IS_QUOTING)
IS_HIDDEN = messages.c.hidden_at.is_not(None)
Index("ix_messages_hidden", messages.c.conversation_id, messages.c.epoch, sqlite_where=IS_HIDDEN)

run_events = Table(
    "run_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_id", Id, ForeignKey("runs.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("cause", Text, nullable=False),
    Column("from_status", Word(Status)),
    Column("to_status", Word(Status), nullable=False),
    Column("detail", JSON(none_as_null=True)),
    Index("ix_run_events_run", "run_id", "id"),
    sqlite_autoincrement=True,
)

tool_calls = Table(
    "tool_calls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_id", Id, ForeignKey("runs.id"), nullable=False),
    Column("message_id", Id, ForeignKey("messages.id"), nullable=False),  # the model's message that asks for it
    Column("position", Integer, nullable=False),
    Column("call_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("arguments", Text, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("output", Text),
    Column("outcome", Word(Outcome)),
    Column("need", Word(Need)),  # what it waits for, or waited for, from a person
    Column("decided_at", UtcDateTime),  # when the person had done so
    Column("decided_by", BigInteger),
    UniqueConstraint("message_id", "position"),
    Index("ix_tool_calls_run", "run_id"),
    sqlite_autoincrement=True,
)

# What a tool handed over for people: shown in the reply, never told to a model.
tool_files = Table(
    "tool_files",
    metadata,
    Column("id", Id, primary_key=True),
    Column("run_id", Id, ForeignKey("runs.id"), nullable=False),
    Column("call_id", Id, ForeignKey("tool_calls.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("ix_tool_files_run", "run_id"),
    Index("ix_tool_files_call", "call_id"),
    sqlite_autoincrement=True,
)

# Approved for a whole conversation: until its next epoch such calls for the same asker wait for nobody.
tool_approvals = Table(
    "tool_approvals",
    metadata,
    Column("conversation_id", Id, ForeignKey("conversations.id"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("tool", Text, primary_key=True),
    Column("asker_id", BigInteger, primary_key=True, autoincrement=False),
    Column("approved_by", BigInteger, nullable=False),
    Column("approved_at", UtcDateTime, nullable=False),
)

# Tools that moderators registered: each is an address that is asked.
http_tools = Table(
    "http_tools",
    metadata,
    Column("id", Id, primary_key=True),
    Column("guild_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("parameters", JSON(none_as_null=True), nullable=False),
    Column("method", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", Text),  # encrypted
    Column("needs_approval", Boolean, nullable=False),
    Column("is_idempotent", Boolean, nullable=False),
    Column("timeout_seconds", Float, nullable=False),
    Column("role_ids", JSON, nullable=False),
    Column("channel_ids", JSON, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("created_by", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    UniqueConstraint("guild_id", "name"),
    sqlite_autoincrement=True,
)

http_tool_calls = Table(
    "http_tool_calls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tool_id", Id, ForeignKey("http_tools.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("run_id", BigInteger),
    Column("status", Integer),
    Column("milliseconds", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Index("ix_http_tool_calls_tool", "tool_id", "id"),
    sqlite_autoincrement=True,
)

reminders = Table(
    "reminders",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("guild_id", BigInteger),
    Column("channel_id", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("call_id", BigInteger, unique=True),  # the model's call that asked for it, so that it is there once
    Column("sent_at", UtcDateTime),
    Column("failure", Text),
    Index("ix_reminders_user", "user_id"),
    sqlite_autoincrement=True,
)

IS_UNSENT = reminders.c.sent_at.is_(None)
Index("ix_reminders_due", reminders.c.due_at, sqlite_where=IS_UNSENT)

# What moderators were told once.
notices = Table(
    "notices",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", Text, primary_key=True),
    Column("told_at", UtcDateTime, nullable=False),
)

# Guilds that the bot was removed from, until what they had is deleted.
lost_guilds = Table(
    "lost_guilds",
    metadata,
    Column("guild_id", BigInteger, primary_key=True, autoincrement=False),
    Column("lost_at", UtcDateTime, nullable=False),
)

# What moderators chose for a place: by the name of a parameter or a setting, as JSON; the nearest place wins.
place_settings = Table(
    "place_settings",
    metadata,
    Column("place_kind", Text, primary_key=True),
    Column("place_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("guild_id", BigInteger),
    Column("value", JSON, nullable=False),
    Column("set_by", BigInteger, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    Index("ix_place_settings_guild", "guild_id"),
)

# Who changed what from what to what; null is a value that was not set.
setting_changes = Table(
    "setting_changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("guild_id", BigInteger),
    Column("place_kind", Text, nullable=False),
    Column("place_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("old_value", JSON(none_as_null=True)),
    Column("new_value", JSON(none_as_null=True)),
    Column("changed_by", BigInteger, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("undoes", Id),  # the change that this one took back
    Index("ix_setting_changes_guild", "guild_id", "id"),
    Index("ix_setting_changes_place", "place_id", "id"),
    sqlite_autoincrement=True,
)

# What was used of a budget since its period began, with what is reserved for requests that are under way.
budget_windows = Table(
    "budget_windows",
    metadata,
    Column("place_kind", Text, primary_key=True),
    Column("place_id", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", Text, primary_key=True),  # for whom it counts, as in the name of a budget
    Column("member_id", BigInteger, primary_key=True, autoincrement=False),  # 0 where people share it
    Column("period", Text, primary_key=True),
    Column("starts_at", UtcDateTime, primary_key=True, autoincrement=False),
    Column("guild_id", BigInteger),
    Column("tokens", BigInteger, nullable=False),
    Column("cost_nanos", BigInteger, nullable=False),
    Column("questions", Integer, nullable=False),
    Index("ix_budget_windows_guild", "guild_id"),
    Index("ix_budget_windows_starts_at", "starts_at"),
)

# What the request of a run that is under way may take at the most, and of which windows.
reservations = Table(
    "reservations",
    metadata,
    Column("run_id", Id, ForeignKey("runs.id"), primary_key=True),
    Column("windows", JSON, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("cost_nanos", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# People whom the bot neither answers nor reads.
opt_outs = Table(
    "opt_outs",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("since", UtcDateTime, nullable=False),
)

# Each time that something was done in the background, to be watched.
jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("guild_id", BigInteger),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("done", Integer, nullable=False, server_default="0"),  # how many things, as the job counts them
    Column("failure", Text),
    Column("user_id", BigInteger),  # whose data it deletes, until it has
    Index("ix_jobs_name", "name", "id"),
    sqlite_autoincrement=True,
)

# What a provider needs to go on with a conversation that it keeps itself: ids of its own, how far it knows ours.
bookmarks = Table(
    "bookmarks",
    metadata,
    Column("conversation_id", Id, ForeignKey("conversations.id"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("state", JSON, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

# What a provider gave beside the calls of a message and wants back with them; only while the run is live.
carried = Table(
    "carried",
    metadata,
    Column("message_id", Id, ForeignKey("messages.id"), primary_key=True),
    Column("run_id", Id, ForeignKey("runs.id"), nullable=False),
    Column("data", JSON, nullable=False),
    Index("ix_carried_run", "run_id"),
)

# The steps of runs that a provider keeps, as it reports them.
remote_steps = Table(
    "remote_steps",
    metadata,
    Column("run_id", Id, ForeignKey("runs.id"), primary_key=True),
    Column("step_id", Text, primary_key=True),
    Column("remote_run_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("changed_at", UtcDateTime, nullable=False),
)

# Answers to pick from, where several were asked for; the one that was picked is the run's text.
alternatives = Table(
    "alternatives",
    metadata,
    Column("run_id", Id, ForeignKey("runs.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
)

replies = Table(
    "replies",
    metadata,
    Column("run_id", Id, ForeignKey("runs.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("place_id", BigInteger, nullable=False),
    Column("nonce", String(MAX_NONCE_CHARS), nullable=False, unique=True),
    Column("discord_id", BigInteger, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("posted_at", UtcDateTime),
    Column("webhook_id", BigInteger),  # of ours that posted it and alone can change it; null: the bot itself
)

usage = Table(
    "usage",
    metadata,
    Column("run_id", Id, ForeignKey("runs.id"), primary_key=True),
    Column("model", Text, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("reasoning_tokens", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("provider", Text),  # that counted last, null before there were several
    Column("cost_nanos", BigInteger),  # billionths of a US dollar; null where a part of it is unknown
    Column("is_estimated", Boolean, nullable=False, server_default="0"),  # a part of the tokens was counted by us
    Index("ix_usage_created_at", "created_at"),  # a month is summed up, whatever was before it
)

# The same for a command that had a model do something by itself, with no run behind it.
command_usage = Table(
    "command_usage",
    metadata,
    Column("id", Id, primary_key=True),
    Column("guild_id", BigInteger),
    Column("place_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("is_private", Boolean, nullable=False),  # nobody else saw what came of it
    Column("model", Text, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("reasoning_tokens", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("provider", Text),
    Column("cost_nanos", BigInteger),
    Column("is_estimated", Boolean, nullable=False),
    Index("ix_command_usage_user", "user_id", "created_at"),
    Index("ix_command_usage_guild", "guild_id", "created_at"),
    Index("ix_command_usage_created_at", "created_at"),
    sqlite_autoincrement=True,
)

shards = Table(
    "shards",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("last_message_id", BigInteger, nullable=False),  # everything up to this one has been seen
)
