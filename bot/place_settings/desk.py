"""What moderators see of the settings of a place, and how they change them there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.errors import Refusal
from bot.messages import one_line
from bot.place_settings.chosen import MAX_OUTPUT_TOKENS, SYSTEM_PROMPT, Choice, PlaceValues
from bot.place_settings.service import Edit, PlaceSettings
from bot.place_settings.table import MODEL, TOOL, setting, value_of
from bot.places import Place, PlaceKind, Reach, named, reached
from bot.providers.parameters import PARAMETERS
from bot.setting import Kind, Setting, written
from bot.store.setting_changes import Change

SERVER_TOOLS = "server_tools"  # by its name in the table of parameters
MAX_SHOWN_CHARACTERS = 60  # a page of settings has to fit one message of 4000
LEFT_TO_THE_PROVIDER, NOT_SET = "left to the provider", "not set"
OF_SERVERS = "`{name}` counts for a whole server"


class Models(Protocol):
    """Which models the host lets moderators choose."""

    def references(self) -> Sequence[str]:
        """Those that are known by name, each `provider/model`."""

    def known(self, reference: str) -> bool:
        """Whether one may be chosen."""

    def server_tools(self, reference: str) -> Sequence[str]:
        """The kinds of its provider's own tools that one may be given."""

    def facts(self, reference: str) -> str:
        """How much one reads and what it costs, as far as that is known."""

    def warning(self, reference: str) -> str | None:
        """That one is going or has gone, in a sentence."""


class Switchable(Protocol):
    """Knows what can be switched."""

    def switchable(self, guild_id: int) -> Sequence[str]:
        """The names of a guild's tools, then those of their groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What holds after somebody changed something, in a sentence, and what was changed; nothing if it was so before."""

    sentence: str
    changes: tuple[Change, ...] = ()


class SettingDesk:
    """Shows the settings of a place and changes them; whether a person may, has been asked before."""

    def __init__(
        self,
        settings: PlaceSettings,
        models: Models,
        tools: Switchable,
        *,
        window_tokens: int,
        count_tokens: Callable[[str], int],
    ) -> None:
        self.models = models
        self.tools = tools
        self._settings = settings
        self._max_tokens = window_tokens // 2  # so that the conversation has room too
        self._count_tokens = count_tokens

    async def place(self, guild_id: int | None, channel_id: int, reach: Reach, name: str = "") -> Place:
        """The place that somebody means from where they are; what is a server's is so whatever they say.

        Raises: Refusal.
        """
        places = await self._settings.places(guild_id, channel_id)
        if not name or not setting(name).is_of_guild:
            return reached(places, reach)
        if places[-1].kind is not PlaceKind.GUILD:
            raise Refusal(f"{OF_SERVERS.format(name=setting(name).name)}, and a direct message lies in none.")
        return places[-1]

    async def choose(
        self, guild_id: int | None, channel_id: int, place: Place, name: str, text: str, user_id: int
    ) -> Kept:
        """Set a value at a place; the sentence is on what holds then in the channel.  Raises: Refusal."""
        choice = Choice(place=place, name=setting(name).name, value=value_of(name, text))
        before = await self._settings.last_of(place, choice.name)
        edit = Edit(place=place, name=choice.name, value=choice.value)
        changes = await self.change(guild_id, channel_id, [edit], user_id)
        told = f"`{choice.name}` is {shown(choice)} in {called(place, guild_id)} now{self._noted(choice)}."
        if before is not None and before.changed_by != user_id and before.new_value not in (None, choice.value):
            was = in_words(setting(choice.name), before.new_value)
            told += f" It was {was}, chosen by <@{before.changed_by}> <t:{int(before.changed_at.timestamp())}:R>."
        deciding = (await self._settings.at(guild_id, channel_id)).deciding(choice.name)
        if deciding is not None and deciding.place != place:
            nearer = f"{shown(deciding)}, as chosen for {called(deciding.place, guild_id)}"
            told += f" Where you are it is still {nearer}; `/unset` there lets it go."
        return Kept(sentence=told, changes=changes)

    async def unset(self, guild_id: int | None, channel_id: int, place: Place, name: str, user_id: int) -> Kept:
        """Have a place inherit a value again; the sentence is on what holds then in the channel.  Raises: Refusal."""
        what = setting(name)
        changes = await self._settings.change(guild_id, [Edit(place=place, name=what.name, value=None)], user_id)
        if not changes:
            raise Refusal(f"`{what.name}` is not set in {called(place, guild_id)}. `/settings` shows where it is.")
        now = self._standing(await self._settings.at(guild_id, channel_id), what, guild_id)
        told = f"`{what.name}` is not set in {called(place, guild_id)} any more. Where you are it is {now} now."
        return Kept(sentence=told, changes=changes)

    async def change(
        self,
        guild_id: int | None,
        channel_id: int,
        edits: Sequence[Edit],
        user_id: int,
        *,
        seen: Mapping[tuple[Place, str], Any] | None = None,
    ) -> tuple[Change, ...]:
        """Make these edits, if the values can be: what has changed by them.

        Raises: Refusal, too where what was `seen` has changed since.
        """
        for edit in edits:
            if edit.value is not None:
                self._check(Choice(place=edit.place, name=edit.name, value=edit.value), guild_id)
            if edit.value is not None and edit.name == SERVER_TOOLS:
                self._check_server_tools(await self.model(guild_id, channel_id), edit.value)
        return await self._settings.change(guild_id, edits, user_id, seen=seen)

    async def model_here(self, guild_id: int | None, channel_id: int) -> str:
        """Which model answers in a channel, who says so, and what is known of it.  Raises: Refusal."""
        values = await self._settings.at(guild_id, channel_id)
        told = f"`{MODEL.name}` is {self._standing(values, MODEL, guild_id)} here."
        known = [self.models.facts(values.model), self.models.warning(values.model)]
        known += [refused(choice, guild_id) for choice in values.missed if choice.name == MODEL.name]
        return "\n".join((told, *(f"-# {each}" for each in known if each)))

    async def model(self, guild_id: int | None, channel_id: int) -> str:
        """Which model answers in a channel; the host's where that cannot be found out."""
        return (await self.chosen(guild_id, channel_id)).model

    async def chosen(self, guild_id: int | None, channel_id: int) -> PlaceValues:
        """What counts in a channel; what the host chose where that cannot be found out."""
        try:
            return await self._settings.at(guild_id, channel_id)
        except Refusal:
            return await self._settings.around(())

    def objection(self, choice: Choice, guild_id: int | None) -> str | None:
        """Why a value that is in range cannot be chosen in a guild all the same; None if it can."""
        try:
            self._settings.limits.require(guild_id, choice)
            self._check(choice, guild_id)
        except Refusal as refusal:
            return str(refusal)
        return None

    def _check(self, choice: Choice, guild_id: int | None) -> None:
        """Raises: Refusal for what is in range and cannot be all the same."""
        if choice.name == MODEL.name and not self.models.known(choice.value):
            raise Refusal(f"There is no model {shown(choice)} here. Choose one that is offered while you type.")
        tool = choice.name.removeprefix(TOOL)
        if tool != choice.name and tool not in self.tools.switchable(guild_id or 0):
            raise Refusal(f"There is no tool or group named {quoted(tool)} here. `/settings` shows all of them.")
        tokens = choice.value if choice.name == MAX_OUTPUT_TOKENS else 0
        if choice.name == SYSTEM_PROMPT:
            tokens = self._count_tokens(choice.value)
        if tokens > self._max_tokens:
            has = f", and this one has about {tokens}" if choice.name == SYSTEM_PROMPT else ""
            raise Refusal(
                f"`{choice.name}` can be at most {self._max_tokens} {'tokens ' if has else ''}here{has}: half of what "
                "the model can read, so that the conversation has room too."
            )

    def _check_server_tools(self, model: str, wanted: Sequence[str]) -> None:
        """Raises: Refusal where the model's provider does not run them."""
        own = self.models.server_tools(model)
        if not all(any(kind.startswith(each) for kind in own) for each in wanted):
            listed = ", ".join(map(quoted, own)) or "none"
            raise Refusal(
                f"{quoted(model)}, which answers here, has {listed} of its provider's own tools. The host lists "
                "them as `server_tools` of a provider that speaks the responses API."
            )

    def _standing(self, values: PlaceValues, what: Setting, guild_id: int | None) -> str:
        """What counts of a setting and where that comes from."""
        choice = values.deciding(what.name)
        if choice is not None:
            return f"{shown(choice)} (chosen for {called(choice.place, guild_id)})"
        default = values.default(what.name)
        if default is not None:
            return f"{quoted(written(what, default))} (chosen by the host)"
        return unset_in_words(what)

    def _noted(self, choice: Choice) -> str:
        """What else is to be said of a choice."""
        facts = self.models.facts(choice.value) if choice.name == MODEL.name else ""
        notes = [facts] if facts else ["for the whole server"] if setting(choice.name).is_of_guild else []
        return "".join(f" ({note})" for note in notes)


def refused(choice: Choice, guild_id: int | None) -> str:
    """That a choice does not count any more."""
    where = called(choice.place, guild_id)
    return f"⚠️ {shown(choice)} was chosen for {where}, and the host does not allow it any more."


def unset_in_words(what: Setting) -> str:
    """What is said of a setting that nobody set, and that has no default."""
    return LEFT_TO_THE_PROVIDER if what.name in PARAMETERS else NOT_SET


def shown(choice: Choice) -> str:
    """The value of a choice, as it may stand in a message."""
    return in_words(setting(choice.name), choice.value)


def in_words(what: Setting, value: Any, max_characters: int = MAX_SHOWN_CHARACTERS) -> str:
    """A value as it may stand in a message that mentions nobody."""
    match what.kind:
        case Kind.ROLES:
            return " ".join(f"<@&{id}>" for id in value)
        case Kind.CHANNEL:
            return f"<#{value}>"
        case _:
            return quoted(written(what, value), max_characters)


def quoted(text: str, max_characters: int = MAX_SHOWN_CHARACTERS) -> str:
    """A text on one line, in which nothing is formatted or mentioned."""
    line = one_line(text, max_characters).replace("`", "'")
    return f"`{line}`"


def called(place: Place, guild_id: int | None) -> str:
    """A place as it is shown to who is in it or near."""
    return "this direct message" if guild_id is None and place.kind is PlaceKind.CHANNEL else named(place)
