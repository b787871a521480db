"""Answers under the name and with the picture that moderators chose for a place."""

from __future__ import annotations

import asyncio
import json
import signal

import pytest

from bot.reply.persona import REFUSED
from bot.reply.surface import HEADING_FORM
from bot.reply.webhooks import FULL, NOT_ALLOWED
from sandbox.faults import Action, Fault
from sandbox.semantics import permission_bits
from sandbox.stories import Story
from sandbox.wire import Payload
from tests.scenarios.answer import Answer
from tests.scenarios.process import bot_process
from tests.scenarios.scene import Scene, Where, sent
from tests.scenarios.test_long_answers import PROSE
from tests.scenarios.test_place_settings import choose
from tests.scenarios.test_restart import PAUSED, REST, WHOLE

CURIE, FACE = "Marie Curie", "https://example.org/curie.png"
BY_WEBHOOK = "/webhooks/*"


async def mask(scene: Scene, channel: Where = "general", name: str = CURIE) -> None:
    """Let a place have a persona."""
    await choose(scene, channel, "persona_name", name)


def heading(scene: Scene, question_id: int, channel: Where = "general", user: str = "linus") -> str:
    """The line above an answer of a persona."""
    return HEADING_FORM.format(
        guild_id=scene.sandbox.guild_id,
        place_id=scene.place(channel),
        question_id=question_id,
        asker_id=scene.sandbox.users[user],
    )


def masked(scene: Scene, channel: Where = "general") -> list[Answer]:
    """The answers of personas in a channel, each begun by its heading."""
    groups: list[list[Payload]] = []
    for message in scene.sandbox.messages(scene.place(channel)):
        if message.get("webhook_id") and not message.get("interaction_metadata"):
            if message["content"].startswith("-# ↪ "):
                groups.append([])
            groups[-1].append(message)
    return [Answer(messages=tuple(group)) for group in groups]


async def heard(scene: Scene, channel: Where = "general", number: int = 0, *, final: bool = True) -> Answer:
    """An answer of a persona, when it is final, or when its buttons are there."""

    def look() -> Answer | None:
        found = masked(scene, channel)[number : number + 1]
        return next((each for each in found if each.buttons and each.is_final >= final), None)

    return await scene.wait_for(look)


async def ask(scene: Scene, text: str = "@bot hi", channel: Where = "general") -> tuple[int, Answer]:
    """Linus' question, and the whole answer that a persona gives to it."""
    count = len(masked(scene, channel))
    question_id = await scene.say("linus", channel, text)
    return question_id, await heard(scene, channel, count)


def webhooks(scene: Scene) -> list[int]:
    """The ids of all webhooks of the server."""
    return list(scene.sandbox.engine.webhooks)


def forbid(scene: Scene, *names: str) -> None:
    """Take permissions from the bot."""
    engine, role_id = scene.sandbox.engine, scene.sandbox.house.roles["bot"]
    kept = engine.get_role(scene.sandbox.guild_id, role_id).permissions & ~permission_bits(*names)
    engine.edit_role(scene.sandbox.guild_id, role_id, {"permissions": kept})


async def test_persona_answers_under_its_name_with_its_picture(parley: Scene) -> None:
    """Its first line leads to the question and pings nobody; elsewhere the bot is itself, and has one webhook."""
    await mask(parley)
    await choose(parley, "general", "persona_avatar", FACE)
    question_id, answer = await ask(parley)
    (message,) = answer.messages
    assert message["author"]["username"] == CURIE
    assert answer.text == f"{heading(parley, question_id)}\nHello from the scripted model."
    face = parley.sandbox.engine.messages[parley.place("general")][answer.ids[0]].author_avatar
    assert face is not None
    assert parley.sandbox.engine.messages[parley.place("general")][answer.ids[0]].ping_user_ids == []
    assert (await parley.ask("linus", "questions", "@bot hi")).text == "Hello from the scripted model."
    await ask(parley, "@bot again")
    assert parley.answers("general") == []
    await parley.stop()
    (webhook_id,) = webhooks(parley)
    assert [row["webhook_id"] for row in parley.rows("replies")] == [webhook_id, None, webhook_id]
    assert parley.sandbox.engine.webhooks[webhook_id].name == "Parley"


async def test_persona_streams_by_edits_and_over_pages(parley: Scene) -> None:
    """As the bot does: every message fits, nothing is lost, and only the last one has buttons."""
    await mask(parley)
    story = Story(token_count=600, tokens_per_second=150.0)
    parley.provider.play(story)
    question_id, answer = await ask(parley)
    assert len(answer.texts) == 2
    assert max(map(len, answer.texts)) <= 2000
    begin = heading(parley, question_id)
    assert " ".join(answer.texts).removeprefix(begin).split() == story.answer().split()
    assert [bool(message["components"]) for message in answer.messages] == [False, True]
    edits = [record for record in parley.sandbox.requests if record.method == "PATCH" and record.status == 200]
    assert {record.route for record in edits} == {"/webhooks/{webhook_id}/{token}/messages/{message_id}"}
    assert len(edits) > 2


async def test_buttons_of_a_persona_work(parley: Scene) -> None:
    """Regenerate changes its messages in place; those that a shorter answer needs no more go away."""
    await mask(parley)
    parley.provider.play(PROSE, Story(text="Shorter."))
    question_id, answer = await ask(parley)
    assert len(answer.ids) > 2
    await parley.press("linus", answer, "Regenerate")
    await parley.wait_for(lambda: [len(each.ids) for each in masked(parley)] == [1])
    (shorter,) = masked(parley)
    assert (shorter.text, shorter.ids) == (f"{heading(parley, question_id)}\nShorter.", answer.ids[:1])


async def test_stop_ends_the_answer_of_a_persona(parley: Scene) -> None:
    """The button under a message that still grows is heard."""
    await mask(parley)
    parley.provider.play(PAUSED)
    await parley.say("linus", "general", "@bot hi")
    await parley.press("linus", await heard(parley, final=False), "Stop")
    assert (await heard(parley)).small_print[1:] == ["Stopped."]


async def test_persona_goes_on_after_a_restart_in_the_same_message(scene: Scene) -> None:
    """Though its name was changed meanwhile; what was posted by the webhook is edited by it."""
    await scene.start(shutdown_grace_seconds=0)
    await mask(scene)
    scene.provider.play(PAUSED)
    question_id = await scene.say("linus", "general", "@bot hi")
    begin = await heard(scene, final=False)
    await scene.stop()
    scene.provider.play(REST)
    await scene.start()
    answer = await heard(scene)
    assert (answer.text, answer.ids) == (f"{heading(scene, question_id)}\n{WHOLE}", begin.ids)
    assert len(webhooks(scene)) == 1


async def test_answer_keeps_the_name_that_it_began_under(parley: Scene) -> None:
    """What the bot itself posted is changed by the bot, and what a persona posted by the webhook."""
    own = await parley.ask("linus", "general", "@bot hi")
    await mask(parley)
    parley.provider.play(Story(text="Still me."), Story(text="I am Curie."), Story(text="Still Curie."))
    await parley.press("linus", own, "Regenerate")
    await parley.wait_for(lambda: parley.answers("general")[0].texts == ("Still me.",))
    _, answer = await ask(parley, "@bot and you?")
    await parley.command("ada", "general", "unset", name="persona_name")
    await parley.press("linus", answer, "Regenerate")
    await parley.wait_for(lambda: masked(parley)[0].words == "Still Curie.")
    assert masked(parley)[0].ids == answer.ids


@pytest.mark.parametrize("action", ["cut_after", "hang_after"])
async def test_post_of_a_persona_that_nobody_heard_of_is_found(scene: Scene, action: Action) -> None:
    """A webhook has no nonce: what may be there is looked for before it is posted again."""
    await scene.start(discord_timeout_seconds=1.0)
    await mask(scene)
    await ask(scene)  # finds the webhook
    scene.sandbox.faults.add(Fault(action=action, method="POST", path=BY_WEBHOOK))
    scene.provider.play(Story(text="Once."))
    await ask(scene, "@bot say it once")
    assert [answer.words for answer in masked(scene)] == ["Hello from the scripted model.", "Once."]


async def test_page_of_a_persona_that_was_not_posted_is_posted(parley: Scene) -> None:
    """Where the request was lost there is nothing to find."""
    await mask(parley)
    parley.sandbox.faults.cut("POST", BY_WEBHOOK, applied=False)
    await ask(parley)
    assert len(masked(parley)) == 1


async def test_thread_is_answered_by_the_webhook_of_its_channel(parley: Scene) -> None:
    """Each thread its own answer, and all of them one webhook."""
    await mask(parley)
    ada = parley.sandbox.users["ada"]
    threads = [await parley.sandbox.people.start_thread(ada, parley.place("general"), name) for name in ("One", "Two")]
    for thread_id in threads:
        question_id, answer = await ask(parley, channel=thread_id)
        assert answer.text.startswith(heading(parley, question_id, thread_id))
        assert answer.messages[0]["author"]["username"] == CURIE
    assert len(webhooks(parley)) == 1


async def test_reply_to_a_persona_is_heard(parley: Scene) -> None:
    """Without a mention; the model is told whose words are meant."""
    await mask(parley)
    _, answer = await ask(parley)
    await parley.say("linus", "general", "and why?", reply_to=answer.ids[0])
    await heard(parley, number=1)
    asked = sent(parley.provider.requests[-1])[-1]
    assert CURIE in asked
    assert "Hello from the scripted model." in asked
    assert "↪" not in asked


async def test_persona_is_not_used_where_it_may_not_be(parley: Scene) -> None:
    """The bot answers as itself, and says once what it takes."""
    forbid(parley, "manage_webhooks")
    await mask(parley)
    assert (await parley.ask("linus", "general", "@bot hi")).small_print == [NOT_ALLOWED]
    assert (await parley.ask("linus", "general", "@bot hi")).small_print == []
    assert webhooks(parley) == []


async def test_persona_is_not_used_where_there_is_no_room_for_a_webhook(parley: Scene) -> None:
    """Fifteen of others are in the channel."""
    for number in range(15):
        parley.sandbox.engine.create_webhook(parley.place("general"), f"w{number}", parley.sandbox.users["ada"])
    await mask(parley)
    assert (await parley.ask("linus", "general", "@bot hi")).small_print == [FULL]


async def test_persona_that_discord_refuses_is_not_used(parley: Scene) -> None:
    """The answer is there all the same, under the bot's own name, and says why."""
    await mask(parley)
    parley.sandbox.faults.fail("POST", BY_WEBHOOK, 400, code=50035)
    parley.provider.play(PAUSED)
    await parley.say("linus", "general", "@bot hi")
    await parley.answer_of("general", 1, final=False)
    parley.provider.requests[0].released.set()
    assert (await parley.answer_of("general", 1)).text == f"{PAUSED.answer()}\n-# {REFUSED}"
    assert masked(parley) == []


async def test_names_that_discord_refuses_cannot_be_chosen(parley: Scene) -> None:
    """With a sentence that says so."""
    for name in ("Discord Helper", "CLYDE", "everyone", "two\nlines"):
        await mask(parley, name=name)
        told = await parley.refused("ada", "general")
        assert told.startswith("`persona_name` has to be a name of up to 80 characters on one line")
    await parley.stop()
    assert parley.rows("place_settings") == []


async def test_answer_goes_on_when_its_webhook_is_deleted(parley: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody can change what it had posted, so the whole answer is posted anew; the next one needs no look."""
    await mask(parley)
    parley.provider.play(PAUSED)
    question_id = await parley.say("linus", "general", "@bot hi")
    begin = await heard(parley, final=False)
    parley.sandbox.engine.delete_webhook(webhooks(parley)[0])
    parley.provider.requests[0].released.set()
    answer = await heard(parley, number=1)
    assert answer.text == f"{heading(parley, question_id)}\n{PAUSED.answer()}"
    assert answer.ids != begin.ids
    assert any("is gone" in record.getMessage() for record in caplog.records)
    assert parley.run(1)["status"] == "completed"


async def test_webhook_that_is_deleted_between_answers_is_made_anew(parley: Scene) -> None:
    """The next question is answered by another one."""
    await mask(parley)
    await ask(parley)
    (first,) = webhooks(parley)
    parley.sandbox.engine.delete_webhook(first)
    await ask(parley, "@bot again")
    (second,) = webhooks(parley)
    assert [message["webhook_id"] for answer in masked(parley) for message in answer.messages] == [
        str(first),
        str(second),
    ]


async def test_two_questions_at_once_make_one_webhook(parley: Scene) -> None:
    """Whoever comes second waits for the first."""
    await mask(parley)
    for text in ("@bot one", "@bot two"):
        await parley.say("linus", "general", text)
    await parley.say("ada", "general", "@bot three")
    await parley.wait_for(lambda: bool(masked(parley)) and all(each.is_final for each in masked(parley)))
    assert len(webhooks(parley)) == 1


async def test_private_answers_have_no_persona(parley: Scene) -> None:
    """What one person alone sees is the bot's own, and no webhook is made for it."""
    await mask(parley)
    await parley.command("linus", "general", "ask", question="hi", private=True)
    await parley.wait_for(lambda: "Hello from the scripted model." in parley.whispers("linus", "general"))
    assert webhooks(parley) == []


async def test_no_secret_of_a_webhook_is_in_the_log_or_the_tables(
    parley: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """Its token is kept in memory alone."""
    await mask(parley)
    await ask(parley)
    (webhook,) = parley.sandbox.engine.webhooks.values()
    await parley.stop()
    stored = json.dumps([parley.rows(table) for table in ("replies", "runs", "run_events")], default=str)
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bot"))
    assert webhook.token not in stored + logged


@pytest.mark.parametrize("action", ["hang", "hang_after"])
async def test_killed_process_posts_the_page_of_a_persona_once(scene: Scene, action: Action) -> None:
    """Killed between its post and Discord's answer, before or after the message was made."""
    await scene.start()
    await mask(scene)
    await scene.stop()
    posts = asyncio.Event()
    scene.sandbox.faults.listen(lambda _, path: posts.set() if path.startswith("/webhooks/") else None)
    scene.sandbox.faults.add(Fault(action=action, method="POST", path=BY_WEBHOOK))
    process = await bot_process(scene.settings(lease_seconds=3600), "run")
    question_id = await scene.say("linus", "general", "@bot hi")
    await posts.wait()
    if action == "hang_after":
        await scene.wait_for(lambda: bool(masked(scene)))
    process.kill()
    assert await process.wait() == -signal.SIGKILL
    await scene.start(lease_seconds=3600)
    answer = await heard(scene)
    assert answer.text == f"{heading(scene, question_id)}\nHello from the scripted model."
    assert [each.ids for each in masked(scene)] == [answer.ids]
    assert scene.answers("general") == []
