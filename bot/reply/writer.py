"""The only code that posts or edits an answer.

A writer always holds the newest text of its reply and has at most one request under way.  The model's stream never
waits for it: `show` only notes the text.  Each page is written down before it is posted, with the nonce by which
Discord recognises a second attempt, so that nothing is posted twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bot.errors import DiscordUnavailable, PageOutOfReach, ReplyGone
from bot.reply.activity import NOTHING, Activity
from bot.reply.content import PageContent, Posted, Style, streaming
from bot.reply.pacer import Pacer
from bot.reply.pacing import Bucket, Urgency

log = logging.getLogger(__name__)

# Discord shows a typing indicator for ten seconds.
TYPING_AGAIN_SECONDS = 8.0
# Between attempts while Discord is away: doubled each time, to this at the most.
FIRST_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 30.0


class Surface(Protocol):
    """Where a reply is shown: a channel, or the answer to an interaction.

    Every method returns when Discord has acknowledged.  Raises: ReplyGone, which is final, and DiscordUnavailable,
    after which the same call may be made again.
    """

    @property
    def channel(self) -> Hashable:
        """What Discord's limits count together; it changes in `open`, `post` and `edit` only."""

    @property
    def heading(self) -> str:
        """The line that the first page begins with, known when it is open; empty if there is none."""

    @property
    def lack(self) -> str:
        """What it takes for answers to look as moderators want them, in a sentence; empty if nothing."""

    @property
    def is_awaited(self) -> bool:
        """Whether Discord already shows that an answer will come, so that something has to take its place."""

    async def open(self, shown: Sequence[Posted]) -> None:
        """Find out under which name to post, given the pages that are there; before anything else is done."""

    async def post(self, number: int, page: PageContent, nonce: str) -> Posted:
        """Post a page; the same nonce again gives the same message, of the bot's own messages."""

    async def find(self, number: int, run_id: int, previous_page: int | None) -> tuple[Posted, ...]:
        """The messages that may be a page of which nobody heard whether it was posted, oldest first."""

    async def edit(self, message: Posted, page: PageContent) -> None:
        """Make a message look like the page.  Raises, too: PageOutOfReach."""

    async def delete(self, message: Posted) -> None:
        """Remove a message that an earlier, longer answer left."""

    def typing(self) -> None:
        """Show that an answer is on its way; nothing waits for it, and a failure is no matter."""


class Ledger(Protocol):
    """Where the pages of one reply are written down, before and after they are posted."""

    async def plan(self, number: int) -> str:
        """The nonce of a page, the same for each attempt."""

    async def is_taken(self, message_id: int) -> bool:
        """Whether a message is known to be a page of some reply."""

    async def posted(self, number: int, message: Posted) -> None:
        """A page is there."""

    async def removed(self, number: int) -> bool:
        """A page is no longer there; False if that was known, because Discord told of it."""


@dataclass(slots=True)
class Shown:
    """A page as it is in Discord; `content` is None where it is not known, because an earlier attempt may have won."""

    message: Posted
    content: PageContent | None


@dataclass(frozen=True, slots=True)
class Step:
    """The next request: `content` None deletes the page."""

    bucket: Bucket
    number: int
    content: PageContent | None


class ReplyWriter:
    """Shows one run's answer, from its first word to its acknowledged end."""

    def __init__(
        self,
        run_id: int,
        *,
        surface: Surface,
        pacer: Pacer,
        ledger: Ledger,
        known: Mapping[int, Posted | None],
        style: Callable[[], Style],
    ) -> None:
        """`known` maps pages that were written down earlier to their messages, None where not acknowledged.

        `style` tells how the place wants its replies to look at the moment.
        """
        self._run_id = run_id
        self._surface = surface
        self._pacer = pacer
        self._ledger = ledger
        self._pages = {number: Shown(message, None) for number, message in known.items() if message is not None}
        self._attempted = {number for number, message in known.items() if message is None}
        self._style = style
        self._text = ""
        self._thinking = ""
        self._activity = NOTHING
        self._end: tuple[PageContent, ...] | None = None
        self._behind_since: float | None = None
        self._asked: Urgency | None = None
        self._turn: Bucket | None = None
        self._wake = asyncio.Event()
        self._open = asyncio.Event()
        self._has_written = False
        self._typing_again: asyncio.TimerHandle | None = None

    @property
    def was_shown(self) -> bool:
        """Whether anything of the reply is there, or may be."""
        return bool(self._pages or self._attempted) or self._surface.is_awaited

    @property
    def style(self) -> Style:
        """How the reply is to look at the moment."""
        style, heading = self._style(), self._surface.heading
        return replace(style, heading=heading) if heading else style  # nearly always none, and asked for each word

    @property
    def lack(self) -> str:
        """What it takes for the reply to look as moderators want it, in a sentence; empty if nothing."""
        return self._surface.lack

    async def opened(self) -> None:
        """Wait until it is known under which name the reply is posted."""
        await self._open.wait()

    def show(self, text: str, thinking: str = "", activity: Activity = NOTHING) -> None:
        """Show this as soon as it may be; what is newer replaces it."""
        self._text, self._thinking, self._activity = text, thinking, activity
        if self._behind_since is None:
            self._behind_since = self._pacer.now()
        if self._turn is None and self._asked in (None, Urgency.TYPING):
            self._ask()

    def finish(self, pages: tuple[PageContent, ...]) -> None:
        """Show this and no more; `run` returns when Discord has acknowledged it."""
        self._end = pages
        if self._turn is None:
            self._ask()
            self._wake.set()

    async def run(self) -> None:
        """Write until the end is delivered.  Raises: ReplyGone."""
        backoff_seconds = FIRST_BACKOFF_SECONDS
        self._ask()
        try:
            while not (self._end is not None and self._next() is None):
                await self._wake.wait()
                self._wake.clear()
                if self._turn is None and self._open.is_set():
                    continue
                try:
                    await (self._begin() if self._turn is None else self._write(self._turn))
                    backoff_seconds = FIRST_BACKOFF_SECONDS
                except DiscordUnavailable as error:
                    log.warning("run %d: %s; next attempt in %.1f s", self._run_id, error, backoff_seconds)
                    await asyncio.sleep(backoff_seconds)
                    backoff_seconds = min(backoff_seconds * 2, MAX_BACKOFF_SECONDS)
                self._turn = None
                self._ask()
        finally:
            if self._typing_again is not None:
                self._typing_again.cancel()
            self._pacer.leave(self)

    def granted(self, bucket: Bucket) -> None:
        """The pacer's word that this reply may write."""
        self._asked = None
        if bucket is Bucket.TYPING:
            self._surface.typing()
            self._typing_again = asyncio.get_running_loop().call_later(TYPING_AGAIN_SECONDS, self._type_again)
        else:
            self._turn = bucket
            self._wake.set()

    async def _begin(self) -> None:
        await self._surface.open([shown.message for _, shown in sorted(self._pages.items())])
        self._open.set()

    def _next(self) -> Step | None:
        """What stands between what is shown and what should be."""
        pages = self._end
        if pages is None:
            pages = streaming(self._run_id, self._text, self._thinking, self._activity, style=self.style)
        for number, content in enumerate(pages):
            shown = self._pages.get(number)
            if shown is None:
                return Step(Bucket.CREATE, number, content)
            if shown.content != content:
                return Step(Bucket.EDIT, number, content)
        if self._end is not None and len(self._pages) > len(pages):
            return Step(Bucket.DELETE, max(self._pages), None)
        return None

    def _ask(self) -> None:
        """Ask for the turn that the next step needs; before it is known what that counts against, find that out."""
        if not self._open.is_set():
            self._wake.set()
            return
        step = self._next()
        if step is not None and self._end is not None:
            self._want(step.bucket, Urgency.FINAL)
        elif step is not None:
            self._want(step.bucket, Urgency.PROGRESS if self._pages else Urgency.FIRST)
        elif self._end is None and not self._has_written and self._typing_again is None:
            self._want(Bucket.TYPING, Urgency.TYPING)

    def _type_again(self) -> None:
        self._typing_again = None
        if self._turn is None and self._asked is None:
            self._ask()

    def _want(self, bucket: Bucket, urgency: Urgency) -> None:
        self._asked = urgency
        since = self._pacer.now() if self._behind_since is None else self._behind_since
        self._pacer.want(self, self._surface.channel, bucket, urgency, since)

    async def _write(self, turn: Bucket) -> None:
        """Use a turn for the next step with the newest text; a turn of the wrong kind is given back."""
        step = self._next()
        if step is None or step.bucket is not turn:
            self._pacer.answered(self._surface.channel, turn)
            return
        self._behind_since, self._has_written = None, True
        if step.content is None:
            await self._surface.delete(self._pages[step.number].message)
            del self._pages[step.number]
            await self._ledger.removed(step.number)
        elif step.number in self._pages:
            shown = self._pages[step.number]
            try:
                await self._surface.edit(shown.message, step.content)
                shown.content = step.content
            except PageOutOfReach as error:
                log.warning("run %d: %s; page %d is posted anew", self._run_id, error, step.number)
                await self._ledger.removed(
                    step.number
                )  # first: what is deleted then is no answer that somebody removed
                await self._surface.delete(shown.message)
                del self._pages[step.number]
            except ReplyGone:
                # An earlier answer's page that was deleted while nobody listened is posted anew.
                if shown.content is not None or not await self._ledger.removed(step.number):
                    raise
                del self._pages[step.number]
        else:
            await self._post(step.number, step.content)

    async def _post(self, number: int, content: PageContent) -> None:
        """Post a page.  Where an earlier attempt may have been applied, that one's message is taken.

        Discord knows a nonce for some minutes, and then returns the older message; later it has to be looked for.
        """
        nonce = await self._ledger.plan(number)
        is_first_attempt = number not in self._attempted
        self._attempted.add(number)
        message = None if is_first_attempt else await self._find(number)
        if message is None:
            message = await self._surface.post(number, content, nonce)
        self._attempted.discard(number)
        self._pages[number] = Shown(message, content if is_first_attempt else None)
        await self._ledger.posted(number, message)

    async def _find(self, number: int) -> Posted | None:
        """The message that an earlier attempt to post a page has left, if any: then the turn is given back."""
        previous, needs_turn = self._pages.get(number - 1), False
        after = None if previous is None else previous.message.id
        try:
            for message in await self._surface.find(number, self._run_id, after):
                if not await self._ledger.is_taken(message.id):
                    return message
            needs_turn = True
        finally:
            if not needs_turn:
                self._pacer.answered(self._surface.channel, Bucket.CREATE)
        return None
