"""Requests in the words of the legacy completions API: a conversation as one text; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from bot.messages import GO_ON, ChatMessage, ProviderRequest, Role, without_calls
from bot.providers.chat.request import settings_of
from bot.providers.dialect import Dialect
from bot.providers.parameters import Api

NAMES: Mapping[Role, str] = {Role.SYSTEM: "", Role.USER: "User:", Role.ASSISTANT: "Assistant:"}
# A line that begins as a turn does, in somebody's words.
POSES_AS_A_TURN = re.compile(r"^(?=(User|Assistant):)", re.MULTILINE)
# Else the model goes on with what it expects a person to say next.
NEXT_TURN = f"\n{NAMES[Role.USER]}"
MAX_STOPS = 4  # OpenAI's limit


def completion_body(request: ProviderRequest, dialect: Dialect) -> dict[str, object]:
    """A request in the words of the API; what is not set is not sent."""
    body: dict[str, object] = {"model": request.model, "prompt": prompt(request.messages), "stream": True}
    body |= settings_of(request, dialect, Api.COMPLETIONS)
    if request.end_user is not None and "user" not in dialect.unwanted:
        body["user"] = request.end_user
    if "stop" not in dialect.unwanted:
        body["stop"] = [NEXT_TURN, *request.parameters.get("stop", ())][:MAX_STOPS]
    return body


def prompt(messages: Iterable[ChatMessage]) -> str:
    """The conversation, one turn below the other, up to where the model goes on."""
    said = without_calls(messages)
    goes_on = len(said) > 1 and said[-1].key == GO_ON and said[-2].role is Role.ASSISTANT
    turns = [_turn(message) for message in (said[:-1] if goes_on else said)]
    return "\n".join(turns if goes_on else [*turns, NAMES[Role.ASSISTANT]])


def _turn(message: ChatMessage) -> str:
    return f"{NAMES[message.role]} {POSES_AS_A_TURN.sub(' ', message.content.strip())}".lstrip()
