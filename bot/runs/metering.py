"""What a request takes: as its provider counts it, or as we do where it does not, and what that costs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol

from bot.messages import ProviderRequest, ToolCall
from bot.providers.events import Usage
from bot.runs.context import TOKENS_PER_MESSAGE
from bot.runs.draft import Draft

# An estimate of a text longer than this is that of its beginning, scaled up: counting this much takes 4 ms.
MAX_COUNTED_CHARACTERS = 20_000
NOTHING = Usage(input_tokens=0, output_tokens=0)


class Prices(Protocol):
    """What tokens cost."""

    async def load(self) -> None:
        """Have at hand what prices are looked up in."""

    def cost_nanos(self, provider: str, model: str, usage: Usage) -> int | None:
        """Billionths of a US dollar for these tokens; None where no price is known."""


class Meter:
    """Says what requests take, those too that were stopped or broke off before their provider said so."""

    def __init__(self, prices: Prices, *, count_tokens: Callable[[str], int]) -> None:
        self._prices = prices
        self._count_tokens = count_tokens

    async def load(self) -> None:
        """Have at hand what prices are looked up in."""
        await self._prices.load()

    def input_tokens(self, request: ProviderRequest) -> int:
        """How many tokens a request is read as, by our own count."""
        return self._count(_read(request)) + len(request.messages) * TOKENS_PER_MESSAGE

    def cost_nanos(self, models: Sequence[tuple[str, str]], input_tokens: int, output_tokens: int) -> int | None:
        """The most that so many tokens cost of any of these providers' models; None where one has no known price."""
        used = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
        costs = [self._prices.cost_nanos(provider, model, used) for provider, model in models]
        return None if None in costs else max(cost for cost in costs if cost is not None)

    @asynccontextmanager
    async def reading(self, request: ProviderRequest, draft: Draft) -> AsyncIterator[None]:
        """While a request is answered into a draft; then the draft has the usage, however the answer ended."""
        await self.load()
        try:
            yield
        finally:
            draft.usage = self.used(request, draft)

    def used(self, request: ProviderRequest, draft: Draft) -> Usage | None:
        """The tokens and the cost of a request; None where nothing came of it, or where its provider counts later."""
        usage = draft.usage
        counts_later = draft.is_run_elsewhere and bool(draft.calls)  # a run that the provider keeps, at its end
        if draft.is_begun and not counts_later:
            usage = self._completed(usage or NOTHING, request, draft)
        if usage is None or draft.routed is None:
            return usage
        return replace(usage, cost_nanos=self._prices.cost_nanos(draft.routed.provider, draft.routed.model, usage))

    def _completed(self, usage: Usage, request: ProviderRequest, draft: Draft) -> Usage:
        """The usage with estimates for what is missing; relays say 0 where they do not know."""
        written = self._count(_written(draft)) if not usage.output_tokens else 0
        if usage.input_tokens and not written:
            return usage
        if written:
            thought = self._count([draft.thinking])
            usage = replace(usage, output_tokens=written + thought, reasoning_tokens=thought)
        if not usage.input_tokens:
            usage = replace(usage, input_tokens=self.input_tokens(request))
        return replace(usage, is_estimated=True)

    def _count(self, texts: Iterable[str]) -> int:
        text = "\n".join(texts)
        counted = text[:MAX_COUNTED_CHARACTERS]
        return round(self._count_tokens(counted) * len(text) / len(counted)) if counted else 0


def _read(request: ProviderRequest) -> Iterable[str]:
    """All words of a request."""
    for message in request.messages:
        yield message.content
        yield from map(_call_words, message.tool_calls)
    yield from (tool.words for tool in request.tools)


def _written(draft: Draft) -> Iterable[str]:
    """All words that the model wrote in this step, without what an earlier attempt had written."""
    yield draft.text[len(draft.resumed.rstrip()) :]
    yield from draft.alternatives
    yield from map(_call_words, draft.calls)


def _call_words(call: ToolCall) -> str:
    return f"{call.name} {call.arguments}"
