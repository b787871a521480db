"""The panel of settings with the real bot: what is asked after a press, over restarts, and prompts as files."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.provider import MODEL
from tests.scenarios.panel import OpenPanel
from tests.scenarios.scene import WAIT_SECONDS, Scene, Where, sent


@pytest.fixture
async def parley(scene: Scene) -> Scene:
    """The scene with the bot running."""
    await scene.start()
    return scene


async def test_press_counts_from_the_next_answer_on_over_a_restart(parley: Scene) -> None:
    """A form that was open when the bot was stopped is taken by the next one; the panel goes on."""
    panel = await OpenPanel.open(parley, "ada", "general")
    await panel.choose("page", "How the model writes")
    form = await panel.press("temperature")
    await parley.stop()
    await parley.start()
    await panel.submit(form, value="0.3")
    await panel.shows("**temperature** · `0.3` · **this channel**")
    await panel.choose("page", "How it looks")
    await panel.press("show_usage")
    await panel.shows("**show_usage** · 🟢 on · **this channel**")
    await parley.ask("linus", "general", "@bot hi")
    assert parley.provider.requests[-1].body["temperature"] == 0.3
    assert [row["name"] for row in parley.rows("setting_changes")] == ["temperature", "show_usage"]


async def test_panel_of_a_thread_reaches_what_it_lies_in(parley: Scene) -> None:
    """The thread's own counts there alone; its channel's in both, as the panel of the thread says."""
    thread = await parley.sandbox.people.start_thread(parley.sandbox.users["ada"], parley.place("general"), "quiet")
    panel = await OpenPanel.open(parley, "ada", thread)
    await panel.choose("page", "How the model writes")
    await panel.submit(await panel.press("top_p"), value="0.1")
    await panel.shows("**top_p** · `0.1` · **this thread**")
    await panel.choose("place", "This channel")
    await panel.submit(await panel.press("top_p"), value="0.2")
    await panel.shows("**top_p** · `0.2` · **this channel**")
    assert f"-# ⚠️ Where you are, <#{thread}> has `0.1`." in panel.text
    places: list[Where] = [thread, "general"]
    for place in places:
        await parley.ask("linus", place, "@bot hi")
    assert [request.body["top_p"] for request in parley.provider.requests] == [0.1, 0.2]


async def test_prompt_that_leaves_no_room_is_refused(parley: Scene) -> None:
    """In a window that it would fill no question could be answered."""
    opened = await parley.command("ada", "general", "prompt")
    people, ada = parley.sandbox.people, parley.sandbox.users["ada"]
    given = {"file": ("prompt.txt", b"Talk like a pirate. " * 1600), "mode": "replace"}
    await people.submit(ada, opened.interaction_id, given)
    assert (await parley.refused("ada", "general")).startswith(
        "`system_prompt` can be at most 4096 tokens here, and this one has about "
    )
    assert parley.rows("place_settings") == []


async def test_prompt_of_a_file_is_what_the_model_is_told(scene: Scene) -> None:
    """As long as a prompt may be; after that the whole is shown as a file, and left empty it stays."""
    await scene.start(provider_context_tokens=64_000)
    parley = scene
    text = "Talk like a pirate. " * 1600
    opened = await parley.command("ada", "general", "prompt")
    people, ada = parley.sandbox.people, parley.sandbox.users["ada"]
    await people.submit(ada, opened.interaction_id, {"file": ("prompt.txt", text.encode()), "mode": "replace"})
    assert "32,000 characters" in await parley.refused("ada", "general")
    await parley.ask("linus", "general", "@bot hi")
    assert sent(parley.provider.requests[-1])[0].startswith(f"system: {text.strip()}")
    whole = await parley.command("ada", "general", "prompt")
    assert whole.message_id is not None
    (message,) = (
        message
        for message in parley.sandbox.messages(parley.place("general"), ada)
        if int(message["id"]) == whole.message_id
    )
    assert message["attachments"][0]["size"] == 32_000
    button = message["components"][0]["components"][0]["custom_id"]
    form = await people.press(ada, parley.place("general"), whole.message_id, button)
    await people.submit(ada, form.interaction_id, {"text": "", "mode": "append"})
    await parley.wait_for(lambda: any("comes after" in text for text in parley.whispers("ada", "general")))
    assert {row["name"] for row in parley.rows("place_settings")} == {"system_prompt", "prompt_mode"}


async def test_model_that_vanished_is_marked(scene: Scene) -> None:
    """On the panel and by /model, with what may have been meant, also after a restart."""
    scene.provider.models = (MODEL, "gpt-large")
    await scene.start()
    await scene.command("ada", "general", "set", name="model", value="default/gpt-large")
    await scene.stop()
    scene.provider.models = (MODEL, "gpt-larger")
    await scene.start()
    warning = "⚠️ The provider does not list the model default/gpt-large: did you mean default/gpt-larger?"
    async with asyncio.timeout(WAIT_SECONDS):  # the list is asked for meanwhile
        while warning not in (await OpenPanel.open(scene, "ada", "general")).text:
            await scene.caught_up()
    await scene.command("ada", "general", "model")
    assert warning in await scene.refused("ada", "general")
