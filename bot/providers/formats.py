"""Which API an event is of, for a stream that answers a request in the words of another one; pure."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import WrongApi
from bot.providers.parameters import Api


def refuse_another_api(own: Api, event: Mapping[str, object], name: str = "") -> None:
    """Raises: WrongApi, if the event, of this name in its stream, is certainly of another API than one's own."""
    spoken = api_of(event, name)
    if spoken is not None and spoken is not own:
        raise WrongApi(spoken)


def api_of(event: Mapping[str, object], name: str = "") -> Api | None:
    """The API whose event or whole answer this is; None where that is not certain."""
    kind, thing = str(event.get("type")), str(event.get("object"))
    if kind.startswith("response.") or thing == "response":
        return Api.RESPONSES
    if name.startswith("thread.") or thing.startswith("thread."):
        return Api.ASSISTANTS
    if thing.startswith("chat.completion") or isinstance(event.get("choices"), list):
        return Api.CHAT_COMPLETIONS  # or the older completions, whose streams are read like these
    return None
