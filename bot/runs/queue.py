"""From messages that wait to the run that answers them; always within its caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.runs.model import NOBODY, Cause, IncompleteReason, Run, RunKind, Status
from bot.store import carried, conversations, messages, replies, runs
from bot.store.conversations import Conversation
from bot.store.database import Transaction

PROVIDER = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDefaults:
    """What every new run starts with."""

    model: str
    timeout: timedelta


async def answer_waiting(
    transaction: Transaction,
    conversation: Conversation,
    defaults: RunDefaults,
    now: datetime,
    *,
    interaction_token: str | None = None,
) -> Run | None:
    """A queued run for all messages that wait in a conversation; None if none waits or one is live already."""
    waiting = await messages.waiting(transaction, conversation)
    if not waiting or await runs.live(transaction, conversation.id) is not None:
        return None
    newest = waiting[-1]
    run = await runs.enqueue(
        transaction,
        runs.NewRun(
            conversation_id=conversation.id,
            epoch=conversation.epoch,
            kind=RunKind.ANSWER,
            model=defaults.model,
            provider=PROVIDER,
            place_id=conversation.place.place_id,
            guild_id=conversation.place.guild_id,
            asker_id=newest.author_id or NOBODY,
            question_id=newest.discord_id,
            previous_run_id=None,
            interaction_token=interaction_token,
            expires_at=now + defaults.timeout,
        ),
        now,
    )
    await messages.attach(transaction, [message.id for message in waiting], run.id)
    return run


async def end(
    transaction: Transaction,
    run_id: int,
    cause: Cause,
    defaults: RunDefaults,
    now: datetime,
    *,
    attempt: int | None = None,
    text: str | None = None,
    incomplete_reason: IncompleteReason | None = None,
    failure: str | None = None,
    remark: str | None = None,
) -> tuple[Run, Run | None]:
    """A run moved to its end, and the run for what waited meanwhile.  Raises: InvalidTransition."""
    run = await runs.move(
        transaction,
        run_id,
        cause,
        now,
        attempt=attempt,
        text=text,
        incomplete_reason=incomplete_reason,
        failure=failure,
        remark=remark,
    )
    await carried.forget(transaction, run.id)
    conversation = await conversations.get(transaction, run.conversation_id)
    return run, await answer_waiting(transaction, conversation, defaults, now)


async def cancel(
    transaction: Transaction, run: Run, by: int | None, defaults: RunDefaults, now: datetime
) -> Run | None:
    """Stop a live run: at once where nobody works on it, else as soon as who does hears of it; None if it has ended."""
    wished = await runs.request_cancel(transaction, run.id, by, now)
    if wished is not None and (wished.status is Status.QUEUED or wished.waiting_since is not None):
        wished, _ = await end(transaction, run.id, Cause.CANCELLED, defaults, now)
    return wished


async def follow(
    transaction: Transaction,
    previous: Run,
    kind: RunKind,
    defaults: RunDefaults,
    now: datetime,
    *,
    interaction_token: str | None = None,
) -> Run:
    """A queued run that answers again, or goes on, where `previous` ended.  Raises: LiveRunExists."""
    return await runs.enqueue(
        transaction,
        runs.NewRun(
            conversation_id=previous.conversation_id,
            epoch=previous.epoch,
            kind=kind,
            model=defaults.model,
            provider=PROVIDER,
            place_id=previous.place_id,
            guild_id=previous.guild_id,
            asker_id=previous.asker_id,
            question_id=previous.question_id,
            previous_run_id=previous.id,
            interaction_token=interaction_token,
            expires_at=now + defaults.timeout,
        ),
        now,
    )


async def answer_again(
    transaction: Transaction,
    previous: Run,
    defaults: RunDefaults,
    now: datetime,
    *,
    interaction_token: str | None = None,
) -> Run:
    """A queued run that takes the place of `previous`, in the history and in Discord.  Raises: LiveRunExists."""
    kind = RunKind.CONTINUE if previous.kind is RunKind.CONTINUE else RunKind.AGAIN
    run = await follow(transaction, previous, kind, defaults, now, interaction_token=interaction_token)
    await messages.hide_answer(transaction, previous.id, now)
    await replies.adopt(transaction, previous.id, run.id)
    return run


async def first_try(transaction: Transaction, run: Run) -> int:
    """The run that first answered what this one answers."""
    while run.kind is not RunKind.ANSWER and run.previous_run_id is not None:
        previous = await runs.get(transaction, run.previous_run_id)
        if previous is None:
            break
        run = previous
    return run.id
