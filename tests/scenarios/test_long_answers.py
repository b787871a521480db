"""Answers that are longer than one message."""

from __future__ import annotations

from sandbox.stories import Story
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene

MAX_CHARACTERS = 2000
PROSE = Story(token_count=1300)
CODE = "Look:\n```python\n" + "".join(f"print('line number {number}')\n" for number in range(150)) + "```\nThat is all."


def attached(parley: Scene, answer: Answer) -> bytes:
    """The file under an answer."""
    (attachment,) = answer.messages[-1]["attachments"]
    return parley.sandbox.engine.cdn.blobs[attachment["url"].removeprefix(parley.sandbox.address)][0]


async def test_long_answer_is_split_into_messages_that_fit(parley: Scene) -> None:
    """Nothing is lost or doubled, the first message replies to the question, the last one has the buttons."""
    parley.provider.play(PROSE)
    answer = await parley.ask("linus", "general", "@bot tell me all")
    assert len(answer.messages) == 4
    assert max(map(len, answer.texts)) <= MAX_CHARACTERS
    assert " ".join(answer.texts).split() == PROSE.answer().split()
    assert [bool(message["components"]) for message in answer.messages] == [False, False, False, True]
    assert [message.get("message_reference") is not None for message in answer.messages] == [True, False, False, False]
    await parley.stop()
    assert [(row["number"], row["discord_id"]) for row in parley.rows("replies")] == list(enumerate(answer.ids))


async def test_page_that_is_full_is_not_touched_again(parley: Scene) -> None:
    """While a later page grows, the earlier ones keep their text and lose only their button."""
    story = Story(token_count=600, tokens_per_second=400.0)
    parley.provider.play(story)
    answer = await parley.ask("linus", "general", "@bot tell me all")
    assert len(answer.messages) == 2
    edits = [record for record in parley.sandbox.requests if record.method == "PATCH" and record.status == 200]
    last_of_first = max(record.number for record in edits if record.message_id == answer.ids[0])
    assert [record.content for record in edits if record.number == last_of_first] == [answer.texts[0]]
    assert " ".join(answer.texts).split() == story.answer().split()


async def test_code_block_is_closed_and_opened_again(parley: Scene) -> None:
    """Each message of a long code block is a code block of its language."""
    parley.provider.play(Story(text=CODE))
    answer = await parley.ask("linus", "general", "@bot code, please")
    assert len(answer.messages) > 1
    for text in answer.texts:
        assert text.count("```") == 2
        assert "```python\n" in text
    lines = [line for text in answer.texts for line in text.splitlines() if line.startswith("print")]
    assert lines == [f"print('line number {number}')" for number in range(150)]


async def test_very_long_answer_is_attached_whole(scene: Scene) -> None:
    """Past REPLY_MAX_PAGES messages only the beginning is shown, and the answer is a file as the model wrote it."""
    await scene.start(reply_max_pages=2)
    scene.provider.play(PROSE)
    answer = await scene.ask("linus", "general", "@bot tell me all")
    beginning, notice = "\n".join(answer.texts).split("-# ")
    assert notice == "The whole answer is in the attached file."
    assert PROSE.answer().split()[: len(beginning.split())] == beginning.split()
    assert 3000 < len(beginning) <= 2 * MAX_CHARACTERS
    assert attached(scene, answer).decode() == PROSE.answer()
    assert answer.messages[-1]["attachments"][0]["filename"] == "answer.md"


async def test_answer_that_is_regenerated_shorter_has_no_file(scene: Scene) -> None:
    """The file goes with the answer that it held."""
    await scene.start(reply_max_pages=2)
    scene.provider.play(PROSE, Story(token_count=300))
    long = await scene.ask("linus", "general", "@bot tell me all")
    await scene.press("linus", long, "Regenerate")
    await scene.wait_for(lambda: len(scene.answers("general")[0].messages) == 1)
    shorter = await scene.answer_of("general", 2)
    assert (shorter.text, shorter.ids) == (Story(token_count=300).answer(), long.ids[:1])
    assert shorter.messages[0]["attachments"] == []
