"""One provider as its host describes it: what stands in a `[providers.NAME]` of `providers.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from bot.providers.parameters import Api
from bot.settings_values import header_safe, web_address

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
DEFAULT = "default"  # the provider that the environment's PROVIDER_… describe


class Price(BaseModel):
    """US dollars for a million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: float = Field(ge=0, le=1_000_000)
    output: float = Field(ge=0, le=1_000_000)
    cached: float | None = Field(default=None, ge=0, le=1_000_000)  # else as much as any other input


class ProviderConfiguration(BaseModel):
    """One provider, its `$VARIABLES` filled in; whoever holds it knows its keys.

    `models` and `hidden_models` are patterns of names as in a shell; `prices` and `fallbacks` are by patterns too, the
    first that matches counts.  A fallback is a `provider/model`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str
    base_url: Annotated[str, AfterValidator(web_address)]
    api: Api = Api.CHAT_COMPLETIONS
    keys: tuple[Annotated[SecretStr, AfterValidator(header_safe)], ...] = ()
    headers: Mapping[str, SecretStr] = {}
    models: tuple[str, ...] = ("*",)
    hidden_models: tuple[str, ...] = ()
    fallbacks: Mapping[str, tuple[str, ...]] = {}
    prices: Mapping[str, Price] = {}
    # What goes into every request beside what Parley puts there, and wins over it.
    extra_body: Mapping[str, Any] = {}
    # What the server takes; what it refuses is learnt all the same.
    tools: bool = True
    parallel_tools: bool = True
    stream_usage: bool = True
    max_tokens_field: str | None = None  # of chat completions: max_tokens or max_completion_tokens
    sends_identifiers: bool = True  # hashes of who asks and where, for abuse reports and caching
    streams: bool = True  # of runs: a server that cannot is polled
    # Of responses: "none" sends the whole conversation each time, the others let the provider keep it.
    state: str = Field(default="none", pattern="^(none|response|conversation)$")
    assistant_id: str | None = None  # of runs: else model, instructions and tools are sent to one of our own making
    server_tools: tuple[Mapping[str, Any], ...] = ()  # of responses: tools that the provider runs itself
    concurrency: int = Field(default=100, ge=1, le=10_000)
    tokens_per_minute: int | None = Field(default=None, ge=1)  # else learnt from the provider's headers
    connect_timeout_seconds: float = Field(default=10.0, gt=0, le=120)
    first_byte_timeout_seconds: float = Field(default=60.0, gt=0, le=3600)
    idle_timeout_seconds: float = Field(default=60.0, gt=0, le=3600)
    max_retries: int = Field(default=2, ge=0, le=10)

    def shows(self, model: str) -> bool:
        """Whether moderators may choose a model of this name."""
        return matches(model, self.models) and not matches(model, self.hidden_models)


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name fits one of these patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
