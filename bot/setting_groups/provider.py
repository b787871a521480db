"""The model provider, where there is one, or who is asked first of several."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings

from bot.providers.configuration import DEFAULT, Price, ProviderConfiguration
from bot.providers.parameters import Api
from bot.settings_values import (
    header_safe,
    present_if_named,
    web_address,
)

PROVIDERS_FILE = "providers.toml"


def needed_without_a_file(address: str | None, others: ValidationInfo) -> str | None:
    """The address of the environment's own provider, which may be missing where a file lists some."""
    if address is not None:
        return web_address(address)
    # Where the file itself is what is wrong, that has been said.
    if "providers_file" in others.data and not Path(others.data["providers_file"]).is_file():
        raise PydanticCustomError("missing", "not set")
    return None


class ProviderSettings(BaseSettings):
    """The model provider, where there is one, or who is asked first of several."""

    providers_file: Annotated[str, AfterValidator(present_if_named(PROVIDERS_FILE))] = Field(
        default=PROVIDERS_FILE,
        min_length=1,
        description="The file that lists further providers; providers.toml may be missing, one of another name not. "
        "docs/providers.md says what stands in it.",
    )
    provider_base_url: Annotated[str | None, AfterValidator(needed_without_a_file)] = Field(
        default=None,
        validate_default=True,
        description="Where the model provider's OpenAI-compatible API is: what stands before /chat/completions. "
        "Required, unless PROVIDERS_FILE is there.",
        examples=["https://api.openai.com/v1"],
    )
    provider_api: Api = Field(
        default=Api.CHAT_COMPLETIONS,
        description="What that address speaks: chat_completions as nearly all do, responses, assistants for a server "
        "with threads and runs, or completions, which is older than all of these.",
    )
    provider_api_key: Annotated[SecretStr, AfterValidator(header_safe)] = Field(
        default=SecretStr(""),
        description="The provider's key; empty for a local server that asks for none.",
        examples=["the-key-from-your-provider"],
    )
    provider_model: str = Field(
        min_length=1,
        description="The model's name as the provider lists it, or provider/model for one of PROVIDERS_FILE; "
        "`python -m bot doctor` checks it.",
        examples=["the-name-of-a-model"],
    )
    provider_context_tokens: int = Field(
        default=8192,
        ge=512,
        le=10_000_000,
        description="The model's context window in tokens: history and answer together. 8192 fits nearly every "
        "model that is offered today; set what your provider documents to keep more of a conversation.",
    )
    provider_connect_timeout_seconds: float = Field(
        default=10.0,
        gt=0,
        le=120,
        description="Seconds to wait for a connection to the provider. A host that is up accepts within one or two.",
    )
    provider_first_byte_timeout_seconds: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Seconds from the request to the first byte of the answer. A local model may have to be loaded "
        "from disk first.",
    )
    provider_idle_timeout_seconds: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="Seconds of silence in the middle of an answer until it counts as broken off. Reasoning models "
        "can pause for half a minute.",
    )
    provider_max_retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="How often a request is sent again that failed before any of its answer arrived. Two bridge a "
        "short outage without keeping people waiting.",
    )
    provider_concurrency: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="How many answers the provider is asked for at once; who comes next sees a place in the line. "
        "Hosted models take a hundred; for a local server, how many it generates side by side.",
    )
    provider_input_price_per_million: float | None = Field(
        default=None,
        ge=0,
        le=1_000_000,
        description="What the provider takes for a million tokens that the model reads, in US dollars. With the next "
        "setting it replaces the public price list, in which relays and your own servers are not found.",
        examples=["0.15"],
    )
    provider_output_price_per_million: float | None = Field(
        default=None,
        ge=0,
        le=1_000_000,
        description="What it takes for a million tokens that the model writes, in US dollars.",
        examples=["0.6"],
    )

    @property
    def prices(self) -> Mapping[str, Price]:
        """What the tokens of every model of that provider cost; half a price would be a wrong one."""
        read, written = self.provider_input_price_per_million, self.provider_output_price_per_million
        return {} if read is None or written is None else {"*": Price(input=read, output=written)}

    @property
    def provider(self) -> ProviderConfiguration | None:
        """The provider that the variables beginning with PROVIDER_ describe, if they do."""
        if self.provider_base_url is None:
            return None
        return ProviderConfiguration(
            name=DEFAULT,
            base_url=self.provider_base_url,
            api=self.provider_api,
            keys=(self.provider_api_key,),
            prices=self.prices,
            connect_timeout_seconds=self.provider_connect_timeout_seconds,
            first_byte_timeout_seconds=self.provider_first_byte_timeout_seconds,
            idle_timeout_seconds=self.provider_idle_timeout_seconds,
            concurrency=self.provider_concurrency,
            max_retries=self.provider_max_retries,
        )
