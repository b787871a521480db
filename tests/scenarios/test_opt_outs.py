"""People who opted out are neither answered nor read, in whatever way their words could come to a model."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

from bot.runs.service import OPTED_OUT
from sandbox.stories import Story
from tests.scenarios.scene import Scene, sent
from tests.scenarios.test_channel import called, used

SECRET = "swordfish"


async def write(scene: Scene, statement: str, user: str) -> None:
    """Change the database as another process would, about somebody."""

    def execute() -> None:
        with contextlib.closing(sqlite3.connect(scene.database_file)) as connection, connection:
            connection.execute(statement, [scene.sandbox.users[user]])

    await asyncio.to_thread(execute)


async def opt_out(scene: Scene, user: str) -> None:
    """Write down that somebody opted out."""
    await write(scene, "INSERT INTO opt_outs (user_id, since) VALUES (?, 0)", user)


async def opt_in(scene: Scene, user: str) -> None:
    """Take it back."""
    await write(scene, "DELETE FROM opt_outs WHERE user_id = ?", user)


async def test_person_who_opted_out_is_not_answered(parley: Scene) -> None:
    """The next message is left alone, though another process wrote it down, and so is a direct one; none is kept."""
    await opt_out(parley, "linus")
    channel = await parley.sandbox.people.open_dm(parley.sandbox.users["linus"], parley.sandbox.bot_id)
    for place in ("general", channel):
        await parley.say("linus", place, f"@bot {SECRET}")
    await parley.say("linus", "general", "@bot")
    await parley.ask("grace", "general", "@bot hi")
    assert parley.answers(channel) == []
    assert [row["text"] for row in parley.rows("messages") if row["author_id"]] == ["hi"]
    await opt_in(parley, "linus")
    assert (await parley.ask("linus", "general", "@bot me too")).text == "Hello from the scripted model."


async def test_what_was_said_before_is_no_longer_sent(parley: Scene) -> None:
    """Neither the messages of who opted out nor quotations of them; the answers stay, and all is back with them."""
    said = await parley.say("linus", "general", SECRET)
    await parley.ask("linus", "general", f"@bot {SECRET}?")
    await parley.ask("grace", "general", "@bot and that?", reply_to=said)
    whole = sent(parley.provider.requests[-1])[1:]
    await opt_out(parley, "linus")
    await parley.ask("grace", "general", "@bot now?")
    hello = f"assistant: {Story().answer()}"
    told = sent(parley.provider.requests[-1])[1:]
    assert told == [hello, "user: (from Grace) and that?", hello, "user: (from Grace) now?"]
    await opt_in(parley, "linus")
    await parley.ask("grace", "general", "@bot again?")
    assert sent(parley.provider.requests[-1])[1:4] == whole


async def test_reply_does_not_quote_who_opted_out(parley: Scene) -> None:
    """The question is answered without the other's words; one that is nothing but a quotation is not."""
    await opt_out(parley, "linus")
    said = await parley.say("linus", "general", SECRET)
    await parley.ask("grace", "general", "@bot what is this?", reply_to=said)
    assert sent(parley.provider.requests[-1])[1:] == ["user: (from Grace) what is this?"]
    await parley.say("grace", "general", "@bot", reply_to=said)
    sentence = "Who wrote that has opted out, so I do not read it."
    await parley.wait_for(lambda: sentence in parley.writes("general", "POST"))
    assert all(SECRET not in str(row) for row in parley.rows("messages"))


async def test_channel_is_searched_and_summed_up_without_who_opted_out(parley: Scene) -> None:
    """Their messages are not found, and not among those that are summed up."""
    await opt_out(parley, "ada")
    await parley.say("ada", "general", f"tea and {SECRET}")
    await parley.say("grace", "general", "tea and biscuits")
    assert SECRET not in await used(parley, "search_channel", query="tea")
    assert SECRET not in await called(parley, "search_channel", query="tea")
    await used(parley, "summarize")
    assert "biscuits" in sent(parley.provider.requests[-1])[-1]
    assert all(SECRET not in line for line in sent(parley.provider.requests[-1]))


async def test_commands_tell_who_opted_out_how_to_come_back(parley: Scene) -> None:
    """One sentence for them alone, and no request to the model."""
    await opt_out(parley, "linus")
    await parley.say("grace", "general", "tea")
    await parley.command("linus", "general", "ask", question="hi")
    assert await parley.refused("linus", "general") == OPTED_OUT
    assert await used(parley, "summarize") == OPTED_OUT
    assert parley.provider.requests == []
    assert parley.rows("messages") == []


async def test_edit_of_who_opted_out_changes_the_record_alone(parley: Scene) -> None:
    """Their new words are kept, so that nothing wrong is kept of them, and answered by nobody."""
    answer = await parley.ask("linus", "general", "@bot one")
    await opt_out(parley, "linus")
    await parley.sandbox.people.edit(
        parley.sandbox.users["linus"], parley.place("general"), answer.question_id or 0, f"{parley.mention} two"
    )
    await parley.until(lambda: parley.rows("messages")[0]["text"] == "two")
    await parley.ask("grace", "general", "@bot hi")
    assert len(parley.provider.requests) == 2
    assert all("two" not in line for line in sent(parley.provider.requests[-1]))


async def test_conversation_that_a_provider_keeps_begins_anew(scene: Scene) -> None:
    """The thread that holds the words of who opted out is deleted there, and another one goes on without them."""
    await scene.start(provider_api="assistants")
    await scene.ask("linus", "general", f"@bot {SECRET}")
    (old,) = scene.provider.runs.threads
    await opt_out(scene, "linus")
    await scene.ask("grace", "general", "@bot hi")
    ((new, thread),) = scene.provider.runs.threads.items()
    assert new != old
    assert all(SECRET not in str(message.content) for message in thread.messages)
