"""What people ask and models answer, looked at by a moderation model where moderators of a place want that.

It fails closed: what cannot be checked is neither sent nor kept.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from bot.errors import ParleyError, ProviderError, ProviderFault, Refusal
from bot.place_settings.chosen import PlaceValues
from bot.providers.endpoints.client import OpenAIClient
from bot.providers.endpoints.moderations import Verdict
from bot.reply.characters import has_content
from bot.runs.model import Run
from bot.runs.persistence import until_stored
from bot.runs.queue import first_try
from bot.runs.run_place import RunPlace
from bot.store import messages, tool_calls
from bot.store.database import Database, Transaction
from bot.store.messages import StoredMessage
from bot.tools.model import Need

log = logging.getLogger(__name__)

# A moderation model takes a fraction of a second, and people wait for it.
TIMEOUT_SECONDS = 10.0
# The words for what is wrong are the provider's own: as many of them as a sentence bears, and nothing but words.
MAX_CATEGORIES = 3
NOT_OF_A_CATEGORY = re.compile(r"[^a-z0-9/ -]+")

QUESTION_FLAGGED = "This question was not sent to the model: it was flagged{}."
REPLY_FLAGGED = "This was not sent to the model: it was flagged{}."
ANSWER_FLAGGED = "This answer was taken back: it was flagged{}."
NOT_SENT = "This was not sent to the model, because it could not be checked. {}"
TAKEN_BACK = "This answer was taken back, because it could not be checked. {}"
TRY_AGAIN = "Please try again in a moment."
NOT_OFFERED = (
    "This model's provider checks nothing: a moderator can switch it off with `/set moderation`, or the host can set "
    "MODERATION_MODEL."
)


class Clients(Protocol):
    """Finds a provider's endpoints."""

    def client(self, reference: str) -> tuple[OpenAIClient, str]:
        """Those of a model's provider, and its own name of the model."""


class Unchecked(ParleyError):
    """Nobody could say whether a text breaks the rules; the sentence says what can be done."""


class Moderator:
    """Has texts checked, and takes out of the history what is flagged."""

    def __init__(self, database: Database, clients: Clients, *, model: str, clock: Callable[[], datetime]) -> None:
        """`model`, a `provider/model`, checks; without any the provider of the place's model checks as it likes."""
        self._database = database
        self._clients = clients
        self._model = model
        self._clock = clock

    async def admit_question(self, run: Run, chosen: PlaceValues) -> None:
        """Check what a run was asked, and what earlier words nobody has checked as they are now.

        Raises: Refusal where the question is flagged; what was flagged has left the history.
        """
        if not chosen.moderation.of_questions:
            return
        asked = await until_stored(run.id, partial(self._asked, run))
        earlier = [each for each in await until_stored(run.id, partial(self._reworded, run)) if each not in asked]
        said = [*asked, *earlier]
        try:
            verdicts = await self._admitted(run, chosen, [f"{each.text}\n{each.quote_text or ''}" for each in said])
        except Refusal:  # it stays to be tried again, and must not go along with the next question unseen
            ids = [message.id for message in asked]
            await self._write(run, lambda transaction, _: messages.mark_unchecked(transaction, ids))
            raise
        flagged = [message.id for message, verdict in zip(said, verdicts, strict=True) if verdict.is_flagged]

        async def note(transaction: Transaction, now: datetime) -> None:
            await messages.hide_questions(transaction, flagged, now)
            await messages.mark_checked(transaction, said)

        if flagged or earlier:
            await self._write(run, note)
        of_question = verdicts[: len(asked)]
        if any(verdict.is_flagged for verdict in of_question):
            raise Refusal(QUESTION_FLAGGED.format(named(of_question)))

    async def admit_replies(self, run: Run, chosen: PlaceValues) -> None:
        """Check what people replied to questions of the model's.  Raises: Refusal, like `admit_question`."""
        if not chosen.moderation.of_questions:
            return
        try:
            verdicts = await self._admitted(run, chosen, await until_stored(run.id, partial(self._replies, run)))
            if any(verdict.is_flagged for verdict in verdicts):
                raise Refusal(REPLY_FLAGGED.format(named(verdicts)))
        except Refusal:  # what nobody could look at must not go along with the next question either
            await self._write(run, lambda transaction, now: messages.hide_answer(transaction, run.id, now))
            raise

    async def objection(self, run: Run, texts: Sequence[str], place: RunPlace) -> str | None:
        """Why an answer, with those to pick from instead, may not be kept; raises nothing."""
        try:
            chosen = await place.latest()
            if not chosen.moderation.of_answers:
                return None
            verdicts = await self._verdicts(run, chosen, texts)
        except (Refusal, Unchecked) as error:
            log.warning("run %d: its answer could not be checked: %s", run.id, error)
            return TAKEN_BACK.format(error if isinstance(error, Unchecked) else TRY_AGAIN)
        if not any(verdict.is_flagged for verdict in verdicts):
            return None
        log.warning("run %d: its answer was flagged%s", run.id, named(verdicts))
        return ANSWER_FLAGGED.format(named(verdicts))

    async def _admitted(self, run: Run, chosen: PlaceValues, texts: Sequence[str]) -> Sequence[Verdict]:
        try:
            return await self._verdicts(run, chosen, texts)
        except Unchecked as error:
            raise Refusal(NOT_SENT.format(error)) from error

    async def _verdicts(self, run: Run, chosen: PlaceValues, texts: Sequence[str]) -> Sequence[Verdict]:
        """A verdict for each text.  Raises: Unchecked."""
        client, name = self._clients.client(self._model or chosen.model)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await client.moderations.check(texts, model=name if self._model else None)
        except TimeoutError as error:
            log.warning("run %d: the moderation model takes too long", run.id)
            raise Unchecked(TRY_AGAIN) from error
        except ProviderError as error:
            log.warning("run %d: moderation: %s (%s) %s", run.id, error.fault, error.status, error.detail)
            is_offered = error.fault not in (ProviderFault.NOT_FOUND, ProviderFault.NOT_IMPLEMENTED)
            raise Unchecked(TRY_AGAIN if is_offered else NOT_OFFERED) from error

    async def _asked(self, run: Run) -> Sequence[StoredMessage]:
        async with self._database.read() as transaction:
            asked = await messages.questions(transaction, await first_try(transaction, run))
        return [message for message in asked if has_content(message.text) or message.quote_text]

    async def _reworded(self, run: Run) -> Sequence[StoredMessage]:
        async with self._database.read() as transaction:
            return await messages.reworded(transaction, run)

    async def _replies(self, run: Run) -> Sequence[str]:
        async with self._database.read() as transaction:
            calls = await tool_calls.of_run(transaction, run.id)
        return [call.output for call in calls if call.need is Need.ANSWER and call.output]

    async def _write(self, run: Run, change: Callable[[Transaction, datetime], Awaitable[None]]) -> None:
        async def write() -> None:
            async with self._database.write() as transaction:
                await change(transaction, self._clock())

        await until_stored(run.id, write)


def named(verdicts: Sequence[Verdict]) -> str:
    """As what texts were flagged, to end a sentence with; nothing where the provider did not say."""
    found = dict.fromkeys(name for verdict in verdicts if verdict.is_flagged for name in verdict.categories)
    words = [" ".join(NOT_OF_A_CATEGORY.sub(" ", name.lower()).split()) for name in found]
    named = [word for word in words if word][:MAX_CATEGORIES]
    return f" as {' and '.join(named)}" if named else ""
