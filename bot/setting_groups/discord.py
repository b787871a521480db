"""Where Discord is, and how it is spoken to."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from bot.settings_values import (
    gateway_address,
    header_safe,
    web_address,
)


class DiscordSettings(BaseSettings):
    """Where Discord is, and how it is spoken to."""

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
