"""What tools may do."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from bot.messages import ToolChoice
from bot.settings_values import (
    HostNames,
    HostPorts,
    fernet_keys,
)


class ToolSettings(BaseSettings):
    """What tools may do."""

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
