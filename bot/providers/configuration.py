"""One provider as its host describes it: what stands in a `[providers.NAME]` of `providers.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from bot.providers.parameters import Api
from bot.settings_values import header_safe, header_values, web_address

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
DEFAULT = "default"  # the provider that the environment's PROVIDER_… describe
# Of a provider that others stand in for: to ask them takes less time than to ask it again.
RETRIES_BEFORE_FALLBACK = 0


class Price(BaseModel):
    """US dollars for a million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: float = Field(ge=0, le=1_000_000)
    output: float = Field(ge=0, le=1_000_000)
    cached: float | None = Field(default=None, ge=0, le=1_000_000)  # else as much as any other input


class ProviderConfiguration(BaseModel):
    """One provider, its `$VARIABLES` filled in; whoever holds it knows its keys.

    Descriptions and examples, as TOML, are what `docs/providers.md` and complaints about the file show.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str
    base_url: Annotated[str, AfterValidator(web_address)] = Field(
        description="Where its API is: what stands before `/models`.",
        examples=['"https://api.openai.com/v1"'],
    )
    api: Api = Field(
        default=Api.CHAT_COMPLETIONS,
        description="Which API it speaks: "
        "chat completions, which nearly all do; responses; assistants (threads and runs); or the old completions.",
        examples=['"responses"'],
    )
    keys: tuple[Annotated[SecretStr, AfterValidator(header_safe)], ...] = Field(
        default=(),
        description="Its key, or several that take turns; one that is refused rests. None for a server that asks "
        "for none.",
        examples=['["$OPENAI_KEY"]'],
    )
    headers: Annotated[Mapping[str, SecretStr], AfterValidator(header_values)] = Field(
        default={},
        description="What is sent with every request beside the key.",
        examples=['{OpenAI-Project = "$OPENAI_PROJECT"}'],
    )
    models: tuple[str, ...] = Field(
        default=("*",),
        description="Which of its models are offered, as patterns; where it lists none, the names without `*` are "
        "the list.",
        examples=['["gpt-*", "o3"]'],
    )
    hidden_models: tuple[str, ...] = Field(
        default=(),
        description="Which of these are not.",
        examples=['["*-preview"]'],
    )
    fallbacks: Mapping[str, tuple[str, ...]] = Field(
        default={},
        description="Who answers instead of a model, by patterns of its name, the first that matches; each a "
        "`provider/model`, in this order.",
        examples=['{"gpt-*" = ["relay/gpt-x", "local/llama"]}'],
    )
    prices: Mapping[str, Price] = Field(
        default={},
        description="US dollars for a million tokens, by patterns of names, the first that matches.",
        examples=['{"gpt-*" = {input = 1.25, cached = 0.125, output = 10}}'],
    )
    extra_body: Mapping[str, Any] = Field(
        default={},
        description="What goes into every request beside what Parley puts there, and wins over it.",
        examples=["{top_k = 40}"],
    )
    tools: bool = Field(
        default=True,
        description="Whether it takes tools; what a server refuses is learnt all the same.",
        examples=["false"],
    )
    parallel_tools: bool = Field(
        default=True,
        description="Whether it may be told to call one tool at a time or several.",
        examples=["false"],
    )
    stream_usage: bool = Field(
        default=True,
        description="Whether it may be asked to count tokens at the end of a stream.",
        examples=["false"],
    )
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] | None = Field(
        default=None,
        description="Of chat completions: what it calls the longest answer; learnt from its refusals if left out.",
        examples=['"max_completion_tokens"'],
    )
    sends_identifiers: bool = Field(
        default=True,
        description="Whether it is sent hashes of who asks and where, for abuse reports and for its cache.",
        examples=["false"],
    )
    streams: bool = Field(
        default=True,
        description="Of assistants: false for a server that cannot stream, which is then asked again and again.",
        examples=["false"],
    )
    state: Literal["none", "response", "conversation"] = Field(
        default="none",
        description="Of responses: who keeps the conversation. none: Parley, which sends it each time; response or "
        "conversation: the provider.",
        examples=['"response"'],
    )
    assistant_id: str | None = Field(
        default=None,
        description="Of assistants: whom to run; if left out, one is made with the model, the instructions and the "
        "tools.",
        examples=['"asst_abc123"'],
    )
    server_tools: tuple[Mapping[str, Any], ...] = Field(
        default=(),
        description="Of responses: tools that the provider runs itself.",
        examples=['[{type = "web_search"}]'],
    )
    concurrency: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="The most answers at once; who comes on top waits in line.",
        examples=["4"],
    )
    requests_per_minute: int | None = Field(
        default=None,
        ge=1,
        description="What it allows; learnt from its headers if left out, unless several keys take turns.",
        examples=["500"],
    )
    tokens_per_minute: int | None = Field(
        default=None,
        ge=1,
        description="What it allows; learnt from its headers if left out, unless several keys take turns.",
        examples=["200000"],
    )
    connect_timeout_seconds: float = Field(
        default=10.0,
        gt=0,
        le=120,
        description="Seconds to wait for a connection.",
        examples=["5"],
    )
    first_byte_timeout_seconds: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Seconds from the request to the first byte of the answer.",
        examples=["120"],
    )
    idle_timeout_seconds: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Seconds of silence in the middle of an answer until it counts as broken off.",
        examples=["30"],
    )
    max_retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="How often a request is sent again that failed before any of its answer; with `fallbacks`, 0 if "
        "left out, because another is asked sooner.",
        examples=["1"],
    )

    def shows(self, model: str) -> bool:
        """Whether moderators may choose a model of this name."""
        return matches(model, self.models) and not matches(model, self.hidden_models)

    @property
    def named_models(self) -> tuple[str, ...]:
        """The models that are named one by one."""
        return tuple(name for name in self.models if not any(sign in name for sign in "*?["))

    @property
    def retries(self) -> int:
        """How often a request is sent again."""
        is_left_out = "max_retries" not in self.model_fields_set
        return RETRIES_BEFORE_FALLBACK if self.fallbacks and is_left_out else self.max_retries

    def fallbacks_of(self, model: str) -> tuple[str, ...]:
        """Who answers instead of this model, in this order."""
        return next((named for pattern, named in self.fallbacks.items() if fnmatchcase(model, pattern)), ())


def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name fits one of these patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
