"""What the commands and buttons ask of runs: each method is one thing a person can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.budgets.model import Counted
from bot.errors import Refusal
from bot.messages import spoken
from bot.place_settings.chosen import PlaceValues
from bot.runs.draft import joined
from bot.runs.model import LIVE, NOBODY, IncompleteReason, Run, RunKind
from bot.runs.queue import RunDefaults, answer_again, answer_waiting, cancel, first_try, follow
from bot.runs.run_place import Places
from bot.store import alternatives, conversations, messages, opt_outs, replies, runs
from bot.store.conversations import Conversation, Place, Scope
from bot.store.database import Database, Transaction
from bot.store.messages import NewMessage

BUSY = "An answer is being written here already. Wait for it, or stop it first."
OLD = "Only the latest answer of a conversation can be changed."
UNKNOWN = "There is no such answer any more."
OPTED_OUT = "You have opted out: I neither answer you nor read what you write. `/privacy` lets you opt in again."
AUTHOR_OPTED_OUT = "Who wrote that has opted out, so I do not read it."
NOT_YOURS = "Only the person who asked, or a moderator, can do that."
UNASKED = "Who asked for this has opted out, or had their data deleted, so it stays as it is."


class Worker(Protocol):
    """Who carries runs out."""

    def wake(self) -> None:
        """There may be a queued run."""

    def interrupt(self, run_id: int) -> None:
        """Someone wants this run to stop, or its question has changed."""

    def decided(self, run_id: int) -> None:
        """A person has decided what this run waits for."""

    async def settled(self, run_id: int) -> bool:
        """Wait until a run is delivered, or handed back; False if it is not under way here."""


class Questions(Protocol):
    """What models ask people."""

    async def reply(self, transaction: Transaction, run: Run, user_id: int, text: str) -> bool:
        """Take a message as the answer to a question that a run waits with: whether it is one."""


class Budgets(Protocol):
    """What may be used."""

    async def of(
        self, guild_id: int | None, channel_id: int, user_id: int, chosen: PlaceValues | None = None
    ) -> Counted:
        """What counts for a person in a place.  Raises: Refusal."""

    async def take_question(self, transaction: Transaction, counted: Counted) -> None:
        """Count a question.  Raises: BudgetReached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message to the bot, as it was read from Discord.

    `message_id` is None where no Discord message holds it.  What begins with `reply_` is of the message that it replies
    to.
    """

    message_id: int | None
    author_id: int
    author_name: str
    text: str
    reply_author: str | None = None
    reply_text: str | None = None
    reply_author_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where somebody speaks: a channel, thread or DM; only a server's channels can hold a conversation per member."""

    channel_id: int
    guild_id: int | None
    user_id: int
    is_channel: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Presser:
    """Who presses a button and where; a moderator of the place may press everyone's there."""

    user_id: int
    place_id: int
    is_moderator: bool

    def moderates(self, place_id: int) -> bool:
        """Whether as a moderator of this place: a button that names something elsewhere gives no right there."""
        return self.is_moderator and place_id == self.place_id


class RunService:
    """Appends what people say, and starts, stops and repeats the runs that answer them."""

    def __init__(
        self,
        database: Database,
        worker: Worker,
        questions: Questions,
        budgets: Budgets,
        places: Places,
        *,
        defaults: RunDefaults,
        count_tokens: Callable[[str], int],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._worker = worker
        self._questions = questions
        self._budgets = budgets
        self._places = places
        self._defaults = defaults
        self._count_tokens = count_tokens
        self._clock = clock

    async def receive(
        self, where: Where, said: Said, *, private_token: str | None = None, chosen: PlaceValues | None = None
    ) -> Run | None:
        """Take a message up: the run that will answer it, or None if it waits for the next one or is known already.

        With `private_token`, an interaction's token, only the person sees the answer, and nobody else's conversation
        holds it.  `chosen` is what moderators chose there, if it is known already.  What the model has asked the
        person is answered with it.  Raises: Refusal for a private question while an earlier one is being answered,
        where the message is the first that waits for others to decide, and where the person has opted out, or whom
        alone they quote; BudgetReached, and the message is not stored.
        """
        chosen = chosen or await self._places.at(where.guild_id, where.channel_id)
        now, place = self._clock(), place_of(where, chosen, is_private=private_token is not None)
        notice: str | None = None
        counted = await self._budgets.of(where.guild_id, where.channel_id, where.user_id, chosen)
        async with self._database.write() as transaction:
            said = await self._readable(transaction, said)
            conversation = await conversations.find(transaction, place, now)
            live = await runs.live(transaction, conversation.id)
            if private_token is not None and live is not None:
                raise Refusal("Your last private question is still being answered.")
            is_over = live is None and await self._is_silent(transaction, conversation, chosen.epoch_timeout, now)
            if is_over:
                conversation = replace(conversation, epoch=conversation.epoch + 1)
            appended = await messages.append(transaction, conversation, self._message(said, now))
            if appended is None:
                return None
            if is_over:
                await conversations.start_epoch(transaction, conversation.id)
            if live is not None and await self._questions.reply(transaction, live, said.author_id, said.text):
                await messages.hide(transaction, [said.message_id] if said.message_id is not None else [], now)
            else:
                await self._budgets.take_question(transaction, counted)
                if live is not None and live.waiting_since is not None:
                    notice = await self._notice(transaction, conversation, live)
            run = await answer_waiting(transaction, conversation, self._defaults, now, interaction_token=private_token)
        if run is not None:
            self._worker.wake()
        elif live is not None and live.waiting_since is not None:
            self._worker.decided(live.id)
        if notice is not None:
            raise Refusal(notice)
        return run

    @staticmethod
    async def _is_silent(
        transaction: Transaction, conversation: Conversation, timeout: timedelta | None, now: datetime
    ) -> bool:
        """Whether nothing was said in a conversation for so long that a new one begins."""
        last = None if timeout is None else await messages.last_at(transaction, conversation)
        return timeout is not None and last is not None and now - last > timeout

    @staticmethod
    async def _readable(transaction: Transaction, said: Said) -> Said:
        """What may be read of a message.  Raises: Refusal if that is nothing."""
        left = await opt_outs.among(transaction, (said.author_id, said.reply_author_id))
        if said.author_id in left:
            raise Refusal(OPTED_OUT)
        if said.reply_author_id not in left:
            return said
        if not said.text:
            raise Refusal(AUTHOR_OPTED_OUT)
        return replace(said, reply_author=None, reply_text=None, reply_author_id=None)

    @staticmethod
    async def _notice(transaction: Transaction, conversation: Conversation, run: Run) -> str | None:
        """What the first person is told whose message waits for others to decide."""
        if len(await messages.waiting(transaction, conversation)) > 1:
            return None
        shown = [page.discord_id for page in await replies.pages(transaction, run.id) if page.discord_id is not None]
        link = f"https://discord.com/channels/{run.guild_id or '@me'}/{run.place_id}/{shown[-1]}" if shown else ""
        return f"Your message is answered after {link or 'an earlier answer'}, which waits for somebody to decide."

    async def stop(self, run_id: int, presser: Presser) -> None:
        """End a run that is under way, or that waits in line.  Raises: Refusal."""
        now = self._clock()
        async with self._database.write() as transaction:
            run = await self._run(transaction, run_id)
            allow(presser, run)
            if await cancel(transaction, run, presser.user_id, self._defaults, now) is None:
                raise Refusal("This answer has already ended.")
        self._worker.interrupt(run_id)

    async def again(self, run_id: int, presser: Presser, *, interaction_token: str | None = None) -> None:
        """Answer the same question once more in the same messages.  Raises: Refusal."""
        await self._delivered(run_id, presser)
        now, counted = self._clock(), await self._counted(run_id, presser)
        async with self._database.write() as transaction:
            previous = await self._newest(transaction, run_id, presser)
            if not await messages.has_question(transaction, await first_try(transaction, previous)):
                raise Refusal("The question was deleted or taken back, so there is nothing to answer again.")
            await self._budgets.take_question(transaction, counted)
            await answer_again(transaction, previous, self._defaults, now, interaction_token=interaction_token)
        self._worker.wake()

    async def pick(self, run_id: int, number: int, presser: Presser, *, interaction_token: str | None = None) -> None:
        """Have another of the answers that a run was given shown, and gone on with.  Raises: Refusal."""
        await self._delivered(run_id, presser)
        async with self._database.write() as transaction:
            run = await self._newest(transaction, run_id, presser)
            shown, last = await alternatives.choice(transaction, run_id), await messages.last_of(transaction, run_id)
            if shown is None or last is None:
                raise Refusal(UNKNOWN)
            if shown.number == number:  # pressed twice
                return
            text = await alternatives.swap(transaction, run_id, number, shown, last.text)
            if text is None:
                raise Refusal(UNKNOWN)
            await messages.reword(transaction, last.id, text, self._count_tokens(text))
            steps = await messages.written_by(transaction, run_id)
            if not await runs.show_again(transaction, run_id, joined(*steps)):
                raise Refusal(BUSY)
            if run.interaction_token is not None and interaction_token is not None:
                await runs.set_interaction_token(transaction, run_id, interaction_token)
        self._worker.decided(run_id)

    async def go_on(self, run_id: int, presser: Presser, *, interaction_token: str | None = None) -> None:
        """Write the rest of an answer that was cut by length.  Raises: Refusal."""
        now, counted = self._clock(), await self._counted(run_id, presser)
        async with self._database.write() as transaction:
            previous = await self._newest(transaction, run_id, presser)
            if previous.incomplete_reason is not IncompleteReason.MAX_OUTPUT_TOKENS:
                raise Refusal("This answer is whole already.")
            if await messages.last_of(transaction, run_id) is None:
                raise Refusal("This answer was taken out of the history, so there is nothing to go on from.")
            await self._budgets.take_question(transaction, counted)
            await follow(
                transaction, previous, RunKind.CONTINUE, self._defaults, now, interaction_token=interaction_token
            )
        self._worker.wake()

    async def reset(self, where: Where, *, is_moderator: bool) -> None:
        """Begin anew in a place, and in the person's private talk there.

        What is being written is stopped if the person may stop it, and else ends in the conversation that is over.
        What waits for somebody is stopped whoever it waits for: it would hold up the new conversation for hours.
        """
        now, ended = self._clock(), list[int]()
        chosen = await self._places.at(where.guild_id, where.channel_id)
        places = [place_of(where, chosen, is_private=is_private) for is_private in (False, True)]
        async with self._database.write() as transaction:
            for place in places:
                conversation = await conversations.find(transaction, place, now)
                await conversations.start_epoch(transaction, conversation.id)
                live = await runs.live(transaction, conversation.id)
                if live is None:
                    continue
                if is_moderator or live.asker_id == where.user_id or live.waiting_since is not None:
                    await cancel(transaction, live, where.user_id, self._defaults, now)
                    ended.append(live.id)
        for run_id in ended:
            self._worker.interrupt(run_id)

    async def place(self, where: Where, *, is_private: bool = False) -> Place:
        """What the conversation of somebody who speaks is found by, or that of their private talk."""
        return place_of(where, await self._places.at(where.guild_id, where.channel_id), is_private=is_private)

    async def takes_part(self, place_id: int) -> bool:
        """Whether the bot has been spoken to in a place."""
        async with self._database.read() as transaction:
            return await conversations.is_known(transaction, place_id)

    async def knows(self, message_id: int) -> bool:
        """Whether a Discord message has been taken up."""
        async with self._database.read() as transaction:
            return await messages.by_discord_id(transaction, message_id) is not None

    async def wrote(self, message_id: int) -> bool:
        """Whether a Discord message is a page of an answer."""
        async with self._database.read() as transaction:
            return await replies.run_of(transaction, message_id) is not None

    async def _delivered(self, run_id: int, presser: Presser) -> None:
        """Wait for the last edit of an answer to arrive: until then nothing else can take its messages over."""
        async with self._database.read() as transaction:
            run = await self._newest(transaction, run_id, presser)
        if run.delivered_at is None:
            await self._worker.settled(run_id)

    async def _counted(self, run_id: int, presser: Presser) -> Counted:
        """What counts for who wants more of an answer, in its place.  Raises: Refusal."""
        async with self._database.read() as transaction:
            run = await self._run(transaction, run_id)
        return await self._budgets.of(run.guild_id, run.place_id, presser.user_id)

    async def _newest(self, transaction: Transaction, run_id: int, presser: Presser) -> Run:
        """A run that has ended and that nothing came after.  Raises: Refusal."""
        run = await self._run(transaction, run_id)
        allow(presser, run)
        conversation = await conversations.get(transaction, run.conversation_id)
        newest = await runs.latest(transaction, conversation.id, conversation.epoch)
        if newest is not None and newest.status in LIVE:
            raise Refusal(BUSY)
        if newest is None or newest.id != run.id:
            raise Refusal(OLD)
        if run.asker_id == NOBODY or await opt_outs.since(transaction, run.asker_id) is not None:
            raise Refusal(UNASKED)
        return run

    @staticmethod
    async def _run(transaction: Transaction, run_id: int) -> Run:
        run = await runs.get(transaction, run_id)
        if run is None:
            raise Refusal("This answer is not known any more.")
        return run

    def _message(self, said: Said, now: datetime) -> NewMessage:
        sent = spoken(said.author_name, said.text, said.reply_author, said.reply_text)
        return NewMessage(
            discord_id=said.message_id,
            author_id=said.author_id,
            author_name=said.author_name,
            text=said.text,
            quote_author=said.reply_author,
            quote_text=said.reply_text,
            quote_author_id=said.reply_author_id,
            tokens=self._count_tokens(sent),
            created_at=now,
        )


def place_of(where: Where, chosen: PlaceValues, *, is_private: bool) -> Place:
    """What a conversation is found by, as moderators want it to be shared."""
    shared = Scope(chosen.conversation_scope) if where.is_channel else Scope.CHANNEL
    scope = Scope.PRIVATE if is_private else shared
    member_id = 0 if scope is Scope.CHANNEL else where.user_id
    return Place(place_id=where.channel_id, guild_id=where.guild_id, scope=scope, member_id=member_id)


def allow(presser: Presser, run: Run) -> None:
    """Raises: Refusal unless the presser asked for the run or is a moderator."""
    if presser.user_id != run.asker_id and not presser.moderates(run.place_id):
        raise Refusal(NOT_YOURS)
