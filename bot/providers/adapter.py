"""What every adapter is: one provider's API behind the same stream of events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from bot.messages import ProviderRequest
from bot.providers.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """A model as its provider lists it; from `shutdown_on` it answers no more."""

    name: str
    shutdown_on: date | None = None


class Adapter(Protocol):
    """One provider's answers."""

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """The events of one answer; close the generator (`contextlib.aclosing`) to stop it and its connection.

        A request whose messages end with tools' outputs submits them, all together.  What was written down as this
        provider's bookmark for the same `run_key` is gone on with and not done again.

        Raises: ProviderError before the first event or after any of them.
        """

    async def cancel(self, run_key: str, bookmark: Mapping[str, Any]) -> None:
        """End what the provider still does for a run, by its last bookmark; raises nothing, takes seconds at most."""

    async def forget(self, bookmark: Mapping[str, Any]) -> None:
        """Delete what is kept of a conversation there, as far as that goes; raises nothing, takes seconds at most."""

    async def list_models(self) -> tuple[ListedModel, ...]:
        """The models that the key may use.  Raises: ProviderError."""

    def takes_tools(self, model: str) -> bool:
        """Whether a model's tools are sent: yes, until its server has refused them."""
