"""The embedded demo model."""

from __future__ import annotations

from dataclasses import replace

from bot.providers.chat_completions import ChatCompletions
from bot.providers.events import Finished, FinishReason, Started, TextDelta, Usage
from bot.providers.transport import Transport
from sandbox.model import DemoModel
from tests.providers.asking import ask, question, text_of


async def test_demo_model_streams_an_answer() -> None:
    """The real adapter gets a streamed answer, its usage and its end from the embedded model, twice in a row."""
    async with DemoModel() as demo, Transport() as transport:
        completions = ChatCompletions(transport, base_url=demo.base_url)
        assert await completions.list_models() == (demo.model,)
        request = replace(question("What is the capital of France?", model=demo.model), max_output_tokens=12)
        for _ in range(2):
            events = await ask(completions, request)
            assert text_of(events).strip()
            assert len([event for event in events if isinstance(event, TextDelta)]) > 2
            assert isinstance(events[0], Started)
            assert isinstance(events[-2], Usage)
            assert events[-1] in (Finished(FinishReason.STOP), Finished(FinishReason.LENGTH))
