"""Logging to standard error, with every secret taken out on the way."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from bot.setting_groups.running import LogFormat
from bot.settings import Settings

REDACTED = "[redacted]"

# What looks like a secret, whoever wrote it: an Authorization value; a Discord token, which is a user id, a time
# and a signature, each in base64; a key of the form that most providers use.
SECRET_SHAPES = re.compile(
    r"(?<=Bearer )\S+|(?<=Bot )[\w.-]{20,}|[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}|\bsk-[\w-]{16,}", re.IGNORECASE
)

# Shorter values, such as the key "none" of a local server, would blot out ordinary words.
MIN_SECRET_CHARS = 6

# How variables end that `providers.toml` and `tools.toml` take secrets from; what is shorter is a path or a word.
NAMES_OF_SECRETS = ("KEY", "TOKEN", "SECRET", "PASSWORD")
MIN_OTHER_SECRET_CHARS = 12


class Redactor:
    """Takes known secrets, and what looks like one, out of a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted((secret for secret in secrets if len(secret) >= MIN_SECRET_CHARS), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def clean(self, text: str) -> str:
        """The text with each secret replaced."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        return SECRET_SHAPES.sub(REDACTED, text)


class TextFormatter(logging.Formatter):
    """One line for each entry, then the traceback if there is one.

    The finished text is cleaned, and not the record: an exception's text and a library's arguments are in it too.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)-8s %(name)s: %(message)s")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """The entry, fit for a terminal."""
        return self._redactor.clean(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object on one line for each entry: time, level, logger, message, and exception if there is one."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """The entry, fit for a log collector."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redactor.clean(record.getMessage()),
        }
        if record.exc_info:
            entry["exception"] = self._redactor.clean(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


def set_up_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Sends every logger's entries to the stream (standard error); a second call replaces the first."""
    own = (settings.discord_token.get_secret_value(), settings.provider_api_key.get_secret_value())
    others = (value for name, value in settings.environment.items() if name.upper().endswith(NAMES_OF_SECRETS))
    redactor = Redactor((*own, *(value for value in others if len(value) >= MIN_OTHER_SECRET_CHARS)))
    handler = logging.StreamHandler(stream or sys.stderr)
    as_json = settings.log_format is LogFormat.JSON
    handler.setFormatter(JsonFormatter(redactor) if as_json else TextFormatter(redactor))
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Their debug entries hold requests and messages with people's words in them, so no setting turns those on.
    for library in ("discord", "httpx", "httpcore", "httpx2", "httpcore2", "aiosqlite", "sqlalchemy", "alembic"):
        logging.getLogger(library).setLevel(max(level, quietest(library)))
    # The errors of this one quote what MCP servers sent.
    logging.getLogger("mcp").setLevel(logging.CRITICAL)


def quietest(library: str) -> int:
    """The least severe entry of a library that is worth a host's time."""
    # discord.py says at INFO when it connects and resumes, which a host wants to see, and nothing about messages.
    return logging.INFO if library == "discord" else logging.WARNING
