"""The stored conversations of a place, as a person may see them: pages, a search, and the whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.errors import Refusal
from bot.matching import folded, holds, terms
from bot.messages import Role
from bot.runs.context import TOKENS_PER_MESSAGE
from bot.runs.history_text import PAGE_LENGTH, found_text, label, page_text
from bot.runs.past import Kept, Remembered, UsedTool
from bot.runs.run_place import Places
from bot.runs.service import Where
from bot.store import conversations, history, tool_calls
from bot.store.conversations import Conversation, Place, Scope
from bot.store.database import Database, Transaction
from bot.store.history import Entry, Written
from bot.store.tool_calls import StoredCall

CHUNK_LENGTH = 200  # messages that are read at once: a few milliseconds, so that nobody waits for them
MAX_SUGGESTIONS = 25  # as Discord allows


class Homes(Protocol):
    """Knows whose conversation it is that somebody takes part in."""

    async def place(self, where: Where, *, is_private: bool = False) -> Place:
        """What it is found by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """A page as it is shown; `has_older` if further pages follow."""

    text: str
    has_older: bool


class History:
    """Reads what is stored of the conversations in a place."""

    def __init__(self, database: Database, homes: Homes, settings: Places, *, window_tokens: int) -> None:
        """The model reads the newest of a conversation, as many as fit the window with its answer."""
        self._database = database
        self._homes = homes
        self._settings = settings
        self._window_tokens = window_tokens

    async def page(self, where: Where, number: int, *, is_private: bool = False) -> HistoryPage:
        """A page of what has been said since the last reset, newest first; pages are counted from 0.

        Raises: Refusal.
        """
        place = await self._homes.place(where, is_private=is_private)
        chosen = await self._settings.at(where.guild_id, where.channel_id)
        offset = number * PAGE_LENGTH
        async with self._database.read() as transaction:
            conversation = await conversations.known(transaction, place)
            if conversation is None:
                return HistoryPage(text=page_text((), number=number, count=0, read=0), has_older=False)
            count = await history.count(transaction, conversation)
            found = await history.page(transaction, conversation, limit=PAGE_LENGTH, offset=offset)
            tokens = await history.newest_tokens(transaction, conversation, chosen.history_max_messages)
            calls = await _calls(transaction, found)
        read = fitting(tokens, self._window_tokens - chosen.max_output_tokens)
        shown = [
            remembered(entry, place, calls, _remarks(entry, is_read=offset + index < read))
            for index, entry in enumerate(found)
        ]
        text = page_text(shown, number=number, count=count, read=read)
        return HistoryPage(text=text, has_older=offset + len(found) < count)

    async def search(self, where: Where, words: str, number: int) -> HistoryPage:
        """A page of the messages with all these words that were ever said here and that the person may see.

        Raises: Refusal where there is no word.
        """
        wanted, skipped = terms(words), number * PAGE_LENGTH
        if not wanted:
            raise Refusal("Give at least one word to look for.")
        found: list[Remembered] = []
        async for conversation, entries in self._newest_first(where):
            for entry in entries:
                if not holds(_words(entry), wanted):
                    continue
                if skipped:
                    skipped -= 1
                    continue
                if len(found) == PAGE_LENGTH:
                    return HistoryPage(text=found_text(found, words, number=number), has_older=True)
                found.append(remembered(entry, conversation.place, {}, _whence(entry, conversation)))
        return HistoryPage(text=found_text(found, words, number=number), has_older=False)

    async def latest(self, where: Where, typed: str) -> Sequence[tuple[str, int]]:
        """The newest messages that Discord holds, with their ids there, as far as they hold what was typed."""
        place, wanted = await self._homes.place(where), folded(typed)
        async with self._database.read() as transaction:
            conversation = await conversations.known(transaction, place)
            if conversation is None:
                return ()
            entries = await history.page(transaction, conversation, limit=CHUNK_LENGTH, offset=0)
        named = {
            entry.shown_in: label(remembered(entry, place, {}, ())) for entry in reversed(entries) if entry.shown_in
        }
        found = [(name, id) for id, name in reversed(named.items()) if wanted in folded(f"{name} {id}")]
        return found[:MAX_SUGGESTIONS]

    async def whole(self, where: Where, *, is_private: bool, is_moderator: bool) -> AsyncIterator[Kept]:
        """All that is kept of a conversation, oldest first, read little by little.

        What tools were given and what they returned is for who asked, and for moderators.
        """
        place = await self._homes.place(where, is_private=is_private)
        async with self._database.read() as transaction:
            conversation = await conversations.known(transaction, place)
            if conversation is None:
                return
            spoken = await history.epochs(transaction, conversation.id)
        for epoch in spoken:
            async for each in self._epoch(conversation, epoch, None if is_moderator else where.user_id):
                yield each

    async def _epoch(self, conversation: Conversation, epoch: int, viewer_id: int | None) -> AsyncIterator[Kept]:
        position, counted = history.BEGINNING, 0
        while True:
            async with self._database.read() as transaction:
                entries = await history.after(transaction, conversation.id, epoch, position, CHUNK_LENGTH)
                is_last = len(entries) < CHUNK_LENGTH
                if is_last:
                    entries += await history.unanswered(transaction, conversation.id, epoch)
                calls = await _calls(transaction, entries)
                costs = await history.costs(transaction, {entry.message.run_id or 0 for entry in entries})
            for entry in entries:
                run_id = entry.message.run_id or 0
                is_counted = entry.message.role is Role.USER or run_id == counted
                run = costs.get(run_id)
                is_open = run is None or viewer_id in (None, run.asker_id)
                yield kept(entry, conversation.place, calls, None if is_counted else run, is_open=is_open)
                counted = counted if is_counted else run_id
            if is_last:
                return
            position = entries[-1].message.run_id or 0, entries[-1].message.id

    async def _newest_first(self, where: Where) -> AsyncIterator[tuple[Conversation, Sequence[Entry]]]:
        """All that a person may see of what was said in a place, conversation after conversation, newest first."""
        async with self._database.read() as transaction:
            seen = await conversations.seen_by(transaction, where.channel_id, where.user_id)
        for conversation in seen:
            async with self._database.read() as transaction:
                spoken = await history.epochs(transaction, conversation.id)
            for epoch in reversed(spoken):
                async with self._database.read() as transaction:
                    entries = (await history.unanswered(transaction, conversation.id, epoch))[::-1]
                position: tuple[int, int] | None = None
                while True:
                    yield conversation, entries
                    async with self._database.read() as transaction:
                        entries = await history.before(transaction, conversation.id, epoch, position, CHUNK_LENGTH)
                    if not entries:
                        break
                    position = entries[-1].message.run_id or 0, entries[-1].message.id


def fitting(tokens: Sequence[int], room: int) -> int:
    """How many of the newest messages, of which these are the tokens, fit into the room; roughly."""
    for number, needed in enumerate(tokens):
        room -= needed + TOKENS_PER_MESSAGE
        if room < 0:
            return number
    return len(tokens)


async def _calls(transaction: Transaction, entries: Sequence[Entry]) -> Mapping[int, tuple[StoredCall, ...]]:
    """The tool calls of answers, by their messages."""
    answers = [entry.message.id for entry in entries if entry.message.role is Role.ASSISTANT]
    return await tool_calls.of_messages(transaction, answers) if answers else {}


def remembered(
    entry: Entry, place: Place, calls: Mapping[int, tuple[StoredCall, ...]], remarks: tuple[str, ...]
) -> Remembered:
    """A stored message as people see it."""
    message, is_shown = entry.message, entry.shown_in is not None and place.scope is not Scope.PRIVATE
    link = f"https://discord.com/channels/{place.guild_id or '@me'}/{place.place_id}/{entry.shown_in}"
    return Remembered(
        role=message.role,
        author=message.author_name or "",
        at=message.created_at,
        text=message.text,
        tools=tuple(call.name for call in calls.get(message.id, ())),
        discord_id=entry.shown_in,
        link=link if is_shown else None,
        remarks=remarks,
    )


def kept(
    entry: Entry,
    place: Place,
    calls: Mapping[int, tuple[StoredCall, ...]],
    run: Written | None,
    *,
    is_open: bool,
) -> Kept:
    """All of a stored message; `run` if it is the first that the run wrote.  Unless open, tools are only named."""
    message = entry.message
    return Kept(
        entry=remembered(entry, place, calls, ()),
        epoch=entry.epoch,
        quote_author=message.quote_author,
        quote_text=message.quote_text,
        calls=tuple(_used(call, is_open=is_open) for call in calls.get(message.id, ())),
        model=None if run is None else run.model,
        cost=None if run is None else run.cost,
    )


def _used(call: StoredCall, *, is_open: bool) -> UsedTool:
    if not is_open:
        return UsedTool(name=call.name)
    return UsedTool(name=call.name, arguments=call.arguments, output=call.output, outcome=call.outcome)


def _words(entry: Entry) -> str:
    return f"{entry.message.author_name or ''} {entry.message.text}"


def _remarks(entry: Entry, *, is_read: bool) -> tuple[str, ...]:
    if entry.message.run_id is None:
        return ("waits for an answer",)
    return () if is_read else ("no longer read by the model",)


def _whence(entry: Entry, conversation: Conversation) -> tuple[str, ...]:
    """What is said of a message that is not of the talk that goes on."""
    is_private = ("private",) if conversation.place.scope is Scope.PRIVATE else ()
    return (*is_private, *(("before a reset",) if entry.epoch < conversation.epoch else ()))
