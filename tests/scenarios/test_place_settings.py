"""What the provider is asked, place by place."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import Engine, event

from bot.notices import NO_TOOLS
from sandbox.provider import MODEL, ScriptedProvider
from sandbox.stories import ScriptedCall, Story, refusal
from tests.scenarios.panel import OpenPanel
from tests.scenarios.scene import COMMAND_TASK, WAIT_SECONDS, Scene, Where

ROLLS = Story(tool_calls=(ScriptedCall(name="roll", id="call_roll"),), finish_reason="tool_calls")


async def offered(scene: Scene, typed: str) -> list[str]:
    """The models that are offered while Ada types, as soon as the providers have listed theirs."""
    ada, general = scene.sandbox.users["ada"], scene.place("general")
    async with asyncio.timeout(WAIT_SECONDS):
        while not (found := await scene.sandbox.people.autocomplete(ada, general, "model", {"model": typed}, "model")):
            await scene.caught_up()
    return [choice["value"] for choice in found]


@pytest.fixture
async def parley(scene: Scene) -> Scene:
    """The scene with the bot running, and with a provider of several models."""
    scene.provider.models = (MODEL, "first", "second", "another")
    await scene.start()
    return scene


async def choose(parley: Scene, channel: Where, name: str, value: str, **options: object) -> None:
    """Ada owns the server and chooses."""
    outcome = await parley.command("ada", channel, "set", name=name, value=value, **options)
    assert outcome.ephemeral
    await parley.handled(COMMAND_TASK)  # Discord has the answer, and the bot may not have heard so


async def boxed(parley: Scene, channel: Where, heading: str) -> str:
    """All that is shown to Ada alone below a heading, wherever in its message it stands."""

    def look() -> str | None:
        seen = reversed(parley.sandbox.messages(parley.place(channel), parley.sandbox.users["ada"]))
        texts = (json.dumps(message, ensure_ascii=False, default=str) for message in seen)
        return next((text for text in texts if heading in text), None)

    return await parley.wait_for(look)


async def test_channels_are_asked_with_their_own_temperature(parley: Scene) -> None:
    """Two channels have two, and a third has none."""
    await choose(parley, "general", "temperature", "0.2")
    await choose(parley, "questions", "temperature", "1.9")
    channels: list[Where] = ["general", "questions", "playground"]
    for channel in channels:
        await parley.ask("linus", channel, "@bot hi")
    assert [request.body.get("temperature") for request in parley.provider.requests] == [0.2, 1.9, None]


async def test_host_counts_where_nobody_chose(scene: Scene) -> None:
    """TEMPERATURE and MAX_OUTPUT_TOKENS are the last resort, each for itself."""
    await scene.start(temperature=0.5, max_output_tokens=500)
    await choose(scene, "general", "max_output_tokens", "600")
    await choose(scene, "general", "seed", "7")
    channels: list[Where] = ["general", "questions"]
    for channel in channels:
        await scene.ask("linus", channel, "@bot hi")
    asked = [
        (body["temperature"], body.get("max_completion_tokens", body.get("max_tokens")), body.get("seed"))
        for body in (request.body for request in scene.provider.requests)
    ]
    assert asked == [(0.5, 600, 7), (0.5, 500, None)]


async def test_answer_leaves_room_in_a_window_that_became_smaller(scene: Scene) -> None:
    """What was chosen for a wider one is cut to half of it, and answers go on."""
    await scene.start(provider_context_tokens=32_000)
    await choose(scene, "general", "max_output_tokens", "16000")
    await scene.stop()
    await scene.start(provider_context_tokens=8000)
    await scene.ask("linus", "general", "@bot hi")
    body = scene.provider.requests[-1].body
    assert body.get("max_completion_tokens", body.get("max_tokens")) == 4000


async def test_thread_inherits_until_it_has_its_own(parley: Scene) -> None:
    """Of its channel; what is chosen in it counts in it alone."""
    ada, general = parley.sandbox.users["ada"], parley.place("general")
    thread = await parley.sandbox.people.start_thread(ada, general, "hot")
    await choose(parley, "general", "seed", "1")
    await choose(parley, "general", "n", "1")
    await choose(parley, thread, "seed", "2")
    places: list[Where] = [thread, "general"]
    for place in places:
        await parley.ask("linus", place, "@bot hi")
    bodies = [request.body for request in parley.provider.requests]
    assert [(body["seed"], body["n"]) for body in bodies] == [(2, 1), (1, 1)]


async def test_run_keeps_the_model_that_it_began_with(parley: Scene) -> None:
    """Also where another is chosen between its steps; the next answer has the new one."""
    await choose(parley, "general", "model", "first")
    parley.provider.play(ROLLS, Story(text="Rolled the dice for you.", hang_at=2), Story(text="Second."))
    await parley.say("linus", "general", "@bot roll")
    await parley.wait_for(lambda: len(parley.provider.requests) == 2)
    assert parley.run(1)["model"] == "first"
    await choose(parley, "general", "model", "second")
    await parley.stop()
    await parley.start()
    await parley.answer_of("general", 1)
    await parley.ask("linus", "general", "@bot hi")
    await parley.ask("linus", "questions", "@bot hi")
    asked = [request.body["model"] for request in parley.provider.requests]
    assert asked == ["first", "first", "first", "second", MODEL]
    assert [row["model"] for row in parley.rows("runs")] == ["first", "second", MODEL]


async def test_answer_that_is_given_again_has_the_model_of_now(parley: Scene) -> None:
    """Regenerate asks what is chosen when it is pressed."""
    answer = await parley.ask("linus", "general", "@bot hi")
    await choose(parley, "general", "model", "another", where="server")
    await parley.press("linus", answer, "Regenerate")
    await parley.answer_of("general", 2)
    assert [request.body["model"] for request in parley.provider.requests] == [MODEL, "another"]


async def test_answer_that_comes_late_is_for_one_person_too(parley: Scene) -> None:
    """Discord is told before that somebody has to wait for it, and from then on knows who may see it."""
    with closing(sqlite3.connect(parley.database_file, isolation_level=None, check_same_thread=False)) as holder:
        await asyncio.to_thread(holder.execute, "BEGIN IMMEDIATE")  # what the bot is writing goes first
        await choose(parley, "general", "seed", "7")
        holder.execute("ROLLBACK")
    assert (await parley.refused("ada", "general")).startswith("`seed` is `7` in ")


async def test_moderators_are_told_of_the_model_that_was_asked(parley: Scene) -> None:
    """That it takes no tools is said below its answer, once, though the host's own takes them."""
    await choose(parley, "general", "model", "first")
    parley.provider.play(refusal(500, "server_error", "tools param requires --jinja flag"))
    told = [(await parley.ask("linus", "general", "@bot hi")).text for _ in range(2)]
    assert [NO_TOOLS in text for text in told] == [True, False]


async def test_list_of_tools_is_about_the_model_of_its_channel(parley: Scene) -> None:
    """Where a model that takes none was chosen, and not where the host's own answers."""
    await choose(parley, "general", "model", "first")
    parley.provider.play(refusal(500, "server_error", "tools param requires --jinja flag"))
    await parley.ask("linus", "general", "@bot hi")
    for channel, is_told in (("general", True), ("questions", False)):
        await parley.command("ada", channel, "tools list")
        assert (NO_TOOLS in await boxed(parley, channel, "### Tools here")) is is_told


async def test_tools_of_the_provider_are_chosen_where_there_are_some(scene: Scene) -> None:
    """Elsewhere one sentence says why not and where they come from, and nothing is set."""
    file = scene.database_file.parent / "providers.toml"
    address = f'base_url = "{scene.provider.base_url}"'
    listed = 'api = "responses"\nserver_tools = [{ type = "web_search_preview" }]'
    file.write_text(f"[providers.plain]\n{address}\n[providers.search]\n{address}\n{listed}\n", encoding="utf-8")
    await scene.start(providers_file=str(file), provider_base_url=None, provider_model=f"plain/{MODEL}")
    await choose(scene, "questions", "model", f"search/{MODEL}")
    await choose(scene, "general", "server_tools", "web_search")
    assert await scene.refused("ada", "general") == (
        f"`plain/{MODEL}`, which answers here, has none of its provider's own tools. The host lists them as "
        "`server_tools` of a provider that speaks the responses API."
    )
    await choose(scene, "questions", "server_tools", "web_search|file_search")
    assert (await scene.refused("ada", "questions")).startswith(
        f"`search/{MODEL}`, which answers here, has `web_search_preview` of its provider's own tools."
    )
    assert [row["name"] for row in scene.rows("place_settings")] == ["model"]
    await choose(scene, "questions", "server_tools", "web_search")
    assert [row["name"] for row in scene.rows("place_settings")] == ["model", "server_tools"]
    for channel, shown in (
        ("general", "none with the model that answers here"),
        ("questions", "**server_tools** · `web_search`"),
    ):
        panel = await OpenPanel.open(scene, "ada", channel)
        await panel.choose("page", "How the model writes")
        await panel.press("▶")
        await panel.shows(shown)


async def test_channel_has_a_provider_of_its_own(scene: Scene) -> None:
    """A moderator chooses among the models that the host shows, and its provider is asked; others are refused."""
    file = scene.database_file.parent / "providers.toml"
    async with ScriptedProvider(default=Story(text="I am the relay.")) as relay:
        file.write_text(
            f'[providers.main]\nbase_url = "{scene.provider.base_url}"\n'
            f'[providers.relay]\nbase_url = "{relay.base_url}"\nmodels = ["vendor/*"]\nhidden_models = ["*/dear"]\n',
            encoding="utf-8",
        )
        relay.models = ("vendor/cheap", "vendor/dear", "other")
        await scene.start(provider_base_url=None, providers_file=str(file), provider_model=f"main/{MODEL}")
        for channel, model in (("general", "relay/vendor/dear"), ("questions", "relay/other")):
            await choose(scene, channel, "model", model)
            told = f"There is no model `{model}` here. Choose one that is offered while you type."
            assert await scene.refused("ada", channel) == told
        assert await offered(scene, "relay") == ["relay/vendor/cheap"]
        await choose(scene, "general", "model", "relay/vendor/cheap")
        answers = [(await scene.ask("linus", channel, "@bot hi")).text for channel in ("general", "questions")]
        assert answers == ["I am the relay.", "Hello from the scripted model."]
        assert [request.body["model"] for request in relay.requests] == ["vendor/cheap"]
        assert [row["model"] for row in scene.rows("runs")] == ["relay/vendor/cheap", f"main/{MODEL}"]
        await scene.stop()


async def test_question_is_taken_up_and_asked_with_one_look_at_settings_each(parley: Scene) -> None:
    """Whatever is wanted of them: what counts for taking it up, for the step, and for the name it is shown under."""
    looks: list[str] = []

    def look(_: object, __: object, statement: str, *___: object) -> None:
        if "FROM place_settings" in statement:
            looks.append(statement)

    await parley.ask("linus", "questions", "@bot hello")  # what is looked at after a start has been by then
    await parley.caught_up()
    event.listen(Engine, "before_cursor_execute", look)
    try:
        await parley.ask("linus", "general", "@bot hello")
    finally:
        event.remove(Engine, "before_cursor_execute", look)
    assert len(looks) == 3
