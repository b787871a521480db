"""What moderators see of the settings of a place, and how they change them there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from bot.errors import Refusal
from bot.matching import holds, terms
from bot.messages import one_line
from bot.place_settings.chosen import MAX_OUTPUT_TOKENS, Choice, PlaceValues
from bot.place_settings.service import Edit, PlaceSettings
from bot.place_settings.table import MODEL, SETTINGS, setting, value_of
from bot.places import Place, PlaceKind, Reach, named, reached
from bot.setting import Kind, Setting, understood, written

SERVER_TOOLS = "server_tools"  # by its name in the table of parameters
MAX_SHOWN_CHARACTERS = 60  # all settings together have to fit one message of 4000
MAX_SUGGESTIONS, MAX_SUGGESTION_CHARACTERS = 25, 100  # as Discord allows
LEGEND = (
    "-# `/set` changes a value, and says what it may be while you type; `/unset` takes it back. The nearest of thread, "
    "channel, category, server counts."
)
LEFT_TO_THE_PROVIDER = "left to the provider"

Suggestion = tuple[str, str]  # what is shown, and the value it stands for


class Models(Protocol):
    """Which models the host lets moderators choose."""

    def references(self) -> Sequence[str]:
        """Those that are known by name, each `provider/model`."""

    def known(self, reference: str) -> bool:
        """Whether one may be chosen."""

    def server_tools(self, reference: str) -> Sequence[str]:
        """The kinds of its provider's own tools that one may be given."""


class SettingDesk:
    """Shows the settings of a place and changes them; whether a person may, has been asked before."""

    def __init__(self, settings: PlaceSettings, models: Models, *, window_tokens: int) -> None:
        self._settings = settings
        self._models = models
        self._window_tokens = window_tokens

    async def place(self, guild_id: int | None, channel_id: int, reach: Reach) -> Place:
        """The place that somebody means from where they are.  Raises: Refusal."""
        return reached(await self._settings.places(guild_id, channel_id), reach)

    async def choose(
        self, guild_id: int | None, channel_id: int, place: Place, name: str, text: str, user_id: int
    ) -> str:
        """Set a value at a place, and a sentence on what holds then in the channel.  Raises: Refusal."""
        choice = Choice(place=place, name=setting(name).name, value=value_of(name, text))
        self._check(choice)
        if choice.name == SERVER_TOOLS:
            self._check_server_tools(await self.model(guild_id, channel_id), choice.value)
        await self._settings.change(guild_id, [Edit(place=place, name=choice.name, value=choice.value)], user_id)
        told = f"`{choice.name}` is {shown(choice)} in {called(place, guild_id)} now."
        deciding = (await self._settings.at(guild_id, channel_id)).deciding(choice.name)
        if deciding is None or deciding.place == place:
            return told
        nearer = f"{shown(deciding)}, as chosen for {called(deciding.place, guild_id)}"
        return f"{told} Where you are it is still {nearer}; `/unset` there lets it go."

    async def unset(self, guild_id: int | None, channel_id: int, place: Place, name: str, user_id: int) -> str:
        """Have a place inherit a value again, and a sentence on what holds then in the channel.  Raises: Refusal."""
        what = setting(name)
        if not await self._settings.change(guild_id, [Edit(place=place, name=what.name, value=None)], user_id):
            raise Refusal(f"`{what.name}` is not set in {called(place, guild_id)}. `/settings` shows where it is.")
        now = self._standing(await self._settings.at(guild_id, channel_id), what, guild_id)
        return f"`{what.name}` is not set in {called(place, guild_id)} any more. Where you are it is {now} now."

    async def one(self, guild_id: int | None, channel_id: int, name: str) -> str:
        """A sentence on what holds of a setting in a channel.  Raises: Refusal."""
        what = setting(name)
        values = await self._settings.at(guild_id, channel_id)
        return f"`{what.name}` is {self._standing(values, what, guild_id)} here."

    async def model(self, guild_id: int | None, channel_id: int) -> str:
        """Which model answers in a channel; the host's where that cannot be found out."""
        try:
            return (await self._settings.at(guild_id, channel_id)).model
        except Refusal:
            return (await self._settings.around(())).model

    async def all(self, guild_id: int | None, channel_id: int) -> str:
        """All settings: what each is in a channel and who says so, then those that nobody chose.  Raises: Refusal."""
        values = await self._settings.at(guild_id, channel_id)
        known = {name: self._standing(values, what, guild_id) for name, what in SETTINGS.items()}
        if not self._models.server_tools(values.model):
            known[SERVER_TOOLS] = "none with the model that answers here"
        left = [f"`{name}`" for name, standing in known.items() if standing == LEFT_TO_THE_PROVIDER]
        lines = [f"`{name}`: {standing}" for name, standing in known.items() if standing != LEFT_TO_THE_PROVIDER]
        lines += [f"{LEFT_TO_THE_PROVIDER.capitalize()}: {', '.join(left)}"] if left else []
        return "\n".join(("### Settings here", *lines, LEGEND))

    def names(self, typed: str) -> list[Suggestion]:
        """The settings whose names or meanings hold what was typed; first those whose names begin with it."""
        wanted, beginning = terms(typed), typed.strip().lower()
        found = [it for it in SETTINGS.values() if holds(f"{it.name} {it.meaning}", wanted)]
        found.sort(key=lambda it: (it.name != beginning, not it.name.startswith(beginning)))
        return suggested([(f"{it.name}: {it.meaning}", it.name) for it in found])

    def values(self, name: str, typed: str) -> list[Suggestion]:
        """Values of a setting: those there are, as far as they hold what was typed; of free ones what was typed."""
        what, wanted = SETTINGS.get(name.strip().lower()), terms(typed)
        if what is None:
            return []
        match what.kind:
            case Kind.MODEL:
                offered = self._models.references()
            case Kind.CHOICE:
                offered = what.choices
            case Kind.BOOLEAN:
                offered = ("true", "false")
            case _:
                return suggested([typed_or_example(what, typed.strip())])
        return suggested((each, each) for each in offered if holds(each, wanted))

    def _check(self, choice: Choice) -> None:
        """Raises: Refusal for what is in range and cannot be all the same."""
        if choice.name == MODEL.name and not self._models.known(choice.value):
            raise Refusal(f"There is no model {shown(choice)} here. Choose one that is offered while you type.")
        most = self._window_tokens // 2
        if choice.name == MAX_OUTPUT_TOKENS and choice.value > most:
            raise Refusal(
                f"`{choice.name}` can be at most {most} here: half of what the model can read, so that the "
                "conversation has room too."
            )

    def _check_server_tools(self, model: str, wanted: Sequence[str]) -> None:
        """Raises: Refusal where the model's provider does not run them."""
        own = self._models.server_tools(model)
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
        return LEFT_TO_THE_PROVIDER


def shown(choice: Choice) -> str:
    """The value of a choice, as it may stand in a message."""
    return quoted(written(setting(choice.name), choice.value))


def quoted(text: str) -> str:
    """A text on one line, in which nothing is formatted or mentioned."""
    line = one_line(text, MAX_SHOWN_CHARACTERS).replace("`", "'")
    return f"`{line}`"


def called(place: Place, guild_id: int | None) -> str:
    """A place as it is shown to who is in it or near."""
    return "this direct message" if guild_id is None and place.kind is PlaceKind.CHANNEL else named(place)


def typed_or_example(what: Setting, typed: str) -> Suggestion:
    """What was typed, if it may be the value: Enter takes what is suggested, not what was typed.  Else the range."""
    try:
        understood(what, typed)
    except Refusal:
        return f"{what.range}, for example {what.example}", what.example
    return typed, typed


def suggested(entries: Iterator[Suggestion] | Sequence[Suggestion]) -> list[Suggestion]:
    """As many of the entries as Discord shows; a value that is too long for it has to be typed."""
    fitting = [(one_line(label, MAX_SUGGESTION_CHARACTERS), value) for label, value in entries]
    return [entry for entry in fitting if len(entry[1]) <= MAX_SUGGESTION_CHARACTERS][:MAX_SUGGESTIONS]
