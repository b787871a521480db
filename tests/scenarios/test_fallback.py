"""Another provider answers: what people read, also after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import SENTENCES, ProviderFault
from sandbox.provider import ScriptedProvider
from sandbox.stories import STORIES, Story
from tests.scenarios.scene import Scene
from tests.scenarios.test_place_settings import choose

SMALL_PRINT = "-# Answered by relay/vendor/x: main/scripted was overloaded."


@dataclass(slots=True, kw_only=True)
class Pair:
    """The scene with two providers; the second stands in for the first."""

    scene: Scene
    relay: ScriptedProvider

    async def start(self) -> None:
        """Run the bot with both."""
        file = self.scene.database_file.parent / "providers.toml"
        file.write_text(
            f'[providers.main]\nbase_url = "{self.scene.provider.base_url}"\n'
            'fallbacks = {"*" = ["relay/vendor/x"]}\n'
            f'[providers.relay]\nbase_url = "{self.relay.base_url}"\n',
            encoding="utf-8",
        )
        await self.scene.start(
            provider_base_url=None, providers_file=str(file), provider_model="main/scripted"
        )  # fmt: skip


@pytest.fixture
async def pair(scene: Scene) -> AsyncIterator[Pair]:
    """Both providers on loopback."""
    async with ScriptedProvider(default=Story(text="I stand in.")) as relay:
        prepared = Pair(scene=scene, relay=relay)
        await prepared.start()
        yield prepared


async def test_reply_says_who_answered(pair: Pair) -> None:
    """In small print below the answer; the tables know, and the next answer by the first has none."""
    scene = pair.scene
    scene.provider.play(STORIES["busy"])
    answer = await scene.ask("ada", "general", "@bot hello")
    assert answer.text == f"I stand in.\n{SMALL_PRINT}"
    assert scene.run(1)["remark"] == SMALL_PRINT.removeprefix("-# ")
    assert [(row["provider"], row["model"]) for row in scene.rows("usage")] == [("relay", "vendor/x")]


async def test_text_that_was_shown_is_not_replaced(pair: Pair) -> None:
    """The beginning stays, with the reason below it; the other provider is not asked."""
    scene = pair.scene
    scene.provider.play(Story(pieces=("One ", "two."), error_at=1))
    answer = await scene.ask("ada", "general", "@bot hello")
    assert answer.text == f"One\n-# ⚠️ {SENTENCES[ProviderFault.BUSY]}"
    assert pair.relay.requests == []


async def test_channel_has_others_who_stand_in(pair: Pair) -> None:
    """Those that its moderators chose, in their order; elsewhere those of the host."""
    scene = pair.scene
    pair.relay.models = ("vendor/x", "vendor/y", "vendor/z")
    await choose(scene, "questions", "fallback", "relay/vendor/y|relay/vendor/z")
    pair.relay.play(*[STORIES["busy"]] * 3)  # who has nobody to stand in is asked three times
    for channel in ("questions", "general"):
        scene.provider.play(STORIES["busy"])
        answer = await scene.ask("ada", channel, "@bot hello")
        told = SMALL_PRINT if channel == "general" else SMALL_PRINT.replace("vendor/x", "vendor/z")
        assert answer.text == f"I stand in.\n{told}"
    assert [request.body["model"] for request in pair.relay.requests] == [*["vendor/y"] * 3, "vendor/z", "vendor/x"]


async def interrupted(pair: Pair, *rest: Story) -> int:
    """The id of a question whose answer somebody else began, and which the first goes on with after a restart."""
    scene = pair.scene
    scene.provider.play(STORIES["busy"])
    pair.relay.play(Story(pieces=("One ", "two ", "three."), hang_at=2))
    question_id = await scene.say("ada", "general", "@bot hello")
    await scene.wait_for(lambda: any("One" in text for text in scene.writes("general")))
    await scene.stop()
    scene.provider.play(*rest)
    await pair.start()
    return question_id


async def test_small_print_survives_a_restart(pair: Pair) -> None:
    """Who began the answer is still said when it goes on."""
    await interrupted(pair, Story(text="four."))
    answer = await pair.scene.wait_for(
        lambda: next((one for one in pair.scene.answers("general") if one.is_final), None)
    )
    assert answer.text == f"One two four.\n{SMALL_PRINT}"


async def test_edited_question_forgets_who_answered_before(pair: Pair) -> None:
    """The small print is about the answer that is there."""
    scene = pair.scene
    question_id = await interrupted(pair, Story(pieces=("three ", "four."), hang_at=1), Story(text="Anew."))
    await scene.wait_for(lambda: any("three" in text for text in scene.writes("general")))
    people, ada = scene.sandbox.people, scene.sandbox.users["ada"]
    await people.edit(ada, scene.place("general"), question_id, f"{scene.mention} hi")
    answer = await scene.wait_for(lambda: next((one for one in scene.answers("general") if one.is_final), None))
    assert answer.text == "Anew."


async def test_end_of_a_model_is_told_once(scene: Scene) -> None:
    """Below one answer, for moderators, with the day."""
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    scene.provider.shutdown_dates = {"scripted": day.isoformat()}
    await scene.start()
    sentence = f"-# The model scripted ends on {day.day} {day:%B %Y}: choose another one."
    answers = [await scene.ask("ada", "general", "@bot hello") for _ in range(3)]
    assert [answer.text.splitlines()[1:] for answer in answers].count([sentence]) == 1
