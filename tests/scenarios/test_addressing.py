"""Which messages the bot answers, which it leaves alone, and what the model is told of them."""

from __future__ import annotations

import pytest

from tests.scenarios.scene import Scene, sent


async def silent(parley: Scene, channel: str | int) -> bool:
    """Whether nothing that was said in a channel is answered, though a later question elsewhere is."""
    await parley.ask("edsger", "playground", "@bot are you there?")
    return not parley.answers(channel) and all("psst" not in line for line in sent(parley.provider.requests[-1]))


async def test_mention_is_answered_with_a_reply(parley: Scene) -> None:
    """A mention in a channel gets one message that replies to it, and the model reads who said what."""
    answer = await parley.ask("linus", "general", "@bot good morning")
    assert answer.text == "Hello from the scripted model."
    assert sent(parley.provider.requests[0]) == ["system: Be brief.", "user: (from Linus) good morning"]


async def test_reply_to_an_answer_is_answered_and_brings_its_quote(parley: Scene) -> None:
    """Who replies to the bot need not mention it, and the model reads what the reply is about."""
    first = await parley.ask("linus", "general", "@bot hi")
    await parley.ask("grace", "general", "why?", reply_to=first.ids[0])
    assert sent(parley.provider.requests[1])[-1] == (
        "user: (from Grace, replying to Parley: “Hello from the scripted model.”) why?"
    )


async def test_mention_in_a_reply_to_somebody_brings_that_quote(parley: Scene) -> None:
    """One can point the bot at another person's words."""
    said = await parley.say("edsger", "general", "GOTO is harmful")
    await parley.ask("linus", "general", "@bot do you agree?", reply_to=said)
    assert (
        sent(parley.provider.requests[0])[-1]
        == "user: (from Linus, replying to Edsger: “GOTO is harmful”) do you agree?"
    )


async def test_direct_message_needs_no_mention(parley: Scene) -> None:
    """In a DM every message is for the bot."""
    channel = await parley.sandbox.people.open_dm(parley.sandbox.users["ada"], parley.sandbox.bot_id)
    answer = await parley.ask("ada", channel, "psst")
    assert answer.text == "Hello from the scripted model."
    assert parley.rows("conversations")[0]["guild_id"] is None


async def test_thread_is_answered_from_the_first_mention_on(parley: Scene) -> None:
    """Where the bot has been spoken to in a thread, it answers everybody there without a mention."""
    linus, questions = parley.sandbox.users["linus"], parley.sandbox.channels["questions"]
    thread = await parley.sandbox.people.start_thread(linus, questions, "Proofs")
    await parley.say("linus", thread, "psst, not for the bot")
    assert await silent(parley, thread)
    await parley.ask("linus", thread, "@bot now you")
    await parley.ask("grace", thread, "and again")
    assert sent(parley.provider.requests[-1])[1:] == [
        "user: (from Linus) now you",
        "assistant: Hello from the scripted model.",
        "user: (from Grace) and again",
    ]


async def test_thread_is_answered_where_the_bot_was_added(parley: Scene) -> None:
    """Who adds the bot to a thread need not mention it there."""
    linus, questions = parley.sandbox.users["linus"], parley.sandbox.channels["questions"]
    thread = await parley.sandbox.people.start_thread(linus, questions, "Proofs")
    parley.sandbox.engine.add_thread_member(thread, parley.sandbox.bot_id)
    assert (await parley.ask("linus", thread, "welcome")).text == "Hello from the scripted model."


async def test_every_message_is_answered_where_the_host_says_so(scene: Scene) -> None:
    """TRIGGER=all answers what nobody addressed, in channels and in threads."""
    await scene.start(trigger="all")
    linus, questions = scene.sandbox.users["linus"], scene.sandbox.channels["questions"]
    thread = await scene.sandbox.people.start_thread(linus, questions, "Proofs")
    for channel in ("general", thread):
        assert (await scene.ask("linus", channel, "nobody in particular")).text == "Hello from the scripted model."


@pytest.mark.parametrize("text", ["psst, talk among people", "psst <@1> <@&1> @everyone", "psst parley"])
async def test_message_for_others_is_left_alone(parley: Scene, text: str) -> None:
    """Without a mention, a reply or a thread there is neither an answer nor a request."""
    await parley.say("linus", "general", text)
    assert await silent(parley, "general")
    assert len(parley.rows("messages")) == 2


async def test_reply_among_people_is_left_alone(parley: Scene) -> None:
    """A reply to another person is not for the bot."""
    said = await parley.say("edsger", "general", "psst")
    await parley.say("linus", "general", "psst yourself", reply_to=said)
    assert await silent(parley, "general")


async def test_bots_and_webhooks_are_ignored(parley: Scene) -> None:
    """Two bots never talk to each other, nor does one answer a webhook, whatever they mention or reply to."""
    answer = await parley.ask("linus", "general", "@bot hi")
    engine, general = parley.sandbox.engine, parley.sandbox.channels["general"]
    parley.sandbox.add_user("robot", "Robot", bot=True)
    await parley.say("robot", "general", "@bot psst", reply_to=answer.ids[0])
    engine.create_message(general, parley.sandbox.users["ada"], f"{parley.mention} psst", webhook_id=1)
    await parley.ask("edsger", "playground", "@bot are you there?")
    assert len(parley.answers("general")) == 1
    assert len(parley.provider.requests) == 2


async def test_repeated_event_is_answered_once(parley: Scene) -> None:
    """A message that the gateway delivers twice is stored once and answered once."""
    parley.sandbox.faults.gateway.duplicate["MESSAGE_CREATE"] = 1
    await parley.ask("linus", "general", "@bot hi")
    assert await silent(parley, "questions")
    assert [row["text"] for row in parley.rows("messages") if row["role"] == "user"] == ["hi", "are you there?"]
    assert len(parley.answers("general")) == 1


async def test_mentions_reach_the_model_as_names(parley: Scene) -> None:
    """Whom a message mentions is told by name; the bot's own mention is not part of the question."""
    await parley.ask("linus", "general", f"tell <@{parley.sandbox.users['grace']}> a joke, @bot")
    assert sent(parley.provider.requests[0])[-1] == "user: (from Linus) tell @Grace a joke,"
