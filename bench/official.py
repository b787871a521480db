"""The official `openai` package, made to read a stream of bytes that is already there."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import httpx2
import openai
from openai import OpenAI
from openai.types.beta import AssistantStreamEvent
from openai.types.beta.assistant_stream_event import ThreadMessageDelta
from openai.types.beta.threads import TextDeltaBlock
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import ResponseStreamEvent, ResponseTextDeltaEvent

from bench.formats import ASSISTANT, QUESTION
from bot.providers.parameters import Api
from sandbox.provider import MODEL

NAME = f"openai {openai.__version__}"

OfficialEvent = ChatCompletionChunk | ResponseStreamEvent | AssistantStreamEvent


class Pieces(httpx2.SyncByteStream):
    """A body in the pieces in which a network would bring it."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)


def opened(api: Api, pieces: Sequence[bytes]) -> Iterable[OfficialEvent]:
    """The package's stream of parsed events over these bytes; nothing of it has been read yet."""

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"Content-Type": "text/event-stream"}, stream=Pieces(pieces))

    client = httpx2.Client(transport=httpx2.MockTransport(answer))
    return STREAMS[api](OpenAI(api_key="none", base_url="http://127.0.0.1:9/v1", http_client=client))


def said(events: Iterable[OfficialEvent]) -> str:
    """The text in the package's events of any API."""
    return "".join(map(_text, events))


def _text(event: OfficialEvent) -> str:
    match event:
        case ChatCompletionChunk():
            return "".join(choice.delta.content or "" for choice in event.choices)
        case ResponseTextDeltaEvent():
            return event.delta
        case ThreadMessageDelta():
            blocks = [block for block in event.data.delta.content or () if isinstance(block, TextDeltaBlock)]
            return "".join(block.text.value or "" for block in blocks if block.text is not None)
        case _:
            return ""


def _chat(client: OpenAI) -> Iterable[ChatCompletionChunk]:
    return client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": QUESTION}], stream=True)


def _responses(client: OpenAI) -> Iterable[ResponseStreamEvent]:
    return client.responses.create(model=MODEL, input=QUESTION, stream=True)


def _runs(client: OpenAI) -> Iterable[AssistantStreamEvent]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # OpenAI itself has done with threads and runs
        return client.beta.threads.runs.create("thread_1", assistant_id=ASSISTANT, stream=True)


STREAMS: Mapping[Api, Callable[[OpenAI], Iterable[OfficialEvent]]] = {
    Api.CHAT_COMPLETIONS: _chat,
    Api.RESPONSES: _responses,
    Api.ASSISTANTS: _runs,
}
