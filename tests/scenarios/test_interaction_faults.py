"""What becomes of commands and buttons when Discord does not take the bot's answer to them."""

from __future__ import annotations

import pytest

from sandbox.journal import RequestRecord
from sandbox.stories import Story
from tests.scenarios.scene import Scene
from tests.scenarios.test_discord_faults import FAULTS, PAUSED, begun

CALLBACK, FOLLOWUP = ("POST", "/interactions/*/callback"), ("POST", "/webhooks/*")
HELLO = "Hello from the scripted model."
NOT_YOURS = "Only the person who asked, or a moderator, can do that."


def callbacks(parley: Scene) -> list[RequestRecord]:
    """The bot's first answers to interactions."""
    return [record for record in parley.sandbox.requests if record.path.startswith("/interactions/")]


@pytest.mark.parametrize("name", FAULTS)
async def test_stop_that_is_not_acknowledged_stops(parley: Scene, name: str) -> None:
    """Whatever happens to the acknowledgement of a press, what was wished is done."""
    answer = await begun(parley)
    FAULTS[name](parley.sandbox.faults, *CALLBACK)
    await parley.press("linus", answer, "Stop")
    assert (await parley.answer_of("general", 1)).text == "First words\n-# Stopped."


@pytest.mark.parametrize("name", FAULTS)
async def test_private_question_is_answered_once(parley: Scene, name: str) -> None:
    """Whatever happens to the acknowledgement of a private question, it is answered, and never left thinking."""
    FAULTS[name](parley.sandbox.faults, *CALLBACK)
    await parley.command("linus", "general", "ask", question="psst?", private=True)
    await parley.wait_for(lambda: HELLO in parley.whispers("linus", "general"))
    assert len(parley.provider.requests) == 1


@pytest.mark.parametrize("name", FAULTS)
async def test_private_answer_that_fails_to_show_is_made_good(scene: Scene, name: str) -> None:
    """Whatever happens to an edit of a private answer, it is there in the end, once and whole."""
    await scene.start(discord_timeout_seconds=0.5)
    FAULTS[name](scene.sandbox.faults, "PATCH", "/webhooks/*")
    await scene.command("linus", "general", "ask", question="psst?", private=True)
    await scene.wait_for(lambda: scene.whispers("linus", "general") == [HELLO])
    assert len(scene.provider.requests) == 1


@pytest.mark.parametrize("name", FAULTS)
async def test_open_question_is_shown_and_answered_once(parley: Scene, name: str) -> None:
    """Whatever happens to the message that shows a question, it is there once, and so is its answer."""
    FAULTS[name](parley.sandbox.faults, *CALLBACK)
    await parley.command("linus", "general", "ask", question="why?")
    await parley.answer_of("general", 1)
    seen = parley.sandbox.messages(parley.place("general"))
    assert [message["content"] for message in seen] == ["**Linus** asks: why?", HELLO]


@pytest.mark.parametrize("name", FAULTS)
async def test_reset_is_confirmed_once(parley: Scene, name: str) -> None:
    """Whatever happens to the confirmation, the conversation is new, and that is said once."""
    FAULTS[name](parley.sandbox.faults, *CALLBACK)
    await parley.command("linus", "general", "reset")
    await parley.wait_for(lambda: any(record.status == 200 or record.code == 40060 for record in callbacks(parley)))
    assert [message["content"] for message in parley.sandbox.messages(parley.place("general"))] == [
        "A new conversation starts here."
    ]
    assert [row["epoch"] for row in parley.rows("conversations")] == [1, 1]


@pytest.mark.parametrize("name", FAULTS)
async def test_help_is_given_once(parley: Scene, name: str) -> None:
    """Whatever happens to an answer in our own words, the person reads it once."""
    FAULTS[name](parley.sandbox.faults, *CALLBACK)
    await parley.command("linus", "general", "help")
    await parley.wait_for(lambda: any(record.status == 200 or record.code == 40060 for record in callbacks(parley)))
    await parley.ask("linus", "general", "@bot hi")
    (text,) = parley.whispers("linus", "general")
    assert text.startswith(f"Mention {parley.mention}")


@pytest.mark.parametrize("name", FAULTS)
async def test_tool_is_shown_once(parley: Scene, name: str) -> None:
    """Whatever happens to what a tool says, it is carried out once and there once."""
    FAULTS[name](parley.sandbox.faults, *CALLBACK)
    await parley.command("linus", "general", "roll", count=3)
    await parley.wait_for(lambda: any(record.status == 200 or record.code == 40060 for record in callbacks(parley)))
    (shown,) = parley.sandbox.messages(parley.place("general"))
    assert shown["content"].startswith("3d6: ")


@pytest.mark.parametrize("name", ["cut_after", "silence_after"])
async def test_refusal_of_a_command_whose_acknowledgement_was_lost_is_read(parley: Scene, name: str) -> None:
    """What cannot be done is said also where Discord holds an interaction for answered and the bot does not know."""
    parley.provider.play(Story(pieces=("Between", " us."), hang_at=1))
    await parley.command("linus", "general", "ask", question="psst?", private=True)
    await parley.wait_for(lambda: "Between" in parley.whispers("linus", "general"))
    FAULTS[name](parley.sandbox.faults, *CALLBACK)
    await parley.command("linus", "general", "ask", question="hello?", private=True)
    refused = "Your last private question is still being answered."
    await parley.wait_for(lambda: refused in parley.whispers("linus", "general"))
    parley.provider.requests[0].released.set()
    await parley.wait_for(lambda: "Between us." in parley.whispers("linus", "general"))


@pytest.mark.parametrize("name", ["503_twice", "cut_before", "cut_after"])
async def test_refusal_that_is_lost_does_no_harm(parley: Scene, name: str) -> None:
    """A sentence that Discord does not take is no more than a line in the log: the person may press again."""
    answer = await begun(parley)
    FAULTS[name](parley.sandbox.faults, *FOLLOWUP)
    await parley.press("edsger", answer, "Stop")
    await parley.wait_for(lambda: parley.sandbox.faults.to_json() == [])
    await parley.press("edsger", answer, "Stop")
    assert await parley.refused("edsger", "general") == NOT_YOURS
    parley.provider.requests[0].released.set()
    assert (await parley.answer_of("general", 1)).text == PAUSED.answer()
