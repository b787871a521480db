"""What is answered, and how."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field
from pydantic_settings import BaseSettings


class Trigger(StrEnum):
    """Which messages in a server's channels are meant for the bot."""

    MENTION = "mention"
    ALL = "all"


class ConversationScope(StrEnum):
    """Who shares a conversation in a server's channel."""

    CHANNEL = "channel"
    MEMBER = "member"


class AnswerSettings(BaseSettings):
    """What is answered, and how."""

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
