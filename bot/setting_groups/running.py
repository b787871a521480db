"""How the bot runs, and what it keeps and logs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

from bot.settings_values import (
    database_address,
    web_address,
)


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


class RunningSettings(BaseSettings):
    """How the bot runs, and what it keeps and logs."""

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
    privacy_url: Annotated[str, AfterValidator(web_address)] | None = Field(
        default=None,
        description="Where you say what your bot stores and who gets it: `/privacy` has a button that leads there. "
        "Without it, docs/privacy.md is named.",
        examples=["https://example.org/privacy"],
    )
    log_level: LogLevel = Field(
        default=LogLevel.INFO,
        description="The least severe entry that is logged; people's words are in none.",
    )
    log_format: LogFormat = Field(
        default=LogFormat.TEXT,
        description="How an entry is written to standard error: text for eyes, json for a log collector.",
    )
