"""What the host may set: the only reader of the environment and of `.env`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from dotenv import dotenv_values
from pydantic import AfterValidator, Field, PrivateAttr, SecretStr, ValidationError, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from bot.errors import ConfigurationError
from bot.messages import ToolChoice
from bot.providers.configuration import DEFAULT, Price, ProviderConfiguration
from bot.providers.parameters import Api
from bot.settings_values import (
    HostNames,
    HostPorts,
    complaint,
    database_address,
    fernet_keys,
    gateway_address,
    header_safe,
    web_address,
)


class Trigger(StrEnum):
    """Which messages in a server's channels are meant for the bot."""

    MENTION = "mention"
    ALL = "all"


class ConversationScope(StrEnum):
    """Who shares a conversation in a server's channel."""

    CHANNEL = "channel"
    MEMBER = "member"


class LogLevel(StrEnum):
    """The least severe entry that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How an entry is written to standard error."""

    TEXT = "text"
    JSON = "json"


def needed_without_a_file(address: str | None, others: ValidationInfo) -> str | None:
    """The address of the environment's own provider, which may be missing where a file lists some."""
    if address is not None:
        return web_address(address)
    if not Path(others.data.get("providers_file", "")).is_file():
        raise PydanticCustomError("missing", "not set")
    return None


class Settings(BaseSettings):
    """Every setting of the host; the name of the variable is the field's name in capitals."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8-sig",  # editors on Windows put a byte order mark first
        env_ignore_empty=True,  # a line of .env.example that was left empty is not set
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    discord_token: Annotated[SecretStr, AfterValidator(header_safe)] = Field(
        description="The bot's token: discord.com/developers/applications, your application, Bot, Reset Token. "
        "Whoever has it is the bot.",
        examples=["the-token-from-the-developer-portal"],
    )
    discord_api_base_url: Annotated[str, AfterValidator(web_address)] = Field(
        default="https://discord.com/api/v10",
        description="Where Discord's REST API is; another address for a rate-limit proxy or for the sandbox.",
        examples=["http://127.0.0.1:8080/api/v10"],
    )
    discord_gateway_url: Annotated[str, AfterValidator(gateway_address)] = Field(
        default="wss://gateway.discord.gg/",
        description="Where Discord's gateway is; another address for a gateway proxy or for the sandbox.",
        examples=["ws://127.0.0.1:8080/gateway"],
    )
    discord_requests_per_second: int = Field(
        default=50,
        ge=1,
        le=10_000,
        description="REST requests a second over all channels. 50 is what Discord documents for every bot; "
        "Discord gives large bots more on request.",
    )
    discord_timeout_seconds: float = Field(
        default=20.0,
        gt=0,
        le=600,
        description="Seconds without an answer until a post or an edit is given up and made again. Discord answers "
        "within one; a long answer's file on a slow line takes a few.",
    )
    discord_silence_timeout_seconds: float = Field(
        default=60.0,
        ge=6,
        le=600,
        description="Seconds of silence on the gateway, or of waiting for its welcome, until the connection counts as "
        "dead and is made anew. Discord sends something every 41 seconds: less than that ends sound connections.",
    )
    providers_file: str = Field(
        default="providers.toml",
        min_length=1,
        description="The file that lists further providers; it may be missing. docs/providers.md says what stands in "
        "it.",
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
    system_prompt: str = Field(
        default="You are Parley, a helpful member of a Discord server. Several people may speak in one conversation; "
        "each message begins with the name of its author in parentheses. Answer in the language you are addressed "
        "in, to the point, and in Discord's Markdown.",
        max_length=32_000,
        description="What the model is told before every conversation. The default says what it cannot know: where "
        "it is, and that names come first.",
    )
    temperature: float | None = Field(
        default=None,
        ge=0,
        le=2,
        description="How freely the model chooses its words, 0 to 2. Not set: the provider's own default, because "
        "some models refuse any other value.",
        examples=["0.7"],
    )
    max_output_tokens: int = Field(
        default=1024,
        ge=16,
        le=1_000_000,
        description="The longest answer in tokens; it can be continued with a button. 1024 are about two Discord "
        "messages, and an eighth of the default window.",
    )
    moderation_model: str = Field(
        default="",
        description="The model that checks questions and answers where moderators switched that on, as "
        "provider/model. Not set: the provider of the place's model checks with the model it likes best.",
        examples=["a-provider/the-name-of-a-model"],
    )
    history_max_messages: int = Field(
        default=200,
        ge=1,
        le=10_000,
        description="The most messages of a conversation that are sent to the model, if its window has room. 200 "
        "are more than most windows hold, and are read in a few milliseconds.",
    )
    trigger: Trigger = Field(
        default=Trigger.MENTION,
        description="What is answered in a server's channels. mention: mentions, replies to the bot, and threads it "
        "takes part in; all: every message of a person. Direct messages are always answered.",
    )
    conversation_scope: ConversationScope = Field(
        default=ConversationScope.CHANNEL,
        description="Who shares a conversation in a channel. channel: everyone there, as in a talk among people; "
        "member: each person has their own.",
    )
    edit_window_seconds: float = Field(
        default=900.0,
        ge=0,
        le=3600,
        description="Seconds after an answer in which an edit of its question has it answered again, in the same "
        "messages; 0 never does. Corrections come within minutes, and later the answer has been read; after an hour "
        "Discord hardly lets a bot edit its messages.",
    )
    reply_max_pages: int = Field(
        default=5,
        ge=1,
        le=25,
        description="The most Discord messages (2000 characters each) of one answer; a longer one is attached whole "
        "as a file. Five fill a screen and can be posted within one rate-limit window.",
    )
    tools_enabled: bool = Field(
        default=True,
        description="Whether the model may use tools; people have them as slash commands all the same. A provider "
        "that refuses them is asked without by itself; set false where they make a model's answers worse.",
    )
    tool_choice: ToolChoice = Field(
        default=ToolChoice.AUTO,
        description="auto: the model decides whether it uses a tool; none: it is told of tools and may use none; "
        "required: it has to begin every answer with one.",
    )
    parallel_tool_calls: bool | None = Field(
        default=None,
        description="Whether the model may ask for several tools at once. Not set: the provider's own default, because "
        "some refuse the parameter; set false for a model that confuses its calls.",
        examples=["false"],
    )
    tool_window_share: float = Field(
        default=0.1,
        gt=0,
        le=0.5,
        description="The part of the model's window that the tools' descriptions may take. Where there are more, the "
        "model is told of those that fit and of find_tool, which finds the others; a tenth leaves room to talk.",
    )
    tool_max_steps: int = Field(
        default=10,
        ge=1,
        le=100,
        description="How often a model may ask for tools within one answer, which is then ended. One that has not "
        "answered after ten times goes in circles.",
    )
    tool_output_max_bytes: int = Field(
        default=16_000,
        ge=500,
        le=1_000_000,
        description="The most bytes of a tool's output that a model is told; people get the whole as a file. 16,000 "
        "are about 4000 tokens: half of the default window, and more than a model reads with care.",
    )
    tool_wait_seconds: float = Field(
        default=86_400.0,
        ge=60,
        le=604_800,
        description="Seconds that an answer waits for a person to approve a call or to answer a question. A day lets "
        "everyone see it once; after a week nobody remembers what it was about.",
    )
    tool_fetch_hosts: HostNames = Field(
        default=(),
        description="Which hosts' web pages may be read, by people with /fetch_page and by the model, with commas in "
        "between: a name, *.name for all below it, name:port where it is not 443, or * for every public host. None by "
        "default, and then there is no /fetch_page; * is what most people want of it, and lets a model tell any "
        "public host whatever it puts into an address. Private networks are never asked.",
        examples=["*"],
    )
    tool_http_hosts: HostNames = Field(
        default=(),
        description="Which hosts the tools may ask that moderators add with /tools add, listed in the same way. None "
        "by default, because what is asked learns who asks and with which words.",
        examples=["api.example.org,*.example.net,api.example.com:8443"],
    )
    secrets_key: Annotated[SecretStr, AfterValidator(fernet_keys)] = Field(
        default=SecretStr(""),
        description="Encrypts the secrets of the tools that moderators add, which can have none without it. Make one "
        "with `openssl rand -base64 32 | tr +/ -_`. To change it, put the new key before the old one, with a comma in "
        "between; whoever has it and the database can read them.",
        examples=["everybody-knows-this-one-make-one-yourself0="],
    )
    tool_unsafe_addresses: HostPorts = Field(
        default=(),
        description="For tests and for trying out alone: host:port, with commas in between, that tools may ask "
        "without https and in private networks. Each opens a piece of the bot's own network to everybody who may use "
        "a tool.",
        examples=["127.0.0.1:8080"],
    )
    tools_file: str = Field(
        default="tools.toml",
        min_length=1,
        description="The file that lists MCP servers, whose tools the model may use; it may be missing. "
        "docs/mcp.md says what stands in it.",
    )
    tool_modules: str = Field(
        default="",
        description="Python modules with tools of your own, separated by commas, that are loaded like the files in "
        "cogs/; for tools that are kept apart from this program.",
        examples=["my_tools.weather, my_tools.tickets"],
    )
    max_concurrent_runs: int = Field(
        default=300,
        ge=1,
        le=10_000,
        description="The most answers in the making at once, also those in a provider's line; further ones wait "
        "unseen. Three times what a provider takes at once, so that who waits for it sees a place in its line; 100 "
        "streams fit into 120 MB, and who waits needs less.",
    )
    run_timeout_seconds: float = Field(
        default=600.0,
        ge=1,
        le=86_400,
        description="Seconds from the question until an unfinished answer expires. 600, as in the OpenAI Runs API.",
    )
    lease_seconds: float = Field(
        default=30.0,
        ge=5,
        le=3600,
        description="Seconds that a process owns an answer without renewing it. After a crash another one takes over "
        "at most this much later; shorter risks a takeover from one that is merely slow.",
    )
    shutdown_grace_seconds: float = Field(
        default=5.0,
        ge=0,
        le=600,
        description="Seconds that answers may go on after the bot was told to stop; what is left is picked up at the "
        "next start. Container runtimes kill after 10.",
    )
    missed_messages_max_age_seconds: float = Field(
        default=3600.0,
        ge=0,
        le=86_400,
        description="How old a question that was asked while the bot was away may be, in seconds, to be answered after "
        "its return; 0 answers none. After an hour people have moved on.",
    )
    database_url: Annotated[str, AfterValidator(database_address)] = Field(
        default="sqlite+aiosqlite:///data/parley.db",
        description="Where conversations are kept: three slashes and a path from the working directory, or four "
        "and a path from the root. The file and its folder are made when missing; nothing has to be installed.",
    )
    database_wait_seconds: float = Field(
        default=15.0,
        gt=0,
        le=60,
        description="Seconds to wait while another program writes to the database; then whoever asked is told so. "
        "Programs rarely write for longer, and people rarely wait for longer.",
    )
    retention_days_after_removal: float = Field(
        default=30.0,
        ge=0,
        le=3650,
        description="Days until what was said is deleted for good, after the bot was removed from a server or a "
        "channel was deleted. A month is enough to notice a removal by mistake and to invite the bot again.",
    )
    log_level: LogLevel = Field(
        default=LogLevel.INFO,
        description="The least severe entry that is logged; people's words are in none.",
    )
    log_format: LogFormat = Field(
        default=LogFormat.TEXT,
        description="How an entry is written to standard error: text for eyes, json for a log collector.",
    )

    _environment: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def leave_room_for_history(self) -> Self:
        """An answer as long as the window would leave no room for the question."""
        if self.max_output_tokens > self.provider_context_tokens // 2:
            raise ValueError(
                f"MAX_OUTPUT_TOKENS must be at most half of PROVIDER_CONTEXT_TOKENS, which is "
                f"{self.provider_context_tokens}; for example MAX_OUTPUT_TOKENS={self.provider_context_tokens // 8}."
            )
        return self

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

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What every request asks for, unless moderators chose something else; by the names of the table."""
        return {} if self.temperature is None else {"temperature": self.temperature}

    @property
    def environment(self) -> Mapping[str, str]:
        """Every variable of the environment and the file, also what is no setting: `tools.toml` may refer to it."""
        return self._environment

    @classmethod
    def load(cls, env_file: Path | None = Path(".env")) -> Settings:
        """The settings of the environment and, for what is not there, of the file, which may be missing.

        Raises: ConfigurationError, with one sentence per line for each variable to change.
        """
        try:
            settings = cls(_env_file=env_file)
            written = dotenv_values(env_file, encoding="utf-8-sig") if env_file is not None else {}
            known = (written.items(), os.environ.items())
            settings._environment = {name: value for source in known for name, value in source if value}
            return settings
        except ValidationError as exc:
            # `from None`: the cause could print what was entered.
            sentences = [sentence(error) for error in exc.errors(include_url=False, include_input=False)]
            raise ConfigurationError("\n".join(sentences)) from None
        except (OSError, UnicodeDecodeError, SettingsError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else "it is not a text file in UTF-8"
            raise ConfigurationError(f"The file {env_file} cannot be read: {reason}.") from None


def sentence(error: Any) -> str:
    """What is wrong with one variable and an example of what would be right; never what was entered."""
    if not error["loc"]:  # about several variables at once: our own words
        return str(error["ctx"]["error"])
    field = str(error["loc"][0])
    name, sample = field.upper(), example(field)
    if error["type"] == "missing":
        return f"{name} is not set: put it into .env or the environment, for example {name}={sample}."
    return f"{name} {complaint(error)}; for example {name}={sample}."


def example(field: str) -> str:
    """A value that would be accepted: the field's own example, else its default."""
    information = Settings.model_fields[field]
    if information.examples:
        return str(information.examples[0])
    return str(information.default)
