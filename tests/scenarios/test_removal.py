"""What people take out of a conversation, over sockets: answers under way, private talk, providers that keep it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.stories import Story
from tests.scenarios.scene import Scene, sent
from tests.scenarios.test_responses import STATES, keeping, said

STREAMING = Story(token_count=50, tokens_per_second=50.0, is_endless=True)


async def confirmed(scene: Scene, user: str, command: str, deed: str, message_id: int = 0, **options: object) -> None:
    """Somebody gives a command and says yes to what it asks."""
    shown = await scene.command(user, "general", f"history {command}", **options)
    assert shown.message_id is not None
    person = scene.sandbox.users[user]
    custom_id = f"parley:history:{deed}:{message_id}:{person}"
    await scene.sandbox.people.press(person, scene.place("general"), shown.message_id, custom_id)


async def test_clear_stops_what_is_being_written_and_keeps_nothing(parley: Scene) -> None:
    """The stream is closed, the reply loses its Stop button, no word is left, and the next question is the first."""
    parley.provider.play(STREAMING)
    await parley.say("linus", "general", "@bot hi")
    await parley.answer_of("general", 1, final=False)
    await confirmed(parley, "grace", "clear", "clear")
    await parley.provider.requests[0].disconnected.wait()
    await parley.answer_of("general", 1)
    await parley.until(lambda: not parley.rows("messages"))
    run = parley.run(1)
    assert (run["status"], run["text"]) == ("cancelled", "")
    assert run["delivered_at"] is not None
    await parley.ask("linus", "general", "@bot again")
    assert sent(parley.provider.requests[-1])[1:] == ["user: (from Linus) again"]


async def test_waiting_question_is_cleared_with_the_others(parley: Scene) -> None:
    """Whoever asked while the answer was written asks anew: nothing of before is answered in the new conversation."""
    parley.provider.play(STREAMING)
    await parley.say("linus", "general", "@bot hi")
    await parley.answer_of("general", 1, final=False)
    await parley.say("edsger", "general", "@bot and me?")
    await parley.until(lambda: len(parley.rows("messages")) == 2)
    await confirmed(parley, "grace", "clear", "clear")
    await parley.until(lambda: not parley.rows("messages"))
    assert len(parley.rows("runs")) == 1


async def test_private_talk_is_cleared_by_its_person_alone(parley: Scene) -> None:
    """It needs no moderator, and leaves the common conversation as it is."""
    await parley.ask("linus", "general", "@bot hi")
    await parley.command("linus", "general", "ask", question="psst?", private=True)
    await parley.until(lambda: len(parley.rows("messages")) == 4)
    await confirmed(parley, "linus", "clear", "clear_private", private=True)
    await parley.until(lambda: len(parley.rows("messages")) == 2)
    assert next(row["text"] for row in parley.rows("messages")) == "hi"


@pytest.mark.parametrize("state", STATES)
async def test_kept_conversation_begins_anew_after_a_rewind(scene: Scene, tmp_path: Path, state: str) -> None:
    """The provider is sent what is left, to a new beginning: what was rewound is no part of it."""
    await scene.start(**keeping(tmp_path, scene, state))
    first = await scene.ask("linus", "general", "@bot one")
    await scene.ask("linus", "general", "@bot two")
    assert said(scene) == ["user: (from Linus) two"]
    await confirmed(scene, "grace", "rewind", "rewind", first.ids[0], message=str(first.ids[0]))
    await scene.until(lambda: any(row["hidden_at"] for row in scene.rows("messages")))
    await scene.ask("linus", "general", "@bot three")
    assert said(scene) == [
        "user: (from Linus) one",
        "assistant: Hello from the scripted model.",
        "user: (from Linus) three",
    ]


async def test_kept_conversation_is_deleted_where_it_is_kept(scene: Scene, tmp_path: Path) -> None:
    """A clear reaches the provider too."""
    await scene.start(**keeping(tmp_path, scene, "response"))
    await scene.ask("linus", "general", "@bot one")
    await confirmed(scene, "grace", "clear", "clear")
    await scene.until(lambda: not scene.rows("bookmarks"))
    assert scene.rows("messages") == []
