"""Settings that a test gives, and nothing of this machine's environment."""

from __future__ import annotations

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot.settings import Settings


class GivenSettings(Settings):
    """The bot's settings, read from nowhere but the constructor."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the interface of pydantic-settings
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the constructor is given."""
        return (init_settings,)
