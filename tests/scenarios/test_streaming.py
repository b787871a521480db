"""How an answer appears: typing, the first words, growing in place, and its whole text in the end."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from sqlalchemy import Connection, Engine, event

from sandbox.limits import Limits
from sandbox.stories import Story
from tests.scenarios.scene import Scene, sent

PAUSED = Story(pieces=("First ", "words, ", "then the rest."), hang_at=1)


def first(parley: Scene, method: str, ending: str) -> int:
    """The number of the first request of a method whose path ends so."""
    return next(
        record.number for record in parley.sandbox.requests if record.method == method and record.path.endswith(ending)
    )


async def test_typing_is_shown_before_the_first_words(parley: Scene) -> None:
    """While the model has said nothing, the channel shows that the bot is typing."""
    parley.provider.play(Story(pieces=("At last.",), hang_at=0))
    await parley.say("linus", "general", "@bot hi")
    performance = await parley.provider.wait_for_request()
    await parley.wait_for(lambda: any(record.path.endswith("/typing") for record in parley.sandbox.requests))
    assert parley.answers("general") == []
    performance.released.set()
    assert (await parley.answer_of("general", 1)).text == "At last."
    assert first(parley, "POST", "/typing") < first(parley, "POST", "/messages")


async def test_first_words_are_posted_while_the_model_goes_on(parley: Scene) -> None:
    """The first token is visible, with a Stop button, before the provider sends the second."""
    parley.provider.play(PAUSED)
    await parley.say("linus", "general", "@bot hi")
    answer = await parley.answer_of("general", 1, final=False)
    assert answer.text == "First"
    assert list(answer.buttons) == ["Stop"]
    performance = await parley.provider.wait_for_request()
    assert not performance.ended.is_set()
    performance.released.set()
    assert (await parley.answer_of("general", 1)).text == PAUSED.answer()


async def test_text_grows_in_one_message(parley: Scene) -> None:
    """Every text that is shown continues the one before, in the same message, up to the exact answer."""
    story = Story(token_count=60, tokens_per_second=40.0)
    parley.provider.play(story)
    answer = await parley.ask("linus", "general", "@bot hi")
    texts = parley.writes("general")
    assert len(texts) >= 3
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    assert answer.text == texts[-1] == story.answer()
    assert len(parley.writes("general", "POST")) == 1
    assert list(answer.buttons) == ["Regenerate"]


async def test_answer_that_comes_at_once_is_one_post_and_its_buttons(parley: Scene) -> None:
    """A short answer costs no more than two requests, and the last one has its final text."""
    await parley.ask("linus", "general", "@bot hi")
    assert len(parley.writes("general")) <= 2
    assert parley.writes("general")[-1] == "Hello from the scripted model."


async def test_thinking_is_a_small_line_and_never_history(parley: Scene) -> None:
    """Reasoning and <think> blocks are shown while nothing else is there, and are not sent back."""
    stories = (
        Story(reasoning=("Let me ", "think."), pieces=("Seven.",), hang_at=2),
        Story(pieces=("<think>Let me ", "think.", "</think>\n\nSeven."), hang_at=2),
    )
    for number, story in enumerate(stories, start=1):
        parley.provider.play(story)
        await parley.say("linus", "general", "@bot how many?")
        performance = await parley.provider.wait_for_request(number)
        assert await thought(parley, number, "Let me think.") == "-# 💭 Let me think."
        performance.released.set()
        assert (await parley.answer_of("general", number)).text == "Seven."
    await parley.ask("linus", "general", "@bot sure?")
    assert sent(parley.provider.requests[-1])[1:] == [
        "user: (from Linus) how many?",
        "assistant: Seven.",
        "user: (from Linus) how many?",
        "assistant: Seven.",
        "user: (from Linus) sure?",
    ]


async def thought(parley: Scene, run_id: int, words: str) -> str:
    """What a run shows, as soon as it holds some words."""

    def look() -> str | None:
        texts = [answer.text for answer in parley.answers("general") if answer.run_id == run_id]
        return next((text for text in texts if words in text), None)

    return await parley.wait_for(look)


@pytest.mark.parametrize("shared_bucket", [False, True])
async def test_answers_of_one_channel_share_its_limits(scene: Scene, shared_bucket: bool) -> None:
    """Three answers at once in one channel are all written to their end without one refusal for haste."""
    scene.sandbox.limits = Limits(shared_bucket=shared_bucket, edit_window_seconds=2.0, create_window_seconds=2.0)
    story = Story(token_count=40, tokens_per_second=30.0)
    scene.provider.default = story
    await scene.start(conversation_scope="member")
    names = ("linus", "grace", "edsger")
    answers = await asyncio.gather(*(scene.ask(name, "general", "@bot hi") for name in names))
    assert [answer.text for answer in answers] == [story.answer()] * 3
    assert [record for record in scene.sandbox.requests if record.status == 429] == []
    assert len(scene.writes("general", "PATCH")) > 3


async def test_tables_tell_the_whole_story(scene: Scene) -> None:
    """After an answer the run, its events, its reply, both messages and its cost are on record."""
    await scene.start()
    answer = await scene.ask("linus", "general", "@bot hi")
    await scene.stop()
    run, (reply,), (usage,) = scene.run(1), scene.rows("replies"), scene.rows("usage")
    assert (run["status"], run["text"], run["failure"]) == ("completed", "Hello from the scripted model.", None)
    assert (run["asker_id"], run["question_id"]) == (scene.sandbox.users["linus"], answer.question_id)
    assert run["created_at"] <= run["started_at"] <= run["ended_at"] <= run["delivered_at"]
    assert (run["lease_owner"], run["lease_expires_at"]) == (None, None)
    assert scene.causes(1) == ["enqueued", "claimed", "finished"]
    assert (reply["run_id"], reply["number"], reply["discord_id"]) == (1, 0, answer.ids[0])
    posted = [record.nonce for record in scene.sandbox.requests if record.nonce is not None]
    assert posted == [reply["nonce"]]
    assert (usage["run_id"], usage["model"], usage["input_tokens"], usage["output_tokens"]) == (1, "scripted", 10, 5)
    assert [(row["role"], row["run_id"]) for row in scene.rows("messages")] == [("user", 1), ("assistant", 1)]


async def test_answer_costs_few_commits(parley: Scene) -> None:
    """From the question to the acknowledged last edit, with what is kept meanwhile, at most twelve; each may wait."""
    commits: list[Connection] = []

    def note(connection: Connection) -> None:
        if connection.info.pop("writes", False):
            commits.append(connection)

    def look(connection: Connection, _: object, statement: str, *__: object) -> None:
        connection.info["writes"] = connection.info.get("writes") or not statement.startswith(("SELECT", "BEGIN"))

    await parley.ask("linus", "questions", "@bot hi")  # what is tidied up at the start is done by then
    await parley.caught_up()
    event.listen(Engine, "before_cursor_execute", look)
    event.listen(Engine, "commit", note)
    try:
        parley.provider.play(Story(token_count=150, tokens_per_second=50.0))
        await parley.ask("linus", "general", "@bot hi")
        await parley.stop()
    finally:
        event.remove(Engine, "commit", note)
        event.remove(Engine, "before_cursor_execute", look)
    assert parley.run(2)["delivered_at"] is not None
    assert 5 < len(commits) <= 12
