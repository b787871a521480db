"""What people see and what the tables say when the model provider fails."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from bot.errors import SENTENCES, ContextTooLong, NotAnApi, ProviderFault, WrongApi
from sandbox.limits import Limits
from sandbox.stories import STORIES, Story, refusal
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene, sent

BUSY, BROKEN = SENTENCES[ProviderFault.BUSY], SENTENCES[ProviderFault.PROTOCOL]
AUTH, QUOTA, NETWORK = (SENTENCES[fault] for fault in (ProviderFault.AUTH, ProviderFault.QUOTA, ProviderFault.NETWORK))
TIMEOUT, UNFIT = SENTENCES[ProviderFault.TIMEOUT], SENTENCES[ProviderFault.BAD_REQUEST]
HELLO = "Hello from the scripted model."
WORDS = ("One ", "two ", "three.")  # events 0 to 2; then come the finish reason, the usage and [DONE]
FIRST_WORDS = tuple(
    f'{{"choices": [{{"index": 0, "delta": {{"content": "{word}"}}, "finish_reason": null}}]}}' for word in WORDS[:2]
)

# Nothing of an answer came: the sentence stands alone.
REFUSALS = {
    "400_too_long": (STORIES["too-long"], ContextTooLong.own_sentence),
    "400_moderated": (STORIES["moderated"], SENTENCES[ProviderFault.MODERATED]),
    "401": (refusal(401, "invalid_api_key"), AUTH),
    "402": (refusal(402, ""), QUOTA),
    "403": (refusal(403, ""), AUTH),
    "404": (refusal(404, "model_not_found"), SENTENCES[ProviderFault.NOT_FOUND]),
    "408": (refusal(408, ""), TIMEOUT),
    "409": (refusal(409, ""), BUSY),
    "413": (refusal(413, ""), UNFIT),
    "429": (refusal(429, ""), SENTENCES[ProviderFault.RATE_LIMITED]),
    "429_with_retry_after": (STORIES["limited"], SENTENCES[ProviderFault.RATE_LIMITED]),
    "429_quota": (STORIES["quota"], QUOTA),
    "500": (refusal(500, ""), BUSY),
    "501": (refusal(501, ""), SENTENCES[ProviderFault.NOT_IMPLEMENTED]),
    "503": (STORIES["busy"], BUSY),
    "529": (refusal(529, "overloaded_error"), BUSY),
    "html": (STORIES["html"], NotAnApi.own_sentence),
    "redirect": (Story(status=301, body=b"", headers={"Location": "https://x.test/"}), NotAnApi.own_sentence),
    "another_api": (
        Story(raw=('{"type": "response.created", "response": {"id": "resp_1"}}',), sends_done=False),
        WrongApi.own_sentence,
    ),
    "html_of_a_gateway": (
        Story(status=502, body=b"<html><title>502 Bad Gateway</title></html>", content_type="text/html"),
        BUSY,
    ),
    "not_json": (Story(body=b"{", content_type="application/json"), BROKEN),
    "empty_body": (STORIES["nothing"], BROKEN),
    "error_in_a_200": (
        Story(body=b'{"error": {"message": "The upstream broke.", "code": 502}}', content_type="application/json"),
        BUSY,
    ),
    "error_without_a_reason": (
        Story(body=b'{"error": {"message": "Oops."}}', content_type="application/json"),
        SENTENCES[ProviderFault.UNKNOWN],
    ),
    "error_at_the_first_event": (Story(error_at=0), BUSY),
    "connection_refused": (Story(refuses_connection=True), NETWORK),
    "cut_at_the_first_event": (Story(cut_at=0), NETWORK),
    "bytes_without_an_end": (STORIES["huge-line"], BROKEN),
}

# The beginning of an answer came: it stays, with the sentence in small print below.
BREAKS = {
    "error_in_the_middle": (Story(pieces=WORDS, error_at=2), "One two ", BUSY),
    "error_at_the_end": (Story(pieces=WORDS, error_at=3), "One two three.", BUSY),
    "error_after_the_end": (Story(pieces=WORDS, error_at=4), "One two three.", BUSY),
    "cut_in_the_middle": (Story(pieces=WORDS, cut_at=2), "One two ", BROKEN),
    "cut_at_the_end": (Story(pieces=WORDS, cut_at=3), "One two three.", BROKEN),
    "bytes_without_an_end_in_the_middle": (Story(raw=(*FIRST_WORDS, "x" * 10_000_000)), "One two ", BROKEN),
    "html_in_the_middle": (Story(raw=(*FIRST_WORDS, "<html>502</html>"), sends_done=False), "One two ", BROKEN),
    "stream_ends_without_an_end": (
        Story(pieces=WORDS, finish_reason=None, usage=None, sends_done=False),
        "One two three.",
        BROKEN,
    ),
}

# What goes wrong does not touch the answer: it had come to its end, or says the same in another way.
HARMLESS = {
    "cut_after_the_end": Story(pieces=WORDS, cut_at=4),
    "cut_before_done": Story(pieces=WORDS, cut_at=5),
    "silence_after_the_end": Story(pieces=WORDS, hang_at=4),
    "silence_after_done": Story(pieces=WORDS, hangs_after_done=True),
    "no_done": Story(pieces=WORDS, sends_done=False),
    "closed_connection": Story(pieces=WORDS, closes_connection=True),
    "wrong_content_type": Story(pieces=WORDS, content_type="text/html"),
    "not_streamed": Story(pieces=WORDS, is_streamed=False, content_type="application/json"),
    "byte_by_byte": Story(pieces=WORDS, bytes_per_write=1),
}

# Where a provider falls silent, and what it has said by then; each step is given 0.4 s.
SILENCES = {
    "at_the_first_byte": (Story(hang_at=0), ""),
    "in_the_middle": (Story(pieces=WORDS, hang_at=2), "One two "),
    "at_the_end": (Story(pieces=WORDS, hang_at=3), "One two three."),
    "one_byte_at_a_time": (replace(STORIES["drip"], seconds_per_write=0.05), ""),
}


async def failed(parley: Scene, answer: Answer, sentence: str, text: str) -> None:
    """An honest end: sentence and Retry for the person, status and reason in the tables; the next question works."""
    assert answer.text == (f"{text.rstrip()}\n-# ⚠️ {sentence}" if text else f"⚠️ {sentence}")
    assert list(answer.buttons) == ["Retry"]
    run = parley.run(1)
    assert (run["status"], run["failure"], run["text"]) == ("failed", sentence, text)
    assert parley.causes(1) == ["enqueued", "claimed", "failed"]
    assert len(parley.writes("general", "POST")) == 1
    assert (await parley.ask("linus", "playground", "@bot again")).text == HELLO


@pytest.mark.parametrize("name", REFUSALS)
async def test_refusal_becomes_one_sentence(parley: Scene, name: str) -> None:
    """Without any words of an answer the person reads why, and can retry."""
    story, sentence = REFUSALS[name]
    # Whatever is asked until then: a connection that may have gone stale since the start is tried once more.
    parley.provider.default = story
    answer = await parley.ask("linus", "general", "@bot hi")
    parley.provider.default = STORIES["hello"]
    await failed(parley, answer, sentence, "")


@pytest.mark.parametrize("name", BREAKS)
async def test_broken_stream_keeps_its_words(parley: Scene, name: str) -> None:
    """What the model had said stays visible, is not taken for a whole answer, and Retry begins afresh."""
    story, said, sentence = BREAKS[name]
    parley.provider.play(story)
    answer = await parley.ask("linus", "general", "@bot hi")
    await failed(parley, answer, sentence, said)
    await parley.press("linus", answer, "Retry")
    assert (await parley.answer_of("general", 3)).text == HELLO
    assert sent(parley.provider.requests[2])[1:] == ["user: (from Linus) hi"]


@pytest.mark.parametrize("name", HARMLESS)
async def test_harmless_fault_is_not_seen(parley: Scene, name: str) -> None:
    """An answer that had come to its end is whole, whatever follows it, and so is one in an unusual form."""
    parley.provider.play(HARMLESS[name])
    answer = await parley.ask("linus", "general", "@bot hi")
    assert (answer.text, list(answer.buttons)) == ("One two three.", ["Regenerate"])
    run = parley.run(1)
    assert (run["status"], run["failure"], run["text"]) == ("completed", None, "One two three.")
    assert (await parley.ask("linus", "playground", "@bot again")).text == HELLO


@pytest.mark.parametrize("name", SILENCES)
async def test_slow_provider_is_given_up(scene: Scene, name: str) -> None:
    """A provider that says nothing for longer than the host allows does not hold the conversation."""
    story, text = SILENCES[name]
    await scene.start(provider_first_byte_timeout_seconds=0.4, provider_idle_timeout_seconds=0.4)
    scene.provider.play(story)
    await failed(scene, await scene.ask("linus", "general", "@bot hi"), TIMEOUT, text)
    await scene.provider.requests[0].disconnected.wait()


def unconnected(scene: Scene, answer: Answer) -> None:
    """The provider was never reached: the person reads so and can retry, and the tables have it."""
    assert (answer.text, list(answer.buttons)) == (f"⚠️ {NETWORK}", ["Retry"])
    assert (scene.run(1)["status"], scene.run(1)["failure"], scene.run(1)["text"]) == ("failed", NETWORK, "")
    assert scene.provider.requests == []


async def test_provider_without_an_address_is_said_to_be_out_of_reach(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that no DNS server knows is an outage like any other, and nothing in it hurts the bot."""
    monkeypatch.setenv("NO_PROXY", "*")
    await scene.start(provider_base_url="http://provider.invalid/v1")
    unconnected(scene, await scene.ask("linus", "general", "@bot hi"))


async def test_provider_that_accepts_no_connection_is_given_up(scene: Scene) -> None:
    """A server too busy to accept costs the time that the host allows for connecting, and no more."""
    with full_house() as base_url:
        await scene.start(provider_base_url=base_url, provider_connect_timeout_seconds=0.4)
        unconnected(scene, await scene.ask("linus", "general", "@bot hi"))


@contextmanager
def full_house() -> Iterator[str]:
    """The address of a socket that listens, and whose queue of connections that nobody accepts is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening, ExitStack() as waiting:
        for _ in range(3):  # Linux takes one or two more than it was told to
            guest = waiting.enter_context(socket.socket())
            guest.setblocking(False)
            guest.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


async def test_long_wait_that_a_provider_asks_for_is_told(scene: Scene) -> None:
    """A provider that wants an hour is not asked again, and nobody waits for it in silence."""
    await scene.start(provider_max_retries=2)
    scene.provider.default = refusal(429, "rate_limit_exceeded", Retry_After="3600")
    answer = await scene.ask("linus", "general", "@bot hi")
    assert answer.text == f"⚠️ {SENTENCES[ProviderFault.RATE_LIMITED]}"
    assert len(scene.provider.requests) == 1


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
