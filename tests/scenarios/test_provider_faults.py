"""What people see and what the tables say when the model provider fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import SENTENCES, ContextTooLong, ProviderFault
from sandbox.limits import Limits
from sandbox.stories import STORIES, Story, refusal
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene, sent

BROKEN, TIMEOUT = SENTENCES[ProviderFault.PROTOCOL], SENTENCES[ProviderFault.TIMEOUT]
WORDS = ("One ", "two ", "three.")

# Nothing of an answer came: the sentence stands alone.
REFUSALS = {
    "html": (STORIES["html"], BROKEN),
    "html_of_a_gateway": (
        Story(status=502, body=b"<html><title>502 Bad Gateway</title></html>", content_type="text/html"),
        SENTENCES[ProviderFault.BUSY],
    ),
    "empty_body": (STORIES["nothing"], BROKEN),
    "error_in_a_200": (
        Story(body=b'{"error": {"message": "The upstream broke.", "code": 502}}', content_type="application/json"),
        SENTENCES[ProviderFault.BUSY],
    ),
    "connection_refused": (Story(refuses_connection=True), SENTENCES[ProviderFault.NETWORK]),
    "cut_at_the_first_event": (Story(cut_at=0), SENTENCES[ProviderFault.NETWORK]),
    "bytes_without_an_end": (STORIES["huge-line"], BROKEN),
    "400_too_long": (STORIES["too-long"], ContextTooLong.own_sentence),
    "400_moderated": (STORIES["moderated"], SENTENCES[ProviderFault.MODERATED]),
    "401": (refusal(401, "invalid_api_key"), SENTENCES[ProviderFault.AUTH]),
    "402": (refusal(402, ""), SENTENCES[ProviderFault.QUOTA]),
    "403": (refusal(403, ""), SENTENCES[ProviderFault.AUTH]),
    "404": (refusal(404, "model_not_found"), SENTENCES[ProviderFault.NOT_FOUND]),
    "429": (STORIES["limited"], SENTENCES[ProviderFault.RATE_LIMITED]),
    "429_quota": (STORIES["quota"], SENTENCES[ProviderFault.QUOTA]),
    "500": (refusal(500, ""), SENTENCES[ProviderFault.BUSY]),
    "503": (STORIES["busy"], SENTENCES[ProviderFault.BUSY]),
}

# The beginning of an answer came: it stays, with the sentence in small print below.
BREAKS = {
    "error_in_the_stream": (Story(pieces=WORDS, error_at=2), "One two ", SENTENCES[ProviderFault.BUSY]),
    "cut_in_the_middle": (Story(pieces=WORDS, cut_at=2), "One two ", BROKEN),
    "cut_before_the_end": (Story(pieces=WORDS, cut_at=3), "One two three.", BROKEN),
    "stream_ends_without_an_end": (
        Story(pieces=WORDS, finish_reason=None, usage=None, sends_done=False),
        "One two three.",
        BROKEN,
    ),
}


def failed(parley: Scene, answer: Answer, sentence: str, text: str) -> None:
    """An honest end: the sentence and Retry for the person, status and reason in the tables, nothing left over."""
    assert list(answer.buttons) == ["Retry"]
    run = parley.run(1)
    assert (run["status"], run["failure"], run["text"]) == ("failed", sentence, text)
    assert parley.causes(1) == ["enqueued", "claimed", "failed"]
    assert len(parley.writes("general", "POST")) == 1


@pytest.mark.parametrize("name", REFUSALS)
async def test_refusal_becomes_one_sentence(parley: Scene, name: str) -> None:
    """Without any words of an answer the person reads why, and can retry."""
    story, sentence = REFUSALS[name]
    parley.provider.play(story, story)  # once more for a connection that may have gone stale since the start
    answer = await parley.ask("linus", "general", "@bot hi")
    assert answer.text == f"⚠️ {sentence}"
    failed(parley, answer, sentence, "")


@pytest.mark.parametrize("name", BREAKS)
async def test_broken_stream_keeps_its_words(parley: Scene, name: str) -> None:
    """What the model had said stays visible, is not taken for a whole answer, and Retry begins afresh."""
    story, said, sentence = BREAKS[name]
    parley.provider.play(story)
    answer = await parley.ask("linus", "general", "@bot hi")
    assert answer.text == f"{said.rstrip()}\n-# ⚠️ {sentence}"
    failed(parley, answer, sentence, said)
    await parley.press("linus", answer, "Retry")
    assert (await parley.answer_of("general", 2)).text == "Hello from the scripted model."
    assert sent(parley.provider.requests[1])[1:] == ["user: (from Linus) hi"]


@pytest.mark.parametrize(
    ("story", "text"),
    [
        (Story(hang_at=0), ""),
        (Story(pieces=WORDS, hang_at=2), "One two "),
        (replace(STORIES["drip"], seconds_per_write=0.05), ""),
    ],
    ids=["slow_first_byte", "silence_in_the_middle", "one_byte_at_a_time"],
)
async def test_slow_provider_is_given_up(scene: Scene, story: Story, text: str) -> None:
    """A provider that says nothing for longer than the host allows does not hold the conversation."""
    await scene.start(provider_first_byte_timeout_seconds=0.4, provider_idle_timeout_seconds=0.4)
    scene.provider.play(story)
    answer = await scene.ask("linus", "general", "@bot hi")
    failed(scene, answer, TIMEOUT, text)
    assert (await scene.ask("linus", "general", "@bot again")).text == "Hello from the scripted model."


async def test_busy_provider_is_asked_again_before_anybody_is_told(scene: Scene) -> None:
    """A passing overload, also one that names a time, costs a moment and no button."""
    await scene.start(provider_max_retries=2)
    scene.provider.play(STORIES["busy"], refusal(429, "rate_limit_exceeded", Retry_After="0"))
    answer = await scene.ask("linus", "general", "@bot hi")
    assert answer.text == "Hello from the scripted model."
    assert len(scene.provider.requests) == 3


@pytest.mark.parametrize("story", [STORIES["spaces"], STORIES["empty"]], ids=["spaces", "empty"])
async def test_answer_of_nothing_is_said_to_be_one(parley: Scene, story: Story) -> None:
    """White space cannot be posted: the person reads that there was nothing, and history holds no empty turn."""
    parley.provider.play(story)
    answer = await parley.ask("linus", "general", "@bot hi")
    assert answer.text == "-# The model answered with nothing."
    assert parley.run(1)["status"] == "completed"
    assert [row["role"] for row in parley.rows("messages")] == ["user"]


async def test_model_that_never_stops_is_stopped(scene: Scene) -> None:
    """At the host's deadline the run expires, the stream is closed, and the person may retry."""
    await scene.start(run_timeout_seconds=1)
    scene.provider.play(STORIES["endless"])
    answer = await scene.ask("linus", "general", "@bot hi")
    assert answer.text.endswith("\n-# This took longer than the host allows, so it was ended.")
    assert list(answer.buttons) == ["Retry"]
    assert scene.run(1)["status"] == "expired"
    await scene.provider.requests[0].disconnected.wait()


async def test_flood_is_cut_and_attached(parley: Scene) -> None:
    """A model that floods is cut at a length that no person reads, long before memory runs out."""
    parley.sandbox.limits = Limits(create_limit=100, edit_limit=100)
    parley.provider.play(Story(pieces=("word " * 2000,), is_endless=True))
    answer = await parley.ask("linus", "general", "@bot hi")
    assert parley.run(1)["status"] == "incomplete"
    assert 200_000 < len(parley.run(1)["text"]) < 250_000
    assert len(answer.messages) <= 6
    assert answer.messages[-1]["attachments"][0]["size"] > 200_000
    await parley.provider.requests[0].disconnected.wait()
