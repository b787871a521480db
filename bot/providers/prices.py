"""What a model's tokens cost and how many it reads: as the host says, else as a maintained public list says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.providers.configuration import Price, ProviderConfiguration, matches
from bot.providers.events import Usage

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, Provider

NANOS_PER_DOLLAR = 1_000_000_000
TOKENS_PER_PRICE = 1_000_000  # providers quote their prices for a million tokens
QUOTED_TOKENS = 1000  # what a price is told by: a whole million would cost what long requests cost


class Prices:
    """The prices of the models of these providers, in US dollars.

    A provider is found in the public list by its address and by nothing else: a relay that has somebody else's models
    has prices of its own.
    """

    def __init__(self, providers: Iterable[ProviderConfiguration], clock: Callable[[], datetime]) -> None:
        self._providers = {provider.name: provider for provider in providers}
        self._clock = clock
        self._listed: DataSnapshot | None = None

    async def load(self) -> None:
        """Have the public list at hand, if a provider may be in it; until then nothing in it is known.

        It takes 50 ms on a thread, where the event loop never waits for more than 6 ms, and 8 MB.
        """
        if self._listed is None and any(may_be_listed(provider.base_url) for provider in self._providers.values()):
            self._listed = await asyncio.to_thread(_public_list)

    def cost_nanos(self, provider: str, model: str, usage: Usage) -> int | None:
        """Billionths of a US dollar for these tokens; None where no price is known."""
        configuration = self._providers.get(provider)
        if configuration is None:
            return None
        own = (price for pattern, price in configuration.prices.items() if matches(model, (pattern,)))
        price = next(own, None)
        dollars = self._as_listed(configuration, model, usage) if price is None else at_price(price, usage)
        return None if dollars is None else int((dollars * NANOS_PER_DOLLAR).to_integral_value())

    def window_tokens(self, provider: str, model: str) -> int | None:
        """How many tokens a model reads at most; None where the public list does not say."""
        configuration = self._providers.get(provider)
        found = None if configuration is None else self._find(configuration, model)
        return None if found is None else found[1].context_window

    def facts(self, provider: str, model: str) -> str:
        """A model's window and what a million tokens cost, as far as that is known: `128k · $0.15 in / $0.60 out`."""
        window = self.window_tokens(provider, model)
        read, wrote = (
            self.cost_nanos(provider, model, Usage(input_tokens=each, output_tokens=QUOTED_TOKENS - each))
            for each in (QUOTED_TOKENS, 0)
        )
        known = [] if window is None else [in_short(window)]
        if read is not None and wrote is not None:
            known.append(f"{per_million(read)} in / {per_million(wrote)} out")
        return " · ".join(known)

    def _as_listed(self, configuration: ProviderConfiguration, model: str, usage: Usage) -> Decimal | None:
        found = self._find(configuration, model)
        if found is None:
            return None
        from genai_prices import Usage as Tokens

        tokens = Tokens(
            input_tokens=usage.input_tokens,
            cache_read_tokens=min(usage.cached_tokens, usage.input_tokens),  # some relays add up wrongly
            output_tokens=usage.output_tokens,
        )
        provider, listed = found
        price = listed.calc_price(tokens, provider, genai_request_timestamp=self._clock())
        # A model that is listed without a price is not for nothing.
        is_priced = (price.model_price.input_mtok, price.model_price.output_mtok) != (None, None)
        return price.total_price if is_priced else None

    def _find(self, configuration: ProviderConfiguration, model: str) -> tuple[Provider, ModelInfo] | None:
        if self._listed is None:
            return None
        try:
            return self._listed.find_provider_model(model, None, None, configuration.base_url)
        except LookupError:
            return None


def in_short(tokens: int) -> str:
    """A number of tokens as people say it."""
    return f"{tokens / 1_000_000:.3g}M" if tokens >= 1_000_000 else f"{tokens / 1000:.3g}k"


def per_million(nanos: int) -> str:
    """What a million tokens cost, from what those that are quoted cost."""
    dollars = nanos * (TOKENS_PER_PRICE // QUOTED_TOKENS) / NANOS_PER_DOLLAR
    return f"${dollars:.2f}" if round(dollars, 2) == dollars else f"${dollars:.3g}"


def at_price(price: Price, usage: Usage) -> Decimal:
    """US dollars for these tokens; what was thought is paid for like what was written."""
    cached = min(usage.cached_tokens, usage.input_tokens)
    cached_price = price.input if price.cached is None else price.cached
    spent = (
        (usage.input_tokens - cached) * _exact(price.input)
        + cached * _exact(cached_price)
        + usage.output_tokens * _exact(price.output)
    )
    return spent / TOKENS_PER_PRICE


def may_be_listed(base_url: str) -> bool:
    """Whether the public may use what is there: a server on this machine or without a name is in no list."""
    host = urlsplit(base_url).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return "." in host
    return False


def _exact(dollars: float) -> Decimal:
    """The number as it was written, not as a float holds it."""
    return Decimal(str(dollars))


def _public_list() -> DataSnapshot:
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot()
