"""/runs over sockets: what moderators see of the answers in their channel, and how they end one."""

from __future__ import annotations

import re

from bot.store import runs
from bot.store.database import Database
from sandbox.stories import Story, refusal
from tests.scenarios.board import Overseer
from tests.scenarios.scene import Scene
from tests.store.stories import answer, converse, later

PAUSED = Story(pieces=("First words", " and the rest."), hang_at=1)


def moment(words: str) -> str:
    """A line of a timeline in Discord, as an expression."""
    return rf"<t:\d+:T> · \+\d+\.\d\d s · {words}"


async def paused(parley: Scene) -> Overseer:
    """An answer to Linus stands still in its middle, and Grace looks at the runs."""
    parley.provider.play(PAUSED)
    await parley.say("linus", "general", "@bot hi")
    await parley.answer_of("general", 1, final=False)
    grace = Overseer(parley, "grace")
    await grace.open()
    return grace


async def test_live_run_is_listed_opened_and_cancelled(parley: Scene) -> None:
    """A moderator sees who is being answered, opens the run, and its button ends the answer for good."""
    grace = await paused(parley)
    assert re.search(r"💬 \*\*#1\*\* in progress, answering for \d+\.\d\d s", grace.board.text)
    assert f"-# <@{parley.sandbox.users['linus']}> · <t:" in grace.board.text
    await grace.choose(1)
    opened = await grace.shows("Run #1")
    assert re.search(moment("claimed, now in progress"), opened.text)
    await grace.press("Cancel")
    assert (await parley.answer_of("general", 1)).text == "First words\n-# Stopped."
    await parley.provider.requests[0].disconnected.wait()
    assert (parley.run(1)["status"], parley.run(1)["cancel_requested_by"]) == (
        "cancelled",
        parley.sandbox.users["grace"],
    )
    board = await grace.shows(f"asked to stop by <@{parley.sandbox.users['grace']}>")
    assert list(board.buttons) == ["Back", "Refresh"]
    await grace.press("Refresh")
    await grace.shows("**Status:** cancelled")


async def test_timeline_tells_the_whole_way(parley: Scene) -> None:
    """From the question to the delivery, with the tokens and what they cost."""
    await parley.stop()
    await parley.start(provider_input_price_per_million=1000.0, provider_output_price_per_million=100_000.0)
    await paused(parley)
    parley.provider.requests[0].released.set()
    await parley.answer_of("general", 1)
    await parley.stop()  # which ends after the delivery
    await parley.start()
    grace = Overseer(parley, "grace")
    await grace.open()
    await grace.choose(1)
    text = (await grace.shows("Run #1")).text
    steps = ["enqueued, now queued", "claimed, now in progress", "page 1 planned", "page 1 posted"]
    places = [text.index(step) for step in (*steps, "finished, now completed", "delivered")]
    assert places == sorted(places)
    (usage,) = parley.rows("usage")
    read, written = usage["input_tokens"], usage["output_tokens"]
    assert f"**Tokens:** {read} read, {written} written" in text
    assert usage["cost_nanos"] == read * 1_000_000 + written * 100_000_000
    assert f"**Cost:** ${read * 0.001 + written * 0.1:.4f}" in text
    assert "Cancel" not in grace.board.buttons


async def test_runs_show_nobodys_words(parley: Scene) -> None:
    """Neither the list nor a timeline repeats what was asked or answered, in private least of all."""
    parley.provider.play(Story(text="The answer."), refusal(500, "The failure."))
    await parley.ask("linus", "general", "@bot The question")
    await parley.command("linus", "general", "ask", question="The secret", private=True)
    await parley.wait_for(lambda: parley.whispers("linus", "general") != [])
    grace = Overseer(parley, "grace")
    texts = [(await grace.open()).text]
    assert f"<@{parley.sandbox.users['linus']}>, in private" in texts[0]
    for run_id in (1, 2):
        await grace.choose(run_id)
        texts.append((await grace.shows(f"Run #{run_id}")).text)
        await grace.press("Back")
        await grace.shows("### Runs here")
    for words in ("The question", "The answer", "The secret", "The failure", "Linus"):
        assert not [text for text in texts if words in text]


async def test_other_places_are_not_listed(parley: Scene) -> None:
    """What is asked elsewhere is the business of those who moderate there."""
    await parley.ask("linus", "playground", "@bot hi")
    assert "There are none yet." in (await Overseer(parley, "grace").open()).text


async def test_pages_lead_to_all_runs_and_back(scene: Scene) -> None:
    """Ten on a page, the live one first; a run opened from the second page leads back to it."""
    async with Database.open(scene.settings().database_url) as database, database.write() as transaction:
        conversation = await converse(transaction, scene.place("general"))
        for _ in range(11):
            run = await answer(transaction, conversation, "words")
            await runs.mark_delivered(transaction, run.id, later(3))
    await scene.start()
    scene.provider.play(PAUSED)
    await scene.say("linus", "general", "@bot hi")
    await scene.answer_of("general", 12, final=False)
    grace = Overseer(scene, "grace")
    first = await grace.open()
    assert re.findall(r"\*\*#(\d+)\*\*", first.text) == [str(number) for number in range(12, 2, -1)]
    assert list(first.buttons) == ["Refresh", "Older"]
    await grace.press("Older")
    second = await grace.shows("page 2")
    assert re.findall(r"\*\*#(\d+)\*\*", second.text) == ["2", "1"]
    assert list(second.buttons) == ["Newer", "Refresh"]
    await grace.choose(1)
    await grace.shows("Run #1")
    await grace.press("Back")
    await grace.shows("page 2")
    await grace.press("Newer")
    await grace.shows("**#12**")


async def test_cancel_of_what_has_ended_is_answered_in_words(parley: Scene) -> None:
    """A button that was drawn while the answer was being written says that it came too late."""
    grace = await paused(parley)
    await grace.choose(1)
    await grace.shows("Run #1")
    parley.provider.requests[0].released.set()
    await parley.answer_of("general", 1)
    await grace.press("Cancel")
    assert await parley.refused("grace", "general") == "This answer has already ended."
    assert parley.run(1)["status"] == "completed"
