"""What was said in a channel before the bot was first used there, if moderators want that the model knows it."""

from __future__ import annotations

from sandbox.semantics import Overwrite, OverwriteType, permission_bits
from tests.scenarios.scene import Scene, sent


async def spoken_in(scene: Scene, *lines: tuple[str, str]) -> None:
    """People talk among themselves."""
    for user, text in lines:
        await scene.say(user, "general", text)


def told(scene: Scene) -> list[str]:
    """What the model was told last, without the prompt."""
    return sent(scene.provider.requests[-1])[1:]


async def test_first_answer_knows_the_talk(scene: Scene) -> None:
    """The newest messages before the question, oldest first, as their people's words; once, and not with the next."""
    await scene.start(import_messages=2)
    await spoken_in(scene, ("ada", "one"), ("grace", "two"), ("linus", "three"))
    await scene.ask("linus", "general", "@bot and?")
    assert told(scene) == ["user: (from Grace) two", "user: (from Linus) three", "user: (from Linus) and?"]
    await spoken_in(scene, ("ada", "four"))
    await scene.ask("linus", "general", "@bot more?")
    assert told(scene)[-2:] == ["assistant: Hello from the scripted model.", "user: (from Linus) more?"]
    assert len(told(scene)) == 5


async def test_nothing_is_imported_unless_moderators_want_it(parley: Scene) -> None:
    """The host's default is none."""
    await spoken_in(parley, ("ada", "one"))
    await parley.ask("linus", "general", "@bot and?")
    assert told(parley) == ["user: (from Linus) and?"]


async def test_command_imports_too(scene: Scene) -> None:
    """/ask as the first question of a channel; its own announcement is not taken for somebody's words."""
    await scene.start(import_messages=50)
    await spoken_in(scene, ("ada", "one"))
    await scene.command("linus", "general", "ask", question="and?")
    await scene.answer_of("general", 2)
    assert told(scene) == ["user: (from Ada) one", "user: (from Linus) and?"]


async def test_who_opted_out_is_not_imported(scene: Scene) -> None:
    """Nor what bots said."""
    await scene.start(import_messages=50)
    ada, shown = scene.sandbox.users["ada"], await scene.command("ada", "general", "privacy")
    assert shown.message_id is not None
    await scene.sandbox.people.press(ada, scene.place("general"), shown.message_id, "parley:privacy:out")
    await scene.until(lambda: scene.rows("opt_outs"))
    await spoken_in(scene, ("ada", "one"), ("grace", "two"))
    await scene.command("grace", "general", "roll")
    await scene.ask("linus", "general", "@bot and?")
    assert told(scene) == ["user: (from Grace) two", "user: (from Linus) and?"]


async def test_nothing_comes_back_after_a_clear(scene: Scene) -> None:
    """What was deleted for good is not read from Discord again."""
    await scene.start(import_messages=50)
    await spoken_in(scene, ("ada", "one"))
    await scene.ask("linus", "general", "@bot and?")
    shown = await scene.command("grace", "general", "history clear")
    assert shown.message_id is not None
    custom_id = f"parley:history:clear:0:{scene.sandbox.users['grace']}"
    await scene.sandbox.people.press(scene.sandbox.users["grace"], scene.place("general"), shown.message_id, custom_id)
    await scene.wait_for(lambda: not scene.rows("messages"))
    await scene.ask("linus", "general", "@bot again?")
    assert told(scene) == ["user: (from Linus) again?"]


async def test_question_is_answered_where_the_bot_may_not_read(scene: Scene) -> None:
    """Without Read Message History it answers what it is asked."""
    await scene.start(import_messages=50)
    await spoken_in(scene, ("ada", "one"))
    target = scene.sandbox.bot_id
    overwrite = Overwrite(target_id=target, type=OverwriteType.MEMBER, deny=permission_bits("read_message_history"))
    scene.sandbox.engine.set_overwrite(scene.place("general"), overwrite)
    await scene.ask("linus", "general", "@bot and?")
    assert told(scene) == ["user: (from Linus) and?"]


async def test_imported_words_are_edited_and_deleted_like_all_others(scene: Scene) -> None:
    """An edit changes what the model reads next, and has nothing answered anew; what is deleted leaves the history."""
    await scene.start(import_messages=50)
    first = await scene.say("ada", "general", "one")
    second = await scene.say("ada", "general", "two")
    await scene.ask("linus", "general", "@bot and?")
    people, ada = scene.sandbox.people, scene.sandbox.users["ada"]
    await people.edit(ada, scene.place("general"), first, "uno")
    await people.delete(ada, scene.place("general"), second)
    await scene.until(lambda: next(row["text"] for row in scene.rows("messages") if not row["hidden_at"]) == "uno")
    await scene.ask("linus", "general", "@bot more?")
    assert told(scene)[:2] == ["user: (from Ada) uno", "user: (from Linus) and?"]
    assert len(scene.provider.requests) == 2
