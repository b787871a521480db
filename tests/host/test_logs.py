"""What is logged, and above all what is not."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.logs import REDACTED, Redactor, set_up_logging
from bot.setting_groups.running import LogFormat, LogLevel
from bot.settings import Settings

TOKEN = "a-token-with-no-known-shape"
KEY = "a-key-with-no-known-shape"


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """Logging is the process's own, so what a test changes is put back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def settings(log_format: LogFormat = LogFormat.TEXT, log_level: LogLevel = LogLevel.INFO) -> Settings:
    """Settings whose secrets could not be guessed by their shape."""
    return Settings(
        _env_file=None,
        discord_token=SecretStr(TOKEN),
        provider_api_key=SecretStr(KEY),
        provider_base_url="https://provider.test/v1",
        provider_model="a-model",
        log_format=log_format,
        log_level=log_level,
    )


@pytest.mark.usefixtures("logging_as_before")
@pytest.mark.parametrize("log_format", list(LogFormat))
def test_secret_is_redacted_wherever_it_stands(log_format: LogFormat) -> None:
    """Message, argument, exception and its cause are all searched."""
    stream = io.StringIO()
    set_up_logging(settings(log_format), stream)
    try:
        try:
            raise ValueError(f"inner {TOKEN}")
        except ValueError as exc:
            raise RuntimeError(f"outer {KEY}") from exc
    except RuntimeError:
        logging.getLogger("some.library").exception("said %s and %s", TOKEN, KEY)
    written = stream.getvalue()
    assert TOKEN not in written
    assert KEY not in written
    assert written.count(REDACTED) == 4
    assert "RuntimeError" in written


@pytest.mark.usefixtures("logging_as_before")
def test_secrets_that_files_refer_to_are_redacted(tmp_path: Path) -> None:
    """Keys of further providers are variables whose names say what they are; other variables are words."""
    env_file = tmp_path / "test.env"
    env_file.write_text(
        "DISCORD_TOKEN=x\nPROVIDER_MODEL=m\nPROVIDER_BASE_URL=https://provider.test\n"
        "RELAY_KEY=a-key-of-the-relay\nRELAY_REGION=north-of-everything\n"
    )
    stream = io.StringIO()
    set_up_logging(Settings.load(env_file), stream)
    logging.getLogger("some.library").error("a-key-of-the-relay is north-of-everything")
    assert stream.getvalue().endswith(f"{REDACTED} is north-of-everything\n")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Authorization: Bearer abcdef", f"Authorization: Bearer {REDACTED}"),
        ("Bot MTExMTExMTExMTExMTExMTEx.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB", f"Bot {REDACTED}"),
        ("in MTExMTExMTExMTExMTExMTEx.GabcdE.abcdefghijklmnopqrstuvwxyz_-23456789AB.", f"in {REDACTED}."),
        ("key sk-proj-abcdefghijklmnop was refused", f"key {REDACTED} was refused"),
        ("discord.gateway.DiscordWebSocket has connected", "discord.gateway.DiscordWebSocket has connected"),
    ],
)
def test_what_looks_like_a_secret_is_redacted(text: str, clean: str) -> None:
    """Secrets that are not ours, such as one from a provider's error, have a shape."""
    assert Redactor([]).clean(text) == clean


def test_short_key_does_not_blot_out_words() -> None:
    """A local server's key may be a plain word."""
    assert Redactor(["none"]).clean("none was found") == "none was found"


@pytest.mark.usefixtures("logging_as_before")
def test_json_is_one_object_for_each_line() -> None:
    """A collector reads line by line, also when a message has several."""
    stream = io.StringIO()
    set_up_logging(settings(LogFormat.JSON), stream)
    logging.getLogger("bot.test").info("two\nlines")
    (line,) = stream.getvalue().splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["logger"], entry["message"]) == ("info", "bot.test", "two\nlines")
    assert entry["time"].endswith("+00:00")


@pytest.mark.usefixtures("logging_as_before")
@pytest.mark.parametrize("library", ["discord.gateway", "httpx", "httpcore.http11", "aiosqlite", "sqlalchemy.engine"])
def test_no_setting_logs_what_people_say(library: str) -> None:
    """Libraries print messages and statements at their debug level, which stays off."""
    stream = io.StringIO()
    set_up_logging(settings(log_level=LogLevel.DEBUG), stream)
    logging.getLogger(library).debug("somebody's words")
    assert stream.getvalue() == ""


@pytest.mark.usefixtures("logging_as_before")
def test_second_set_up_replaces_the_first() -> None:
    """An entry is written once."""
    stream = io.StringIO()
    set_up_logging(settings(), stream)
    set_up_logging(settings(), stream)
    logging.getLogger("bot.test").info("once")
    assert stream.getvalue().count("once") == 1
