"""What the host may set: the only reader of the environment and of `.env`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from dotenv import dotenv_values
from pydantic import PrivateAttr, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict, SettingsError

from bot.errors import ConfigurationError
from bot.place_settings.chosen import MAX_OUTPUT_TOKENS
from bot.place_settings.table import MODEL, SETTINGS
from bot.setting_groups.answers import AnswerSettings
from bot.setting_groups.discord import DiscordSettings
from bot.setting_groups.places import PlaceDefaults
from bot.setting_groups.provider import ProviderSettings
from bot.setting_groups.running import RunningSettings
from bot.setting_groups.tools import ToolSettings
from bot.settings_values import complaint


# The fields of the last come first.
class Settings(RunningSettings, ToolSettings, AnswerSettings, PlaceDefaults, ProviderSettings, DiscordSettings):
    """Every setting of the host; the name of the variable is the field's name in capitals."""

    model_config = SettingsConfigDict(
        env_file_encoding="utf-8-sig",  # editors on Windows put a byte order mark first
        env_ignore_empty=True,  # a line of .env.example that was left empty is not set
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    _environment: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def leave_room_for_history(self) -> Self:
        """An answer as long as the window would leave no room for the question."""
        if self.place_defaults[MAX_OUTPUT_TOKENS] > self.provider_context_tokens // 2:
            raise ValueError(
                f"MAX_OUTPUT_TOKENS must be at most half of PROVIDER_CONTEXT_TOKENS, which is "
                f"{self.provider_context_tokens}; for example MAX_OUTPUT_TOKENS={self.provider_context_tokens // 8}."
            )
        return self

    @property
    def place_defaults(self) -> Mapping[str, Any]:
        """What counts where moderators chose nothing, by the names of the settings; what is left open is not there."""
        found = {name: getattr(self, setting.variable) for name, setting in SETTINGS.items() if setting.variable}
        chosen = {name: value for name, value in found.items() if value is not None}
        return {MODEL.name: self.provider_model, **chosen}

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
