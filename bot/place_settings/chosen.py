"""What moderators chose around one place, and which of it counts there; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bot.place_settings.budget_names import BUDGET
from bot.place_settings.table import (
    MODEL,
    SETTINGS,
    TOOL,
    ConversationScope,
    Moderation,
    PromptMode,
    Trigger,
)
from bot.places import Place
from bot.providers.parameters import PARAMETERS
from bot.tools.switches import Policy, Switch, Switches, ToolApproval

MAX_OUTPUT_TOKENS, SYSTEM_PROMPT, PROMPT_MODE = "max_output_tokens", "system_prompt", "prompt_mode"
ALLOWED_ROLES = "allowed_roles"
PROMPT_SEPARATOR = "\n\n"
ONLY_IN = "Answer only in one of these languages, whatever language you are addressed in: {}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """At a place, the setting of this name has this value."""

    place: Place
    name: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceValues:
    """The choices that may count in a place: `places` is where it lies, nearest first.

    What nobody chose is the host's, in `defaults` by the names of the settings.  `refused` are the choices that the
    host does not allow any more: they count as if they were not there.
    """

    places: tuple[Place, ...] = ()
    known: Mapping[tuple[Place, str], Choice] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    refused: tuple[Choice, ...] = ()

    @property
    def stored(self) -> Mapping[tuple[Place, str], Choice]:
        """All choices, refused ones too."""
        return {**self.known, **{(choice.place, choice.name): choice for choice in self.refused}}

    @property
    def missed(self) -> tuple[Choice, ...]:
        """The refused choices that would count here if they were allowed."""
        return tuple(choice for choice in self.refused if self._would_count(choice))

    def _would_count(self, choice: Choice) -> bool:
        if choice.place not in self.places:
            return False
        nearer = self.places[: self.places.index(choice.place)]
        return not any((place, choice.name) in self.known for place in nearer)

    def deciding(self, name: str) -> Choice | None:
        """The choice that counts: the nearest place's."""
        return next(self._choices(name), None)

    def value(self, name: str) -> Any:
        """What counts: the nearest place's, the host's, or the table's."""
        choice = self.deciding(name)
        return self.default(name) if choice is None else choice.value

    def default(self, name: str) -> Any:
        """What counts where nobody chose."""
        return self.defaults.get(name, SETTINGS[name].default)

    def seen_from(self, place: Place) -> PlaceValues:
        """What counts at one of the places around."""
        return replace(self, places=self.places[self.places.index(place) :])

    @property
    def model(self) -> str:
        """Which model answers."""
        return str(self.value(MODEL.name))

    @property
    def fallback(self) -> tuple[str, ...]:
        """Which models answer instead; none: those that the host named for the model's provider."""
        return tuple(self.value("fallback") or ())

    @property
    def system_prompt(self) -> str:
        """What the model is told: the nearest prompt, after those further out that it is to be appended to."""
        prompts = list[str]()
        for choice in self._choices(SYSTEM_PROMPT):
            prompts.append(choice.value)
            if self.seen_from(choice.place).value(PROMPT_MODE) == PromptMode.REPLACE:
                break
        else:
            prompts.append(self.default(SYSTEM_PROMPT) or "")
        languages = self.value("languages")
        told = [*reversed(prompts), ONLY_IN.format(", ".join(languages)) if languages else ""]
        return PROMPT_SEPARATOR.join(filter(None, told))

    @property
    def trigger(self) -> Trigger:
        """Which messages are meant for the bot."""
        return Trigger(self.value("trigger"))

    @property
    def answer_in_thread(self) -> bool:
        """Whether each question gets a thread of its own."""
        return bool(self.value("answer_in_thread"))

    @property
    def allowed_roles(self) -> frozenset[int]:
        """Who is answered; empty: everybody."""
        return frozenset(self.value(ALLOWED_ROLES) or ())

    @property
    def blocked_roles(self) -> frozenset[int]:
        """Who is not answered."""
        return frozenset(self.value("blocked_roles") or ())

    @property
    def conversation_scope(self) -> ConversationScope:
        """Who shares a conversation in a channel."""
        return ConversationScope(self.value("conversation_scope"))

    @property
    def history_max_messages(self) -> int:
        """The most messages that a model is sent."""
        return int(self.value("history_max_messages"))

    @property
    def epoch_timeout(self) -> timedelta | None:
        """After how long a silence a new conversation begins; None: never."""
        minutes = self.value("epoch_timeout_minutes")
        return timedelta(minutes=minutes) if minutes else None

    @property
    def import_messages(self) -> int:
        """How many earlier messages are read when the bot is first used in a channel."""
        return int(self.value("import_messages"))

    @property
    def reply_max_pages(self) -> int:
        """The most Discord messages of one answer."""
        return int(self.value("reply_max_pages"))

    @property
    def show_tools(self) -> bool:
        """Whether the tools that were used are listed."""
        return bool(self.value("show_tools"))

    @property
    def show_thinking(self) -> bool:
        """Whether thinking is shown."""
        return bool(self.value("show_thinking"))

    @property
    def show_usage(self) -> bool:
        """Whether tokens and costs are told below an answer."""
        return bool(self.value("show_usage"))

    @property
    def persona_name(self) -> str | None:
        """The name that the bot answers under, if not its own."""
        found: str | None = self.value("persona_name")
        return found

    @property
    def persona_avatar(self) -> str | None:
        """The picture beside that name."""
        found: str | None = self.value("persona_avatar")
        return found

    @property
    def max_output_tokens(self) -> int:
        """The longest answer."""
        return int(self.value(MAX_OUTPUT_TOKENS))

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What else a request asks for, by the names of the table."""
        found = {name: self.value(name) for name in PARAMETERS if name != MAX_OUTPUT_TOKENS}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def tool_approval(self) -> ToolApproval:
        """Which calls wait for a person."""
        return ToolApproval(self.value("tool_approval"))

    @property
    def switches(self) -> Switches:
        """Which tools models are offered."""
        found = [choice for choice in self.known.values() if choice.name.startswith(TOOL)]
        known = [Switch(place=each.place, tool=each.name[len(TOOL) :], is_enabled=each.value) for each in found]
        return Switches(places=self.places, known={(switch.place, switch.tool): switch for switch in known})

    @property
    def tool_policy(self) -> Policy:
        """Which tools there are for models, and which calls wait for a person."""
        return Policy(switches=self.switches, approval=self.tool_approval)

    @property
    def moderation(self) -> Moderation:
        """What is checked."""
        return Moderation(self.value("moderation"))

    @property
    def retention_days(self) -> int | None:
        """After how many days what was said is deleted; None: never."""
        found: int | None = self.value("retention_days")
        return found

    @property
    def log_channel(self) -> int | None:
        """Where changes are told."""
        found: int | None = self.value("log_channel")
        return found

    @property
    def time_zone(self) -> str:
        """Where days begin, by the IANA's name."""
        return str(self.value("time_zone"))

    @property
    def budgets(self) -> tuple[Choice, ...]:
        """Every budget that counts here: of all places, because none takes the place of another."""
        return tuple(choice for choice in self.known.values() if choice.name.startswith(BUDGET))

    def _choices(self, name: str) -> Iterator[Choice]:
        """What was chosen for a setting, nearest first."""
        keys = ((place, name) for place in self.places)
        return (self.known[key] for key in keys if key in self.known)
