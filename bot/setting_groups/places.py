"""What counts where moderators chose nothing: a variable for each setting of the table that has one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, create_model
from pydantic_settings import BaseSettings

from bot.errors import Refusal
from bot.place_settings.table import SETTINGS
from bot.setting import Setting, checked, understood


def valid(setting: Setting, value: Any) -> Any:
    """What the host wrote, as the value it means; a default that leaves it open is None.  Raises: ValueError."""
    if value is None:
        return None
    try:
        return understood(setting, value) if isinstance(value, str) else checked(setting, value)
    except (Refusal, ValueError):
        raise ValueError(f"must be {setting.range}") from None


def _field(setting: Setting) -> Any:
    said = f"{setting.meaning} {setting.range[0].upper()}{setting.range[1:]}. {setting.note}".rstrip()
    field = Field(default=setting.default, description=said, examples=[setting.example])
    return Annotated[Any, BeforeValidator(partial(valid, setting))], field


if TYPE_CHECKING:

    class PlaceDefaults(BaseSettings):
        """Its fields are the table's, and are read by the names of the settings: see `Settings.place_defaults`."""
else:
    PlaceDefaults = create_model(
        "PlaceDefaults",
        __base__=BaseSettings,
        **{setting.variable: _field(setting) for setting in SETTINGS.values() if setting.variable},
    )
