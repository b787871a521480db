"""Every setting that moderators choose for a place, in one table; pure.

Commands and the panel offer and refuse by it; lists, `docs/parameters.md` and `.env.example` print it.  Parameters of
a request come from the table of the providers.  Tools and budgets are families: many settings that begin alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from bot.errors import Refusal
from bot.messages import one_line
from bot.place_settings.budget_names import BUDGET, BudgetName, Unit
from bot.providers.parameters import PARAMETERS
from bot.setting import MAX_TEXT_CHARACTERS, Group, Kind, Setting, checked, understood
from bot.tools.switches import ToolApproval

MAX_NAME_CHARACTERS = 64
TOOL = "tool:"  # the family of what is switched: a tool's name follows, or group: and a group's
MAX_PROMPT_CHARACTERS = 32_000
DISCORD_NAME_CHARACTERS = 80  # of a webhook


class Trigger(StrEnum):
    """Which messages in a server's channels are meant for the bot."""

    MENTION = "mention"
    REPLY = "reply"
    ALL = "all"
    THREADS = "threads"
    OFF = "off"


class PromptMode(StrEnum):
    """What a place's prompt does with that of the next place further out."""

    REPLACE = "replace"
    APPEND = "append"


class ConversationScope(StrEnum):
    """Who shares a conversation in a server's channel."""

    CHANNEL = "channel"
    MEMBER = "member"


class Moderation(StrEnum):
    """What a moderation model looks at before people or models see it."""

    OFF = "off"
    BEFORE = "before"
    AFTER = "after"
    BOTH = "both"

    @property
    def of_questions(self) -> bool:
        """Whether what people ask is looked at."""
        return self in (Moderation.BEFORE, Moderation.BOTH)

    @property
    def of_answers(self) -> bool:
        """Whether what models answer is looked at."""
        return self in (Moderation.AFTER, Moderation.BOTH)


MODEL = Setting(
    name="model",
    kind=Kind.MODEL,
    meaning="Which model answers.",
    example="provider/model",
    group=Group.MODEL,
)
MODERATION = Setting(
    name="moderation",
    kind=Kind.CHOICE,
    meaning="Whether questions are checked before the model is asked, answers after it has answered, or both.",
    example="before",
    choices=tuple(Moderation),
    group=Group.SAFETY,
    default=Moderation.OFF,
    variable="moderation",
)

SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for setting in (
        MODEL,
        Setting(
            name="fallback",
            kind=Kind.MODELS,
            meaning="Which models answer instead, in this order, when the model cannot.",
            example="provider/model|provider/another",
            high=5,
            group=Group.MODEL,
        ),
        Setting(
            name="system_prompt",
            kind=Kind.TEXT,
            meaning="What the model is told before every conversation.",
            example="You are a patient teacher of chemistry.",
            high=MAX_PROMPT_CHARACTERS,
            group=Group.PROMPT,
            default="You are Parley, a helpful member of a Discord server. Several people may speak in one "
            "conversation; each message begins with the name of its author in parentheses. Answer in the language you "
            "are addressed in, to the point, and in Discord's Markdown.",
            variable="system_prompt",
            note="The default says what it cannot know: where it is, and that names come first.",
        ),
        Setting(
            name="prompt_mode",
            kind=Kind.CHOICE,
            meaning="Whether the prompt stands alone, or after that of the next place further out.",
            example="append",
            choices=tuple(PromptMode),
            group=Group.PROMPT,
            default=PromptMode.REPLACE,
        ),
        Setting(
            name="languages",
            kind=Kind.TEXTS,
            meaning="The languages that the model may answer in.",
            example="English|Deutsch",
            high=10,
            group=Group.PROMPT,
            variable="languages",
        ),
        Setting(
            name="trigger",
            kind=Kind.CHOICE,
            meaning="What is answered: mentions and replies, replies, all messages, threads only, or nothing.",
            example="all",
            choices=tuple(Trigger),
            group=Group.ANSWERING,
            default=Trigger.MENTION,
            variable="trigger",
            note="mention: mentions, replies to the bot, and threads it takes part in; reply: only replies to it; all: "
            "every message of a person; threads: like mention, in threads only; off: only commands. Direct messages "
            "are always answered.",
        ),
        Setting(
            name="answer_in_thread",
            kind=Kind.BOOLEAN,
            meaning="Whether each question in a channel gets a thread of its own.",
            example="true",
            group=Group.ANSWERING,
            default=False,
            variable="answer_in_thread",
        ),
        Setting(
            name="allowed_roles",
            kind=Kind.ROLES,
            meaning="Only members with one of these roles are answered; moderators always are.",
            example="1300000000000000001",
            group=Group.ANSWERING,
        ),
        Setting(
            name="blocked_roles",
            kind=Kind.ROLES,
            meaning="Members with one of these roles are not answered, unless they are moderators.",
            example="1300000000000000002",
            group=Group.ANSWERING,
        ),
        Setting(
            name="conversation_scope",
            kind=Kind.CHOICE,
            meaning="Who shares a conversation in a channel: everyone there, or each member has their own.",
            example="member",
            choices=tuple(ConversationScope),
            group=Group.ANSWERING,
            default=ConversationScope.CHANNEL,
            variable="conversation_scope",
        ),
        Setting(
            name="history_max_messages",
            kind=Kind.INTEGER,
            meaning="The most messages of a conversation that are sent to the model, if it has room.",
            example="40",
            low=1,
            high=10_000,
            group=Group.ANSWERING,
            default=200,
            variable="history_max_messages",
            note="200 are more than most windows hold, and are read in a few milliseconds.",
        ),
        Setting(
            name="epoch_timeout_minutes",
            kind=Kind.INTEGER,
            meaning="After so many minutes of silence a new conversation begins; 0 goes on for ever.",
            example="240",
            low=0,
            high=525_600,
            group=Group.ANSWERING,
            default=0,
            variable="epoch_timeout_minutes",
        ),
        Setting(
            name="import_messages",
            kind=Kind.INTEGER,
            meaning="How many earlier messages of a channel are read when the bot is first used there.",
            example="50",
            low=0,
            high=200,
            group=Group.ANSWERING,
            default=0,
            variable="import_messages",
        ),
        Setting(
            name="reply_max_pages",
            kind=Kind.INTEGER,
            meaning="The most Discord messages of one answer; a longer one is attached whole as a file.",
            example="2",
            low=1,
            high=25,
            group=Group.APPEARANCE,
            default=5,
            variable="reply_max_pages",
            note="Five messages of 2000 characters fill a screen and can be posted within one rate-limit window.",
        ),
        Setting(
            name="show_tools",
            kind=Kind.BOOLEAN,
            meaning="Whether the tools that the model used are listed below its answer.",
            example="false",
            group=Group.APPEARANCE,
            default=True,
            variable="show_tools",
        ),
        Setting(
            name="show_thinking",
            kind=Kind.BOOLEAN,
            meaning="Whether the model's thinking is shown until its answer begins.",
            example="false",
            group=Group.APPEARANCE,
            default=True,
            variable="show_thinking",
        ),
        Setting(
            name="show_usage",
            kind=Kind.BOOLEAN,
            meaning="Whether model, tokens, cost and time are told below an answer.",
            example="true",
            group=Group.APPEARANCE,
            default=False,
            variable="show_usage",
        ),
        Setting(
            name="persona_name",
            kind=Kind.NAME,
            meaning="The name that the bot answers under; it takes Manage Webhooks.",
            example="Marie Curie",
            high=DISCORD_NAME_CHARACTERS,
            group=Group.APPEARANCE,
        ),
        Setting(
            name="persona_avatar",
            kind=Kind.PICTURE,
            meaning="The picture beside that name.",
            example="https://example.org/curie.png",
            group=Group.APPEARANCE,
        ),
        *PARAMETERS.values(),
        Setting(
            name="tool_approval",
            kind=Kind.CHOICE,
            meaning="Which tool calls wait until somebody approves them: those declared so, all, or none.",
            example="always",
            choices=tuple(ToolApproval),
            group=Group.TOOLS,
            default=ToolApproval.DECLARED,
            variable="tool_approval",
            note="always: all but what only asks the person or looks for tools; never: no call waits, those of MCP "
            "servers and of HTTP tools neither. A question that a model asks is always asked.",
        ),
        MODERATION,
        Setting(
            name="retention_days",
            kind=Kind.INTEGER,
            meaning="After so many days what was said is deleted for good.",
            example="90",
            low=1,
            high=3650,
            group=Group.SAFETY,
            variable="retention_days",
            note="Not set: it is kept until the bot is removed, or a person deletes it.",
            is_of_guild=True,
        ),
        Setting(
            name="log_channel",
            kind=Kind.CHANNEL,
            meaning="The channel in which changes of settings and reached budgets are told.",
            example="1300000000000000003",
            group=Group.SAFETY,
            is_of_guild=True,
        ),
        Setting(
            name="time_zone",
            kind=Kind.ZONE,
            meaning="Where the days and months of budgets and usage begin.",
            example="Europe/Berlin",
            group=Group.SAFETY,
            default="UTC",
            variable="time_zone",
            is_of_guild=True,
        ),
    )
}

TOOLS = Setting(
    name=TOOL,
    kind=Kind.BOOLEAN,
    meaning="Whether the model is offered this tool, or the tools of this group.",
    example="false",
    group=Group.TOOLS,
    default=True,
)
BUDGETS = Setting(
    name=BUDGET,
    kind=Kind.NUMBER,
    meaning="The most that may be used in this time: of tokens, of dollars, or of questions.",
    example="100000",
    low=0,
    high=1_000_000_000_000,
    group=Group.BUDGETS,
)


def setting(name: str) -> Setting:
    """The setting of this name.  Raises: Refusal."""
    wanted = name.strip()
    found = SETTINGS.get(wanted.lower()) or _of_family(wanted)
    if found is None:
        typed, alike = one_line(name, MAX_NAME_CHARACTERS), get_close_matches(wanted.lower(), SETTINGS)
        meant = f" Did you mean {' or '.join(f'`{each}`' for each in alike)}?" if alike else ""
        raise Refusal(f"There is no setting named {typed}.{meant} `/settings` shows all there are.")
    return found


def _of_family(name: str) -> Setting | None:
    if name.startswith(TOOL) and len(TOOL) < len(name) <= MAX_TEXT_CHARACTERS:
        return replace(TOOLS, name=name)
    if name.startswith(BUDGET):
        try:
            budget = BudgetName.parse(name)
        except ValueError:
            return None
        if budget.unit is Unit.DOLLARS:
            return replace(BUDGETS, name=str(budget), example="0.50")
        return replace(BUDGETS, name=str(budget), kind=Kind.INTEGER)
    return None


def value_of(name: str, text: str) -> Any:
    """What somebody wrote as the value of a setting.  Raises: Refusal, which names it, its range and an example."""
    return understood(setting(name), text)


def is_valid(name: str, value: Any) -> bool:
    """Whether a setting still exists and may have this value: an older Parley may have stored it."""
    try:
        checked(setting(name), value)
    except (Refusal, ValueError):
        return False
    return True
