"""Members, channels, roles and files that a model names, found among what the person it calls for can see."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import discord
from discord import AppCommandOptionType
from discord.app_commands.transformers import CommandParameter

from bot.errors import Refusal
from bot.interactions import NOT_TAKEN
from bot.messages import one_line
from bot.tools.caller import Caller
from bot.tools.sight import is_closed, is_inside, may_view

MAX_CANDIDATES = 10  # enough to choose from, few enough to read
MAX_MEMBERS = 100  # the most that Discord looks up at once
MAX_NAME_CHARACTERS = 64
MENTION = re.compile(r"<(?:@!?|@&|#)(\d{1,20})>|(\d{15,20})")  # of a person, a role, a channel; or just an id
UNANSWERED = "Discord does not say now who or what is meant. Try again in a moment."


class Sought(ABC):
    """A value that a model wrote, which becomes what the tool's function takes when the call is carried out."""

    __slots__ = ()

    @abstractmethod
    async def found(self, caller: Caller) -> Any:
        """The value itself.  Raises: Refusal, which lists what could be meant."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named(Sought):
    """A mention, an id or a name that a model wrote for a parameter."""

    parameter: CommandParameter
    text: str

    async def found(self, caller: Caller) -> Any:
        """What is meant, as the caller can see it."""
        try:
            return await FINDERS[self.parameter.type](caller, self.text.strip(), self.parameter)
        except (*NOT_TAKEN, discord.ClientException) as error:
            raise Refusal(UNANSWERED) from error


def hint(parameter: CommandParameter) -> str:
    """How a model writes a value of this type."""
    kinds = ", ".join(each.name.replace("_", " ") for each in parameter.channel_types or ())
    return HINTS[parameter.type].format(kinds=kinds)


async def find_person(caller: Caller, written: str, _: object = None) -> discord.Member | discord.User:
    """A member of the caller's server; in a direct message, one of the two who are there."""
    wanted_id = id_of(written)
    if wanted_id == caller.user.id:
        return caller.user
    if caller.guild is None:
        return the_one("person", written, {caller.user, getattr(caller.channel, "me", caller.user)}, names_of_person)
    if wanted_id is None:
        meant = await find_by_name(caller, caller.guild, written)
        if isinstance(meant, discord.Member):
            return meant
        wanted_id = meant.id
    try:
        return await caller.guild.fetch_member(wanted_id)
    except discord.NotFound as error:
        raise Refusal(f"Nobody with the id {wanted_id} is a member of this server.") from error


async def find_by_name(caller: Caller, guild: discord.Guild, written: str) -> discord.Member | discord.User:
    """Who is called this among the members, or among those whom the question mentions."""
    people = {caller.user}
    if name := bare(written):
        people.update(await guild.query_members(name, limit=MAX_MEMBERS, cache=False))
    # Discord looks up other names than it shows, and the model knows those that the question's mentions show.
    try:
        people.update([] if caller.question_id is None else (await question_of(caller)).mentions)
    except (Refusal, *NOT_TAKEN) as error:  # who was mentioned in it is not everybody
        caller.log.info("nobody is known from the question: %s", type(error).__name__)
    return the_one("member", written, people, names_of_person)


async def find_role(caller: Caller, written: str, _: object = None) -> discord.Role:
    """A role of the caller's server."""
    return the_one("role", written, roles_of(caller), name_of)


async def find_person_or_role(
    caller: Caller, written: str, _: object = None
) -> discord.Member | discord.User | discord.Role:
    """A role where one is meant by this, else a person."""
    if any(is_named(each, written, name_of) for each in roles_of(caller)):
        return await find_role(caller, written)
    return await find_person(caller, written)


async def find_channel(caller: Caller, written: str, parameter: CommandParameter) -> Any:
    """A channel or thread of the types that the parameter takes, which the caller can see."""
    guild, member, wanted_id = caller.guild, caller.user, id_of(written)
    if guild is None or not isinstance(member, discord.Member):
        raise Refusal("There are no channels in a direct message.")
    channels: list[Any] = [*guild.channels, *guild.threads]
    if wanted_id is not None and guild.get_channel_or_thread(wanted_id) is None:
        channels += await archived(guild, wanted_id)
    right = [each for each in channels if each.type in parameter.channel_types]
    seen = [each for each in right if may_view(each, member)]
    meant = [each for each in seen if is_named(each, written, name_of)]
    inside = [each for each in meant if not is_closed(each, member) or await is_inside(each, member.id)]
    there = inside or [each for each in seen if not is_closed(each, member)]
    return the_one("channel", written, there, name_of, "here that they can see")


async def archived(guild: discord.Guild, thread_id: int) -> list[Any]:
    """The thread of this id, of which Discord tells nothing until asked; none if it is not there."""
    try:
        return [await guild.fetch_channel(thread_id)]
    except (discord.NotFound, discord.Forbidden, discord.InvalidData):
        return []


async def find_file(caller: Caller, written: str, _: object = None) -> discord.Attachment:
    """A file of the message with which the caller asked."""
    attached = [] if caller.question_id is None else (await question_of(caller)).attachments
    return the_one("file", written, attached, lambda each: (each.filename,), "attached to the question")


async def question_of(caller: Caller) -> discord.Message:
    """The message with which the caller asked.  Raises: Refusal where it is gone."""
    try:
        message: discord.Message = await caller.channel.fetch_message(caller.question_id)
    except discord.NotFound as error:
        raise Refusal("The message with the question was deleted.") from error
    return message


def roles_of(caller: Caller) -> Iterable[discord.Role]:
    """All roles of the server; a direct message has none."""
    return () if caller.guild is None else caller.guild.roles


def the_one(
    noun: str, written: str, candidates: Iterable[T], names: Callable[[T], Iterable[str]], where: str = "here"
) -> T:
    """The only candidate with this id or name.  Raises: Refusal, which lists who or what could be meant."""
    there = list(candidates)
    meant = [each for each in there if is_named(each, written, names)]
    if len(meant) == 1:
        return meant[0]
    said = one_line(written, MAX_NAME_CHARACTERS)
    if meant:
        raise Refusal(f"There is more than one {noun} named {said}. Say which by its id: {listed(meant, names)}.")
    alike = [each for each in there if any(bare(written) in bare(name) for name in names(each))] or there
    offer = f"There are: {listed(alike, names)}." if there else "There is none at all."
    raise Refusal(f"There is no {noun} named {said} {where}. {offer}")


def is_named(candidate: Any, written: str, names: Callable[[Any], Iterable[str]]) -> bool:
    """Whether this id or name, in small letters or capitals, is the candidate's."""
    wanted_id = id_of(written)
    return candidate.id == wanted_id or bare(written) in map(bare, names(candidate))


def listed(candidates: Iterable[Any], names: Callable[[Any], Iterable[str]]) -> str:
    """Some candidates by name and id."""
    named = sorted(f"{one_line(next(iter(names(each))), MAX_NAME_CHARACTERS)} ({each.id})" for each in candidates)
    more = [f"and {len(named) - MAX_CANDIDATES} more"] if len(named) > MAX_CANDIDATES else []
    return ", ".join([*named[:MAX_CANDIDATES], *more])


def names_of_person(person: discord.Member | discord.User) -> tuple[str, ...]:
    """What people call somebody, first what they see."""
    return (person.display_name, person.name, *([person.global_name] if person.global_name else []))


def name_of(thing: Any) -> tuple[str, ...]:
    """The one name of a channel or a role."""
    return (thing.name,)


def id_of(written: str) -> int | None:
    """The id that a mention holds or that stands for itself."""
    match = MENTION.fullmatch(written)
    return None if match is None else int(match[1] or match[2])


def bare(name: str) -> str:
    """A name without the sign before it, so that capitals do not matter."""
    return name.strip().lstrip("@#").casefold()


FINDERS: Mapping[AppCommandOptionType, Callable[[Caller, str, CommandParameter], Awaitable[Any]]] = {
    AppCommandOptionType.user: find_person,
    AppCommandOptionType.channel: find_channel,
    AppCommandOptionType.role: find_role,
    AppCommandOptionType.mentionable: find_person_or_role,
    AppCommandOptionType.attachment: find_file,
}
HINTS: Mapping[AppCommandOptionType, str] = {
    AppCommandOptionType.user: "somebody here: a mention, an id or a name",
    AppCommandOptionType.channel: "a channel or thread here of type {kinds}: a mention, an id or a name",
    AppCommandOptionType.role: "a role: a mention, an id or a name",
    AppCommandOptionType.mentionable: "somebody here or a role: a mention, an id or a name",
    AppCommandOptionType.attachment: "the name of a file attached to the question",
}
