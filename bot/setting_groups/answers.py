"""What is answered, and how, everywhere."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

from bot.settings_values import present_if_named

LIMITS_FILE = "limits.toml"


class AnswerSettings(BaseSettings):
    """What is answered, and how, everywhere."""

    limits_file: Annotated[str, AfterValidator(present_if_named(LIMITS_FILE))] = Field(
        default=LIMITS_FILE,
        min_length=1,
        description="The file that says what moderators may choose, of models, tools and other settings, and that "
        "holds the host's own budgets; limits.toml may be missing, one of another name not. docs/limits.md says what "
        "stands in it.",
    )
    moderation_model: str = Field(
        default="",
        description="The model that checks questions and answers where moderators switched that on, as "
        "provider/model. Not set: the provider of the place's model checks with the model it likes best.",
        examples=["a-provider/the-name-of-a-model"],
    )
    edit_window_seconds: float = Field(
        default=900.0,
        ge=0,
        le=3600,
        description="Seconds after an answer in which an edit of its question has it answered again, in the same "
        "messages; 0 never does. Corrections come within minutes, and later the answer has been read; after an hour "
        "Discord hardly lets a bot edit its messages.",
    )
