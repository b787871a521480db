"""What is known about models."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Almost every model of today reads at least this much; a host whose model reads more says so.  Too small a guess
# forgets early, too large a guess is refused by the provider.
DEFAULT_CONTEXT_TOKENS = 8192


class Catalog:
    """The context windows of models: what the host says, else a size that nearly every model has."""

    def __init__(
        self,
        *,
        default_context_tokens: int = DEFAULT_CONTEXT_TOKENS,
        context_tokens: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self._default_context_tokens = default_context_tokens
        self._context_tokens = dict(context_tokens)

    def context_tokens(self, model: str) -> int:
        """How many tokens question and answer of this model may have together."""
        return self._context_tokens.get(model, self._default_context_tokens)
