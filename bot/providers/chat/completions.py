"""The legacy completions API over HTTP."""

from __future__ import annotations

from typing import Any

from bot.messages import ProviderRequest
from bot.providers.chat.chat_completions import ChatCompletions
from bot.providers.chat.completion_request import completion_body
from bot.providers.dialect import Dialect


class Completions(ChatCompletions):
    """Answers of one provider over `/completions`: chunks like those of chat completions, and no tools."""

    path = "/completions"

    def body(self, request: ProviderRequest, dialect: Dialect) -> dict[str, Any]:
        """A request in the words of the API."""
        return completion_body(request, dialect)

    def takes_tools(self, model: str) -> bool:  # noqa: ARG002, the protocol's
        """Whether a model's tools are sent: never."""
        return False
