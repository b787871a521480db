"""What is asked of the provider next in a run: its conversation as far as it fits, and the tools it may use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.messages import ProviderRequest, Role, ToolChoice
from bot.place_settings.chosen import PlaceValues
from bot.providers.fallback import is_run_of
from bot.runs import context
from bot.runs.draft import Draft
from bot.runs.model import Run
from bot.runs.pseudonyms import Pseudonyms
from bot.runs.steps import Tools, asker
from bot.store import bookmarks, carried, messages, runs, tool_calls
from bot.store.database import Database
from bot.tools.find_tool import FIND_TOOL, found_in


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOptions:
    """What the host sets for all requests."""

    tool_choice: ToolChoice
    parallel_tool_calls: bool | None
    window_tokens: int


class Requests:
    """Builds the requests of runs from what is stored of them."""

    def __init__(
        self,
        database: Database,
        tools: Tools,
        options: RequestOptions,
        pseudonyms: Pseudonyms,
        *,
        count_tokens: Callable[[str], int],
    ) -> None:
        self._database = database
        self._tools = tools
        self._options = options
        self._pseudonyms = pseudonyms
        self._count_tokens = count_tokens

    async def begun(self, run: Run, model: str) -> Run:
        """The run, of which nothing is written yet, with its place's model, as it is stored.

        One that a provider answers with a run of its own keeps its model: it goes on there.
        """
        async with self._database.read() as transaction:
            known = await bookmarks.of_run(transaction, run)
        if any(is_run_of(state, context.run_key(run.id)) for state in known.values()):
            return run
        if model != run.model:
            async with self._database.write() as transaction:
                await runs.set_model(transaction, run.id, model)
        return replace(run, model=model)

    async def next(self, run: Run, draft: Draft, chosen: PlaceValues) -> ProviderRequest:
        """The request that goes on from a draft, as was chosen for its place.  Raises: TooLong."""
        options = self._options
        # Half of the window was all that could be chosen; the host may have set a smaller one since.
        answer_tokens = min(chosen.max_output_tokens, options.window_tokens // 2)
        async with self._database.read() as transaction:
            history = await messages.history(
                transaction,
                run.conversation_id,
                run.epoch,
                before_or_of_run=run.id,
                limit=chosen.history_max_messages,
            )
            steps = [message.id for message in history if message.role is Role.ASSISTANT]
            calls = await tool_calls.of_messages(transaction, steps) if steps else {}
            kept = await carried.of_run(transaction, run.id) if calls else {}
            known = await bookmarks.of_run(transaction, run)
            removed = await messages.removed(transaction, run.conversation_id, run.epoch)
        own_calls = [call for of_message in calls.values() for call in of_message if call.run_id == run.id]
        found = found_in(call.output or "" for call in own_calls if call.name == FIND_TOOL)
        tools = await self._tools.offered(asker(run, chosen.tool_policy), found)
        choice = options.tool_choice
        if choice is ToolChoice.REQUIRED and own_calls:  # in every step, it would let no answer end
            choice = ToolChoice.AUTO
        return ProviderRequest(
            model=run.model,
            fallback=chosen.fallback,
            messages=context.build(
                history,
                run,
                system_prompt=chosen.system_prompt,
                count=self._count_tokens,
                window_tokens=options.window_tokens,
                answer_tokens=answer_tokens,
                calls=calls,
                carried=kept,
                tools=tools,
                partial=draft.resumed.rstrip(),
            ),
            tools=tools,
            tool_choice=choice,
            parallel_tool_calls=options.parallel_tool_calls,
            max_output_tokens=answer_tokens,
            parameters=chosen.parameters,
            end_user=self._pseudonyms.user(run.asker_id),
            conversation=self._pseudonyms.conversation(run.conversation_id),
            place=self._pseudonyms.place(run.place_id),
            run_key=context.run_key(run.id),
            bookmarks=known,
            removed=removed,
        )
