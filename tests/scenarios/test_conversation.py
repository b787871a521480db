"""Several people, several places, and what of it the model is sent."""

from __future__ import annotations

import asyncio

from bot.runs.pseudonyms import Pseudonyms
from sandbox.limits import Limits
from sandbox.stories import Story
from tests.scenarios.scene import Scene, sent

PAUSED = Story(pieces=("First", " answer."), hang_at=1)


async def test_messages_that_arrive_meanwhile_are_answered_together(parley: Scene) -> None:
    """While an answer runs, what is said waits; one run then answers all of it, after the first answer."""
    parley.provider.play(PAUSED, Story(), Story(text="Both of you are right."))
    await parley.say("linus", "general", "@bot one?")
    await parley.answer_of("general", 1, final=False)
    await parley.say("grace", "general", "@bot two?")
    last = await parley.say("edsger", "general", "@bot three?")
    await parley.ask("ada", "playground", "@bot have you heard them?")
    assert len(parley.rows("runs")) == 2
    parley.provider.requests[0].released.set()
    answer = await parley.answer_of("general", 3)
    assert (answer.text, answer.question_id) == ("Both of you are right.", last)
    assert sent(parley.provider.requests[2])[1:] == [
        "user: (from Linus) one?",
        "assistant: First answer.",
        "user: (from Grace) two?",
        "user: (from Edsger) three?",
    ]
    assert len(parley.provider.requests) == 3


async def test_answers_in_two_channels_are_written_side_by_side(parley: Scene) -> None:
    """Two people in two channels do not wait for each other, and neither reads of the other's talk."""
    parley.provider.play(PAUSED, PAUSED)
    await parley.say("linus", "general", "@bot apples?")
    await parley.provider.wait_for_request()
    await parley.say("grace", "questions", "@bot pears?")
    await parley.provider.wait_for_request(2)
    for performance in parley.provider.requests:
        assert not performance.ended.is_set()
        performance.released.set()
    for channel, run_id in (("general", 1), ("questions", 2)):
        assert (await parley.answer_of(channel, run_id)).text == PAUSED.answer()
    assert sorted(sent(performance)[-1] for performance in parley.provider.requests) == [
        "user: (from Grace) pears?",
        "user: (from Linus) apples?",
    ]


async def test_each_member_has_a_conversation_where_the_host_says_so(scene: Scene) -> None:
    """With CONVERSATION_SCOPE=member several people are answered at once in one channel, each with their own past."""
    scene.sandbox.limits = Limits(create_limit=100, edit_limit=100)
    await scene.start(conversation_scope="member")
    names = ("linus", "grace", "edsger")
    answers = await asyncio.gather(*(scene.ask(name, "general", f"@bot I am {name}") for name in names))
    assert {answer.text for answer in answers} == {"Hello from the scripted model."}
    await scene.ask("grace", "general", "@bot who am I?")
    assert sent(scene.provider.requests[-1])[1:] == [
        "user: (from Grace) I am grace",
        "assistant: Hello from the scripted model.",
        "user: (from Grace) who am I?",
    ]
    assert len(scene.rows("conversations")) == 3


async def test_channel_shares_one_conversation(parley: Scene) -> None:
    """By default everybody in a channel takes part in one talk, with one live run at a time."""
    names = ("linus", "grace", "edsger", "ada")
    for name in names:
        await parley.say(name, "general", f"@bot I am {name}")
    await parley.wait_for(lambda: len(parley.rows("messages")) >= 4 and settled(parley))
    await parley.ask("ada", "general", "@bot who is here?")
    heard = [line for line in sent(parley.provider.requests[-1]) if line.startswith("user: ")]
    assert heard[:4] == [f"user: (from {name.title()}) I am {name}" for name in names]
    assert [run["status"] for run in parley.rows("runs")] == ["completed"] * len(parley.rows("runs"))


def settled(parley: Scene) -> bool:
    """Whether no answer is being written and no message waits."""
    live = [run for run in parley.rows("runs") if run["status"] in ("queued", "in_progress")]
    return not live and all(row["run_id"] is not None for row in parley.rows("messages"))


async def test_reset_leaves_the_past_behind(parley: Scene) -> None:
    """After /reset nothing that was said before is sent to the model; the tables keep it."""
    await parley.ask("linus", "general", "@bot my secret is 42")
    outcome = await parley.command("linus", "general", "reset")
    assert outcome.status == "answered"
    await parley.ask("linus", "general", "@bot what is my secret?")
    assert sent(parley.provider.requests[1]) == ["system: Be brief.", "user: (from Linus) what is my secret?"]
    assert [row["epoch"] for row in parley.rows("messages")] == [0, 0, 1, 1]


async def test_reset_stops_the_answer_under_way(parley: Scene) -> None:
    """A reset does not wait for an answer of the old conversation, and the new one begins at once."""
    parley.provider.play(PAUSED)
    await parley.say("linus", "general", "@bot hi")
    await parley.answer_of("general", 1, final=False)
    await parley.command("linus", "general", "reset")
    assert (await parley.answer_of("general", 1)).text == "First\n-# Stopped."
    await parley.ask("linus", "general", "@bot anew")
    assert sent(parley.provider.requests[1])[1:] == ["user: (from Linus) anew"]


async def test_oldest_turns_are_left_out_whole(scene: Scene) -> None:
    """When the window is full, the newest turns are sent, question and answer together, and the prompt always."""
    scene.sandbox.limits = Limits(create_limit=100, edit_limit=100)
    await scene.start(provider_context_tokens=512, max_output_tokens=128, system_prompt="Be brief, and kind.")
    scene.provider.default = Story(token_count=60, usage=None)
    for number in range(6):
        await scene.ask("linus", "general", f"@bot question {number} " + "word " * 30)
    lines = sent(scene.provider.requests[-1])
    assert lines[0] == "system: Be brief, and kind."
    roles = [line.partition(":")[0] for line in lines[1:]]
    assert len(roles) < 11
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]
    kept = [number for number in range(6) if any(f"question {number} " in line for line in lines)]
    assert kept == list(range(kept[0], 6))


async def test_question_longer_than_the_window_gets_a_sentence(scene: Scene) -> None:
    """What cannot fit is not sent: the person reads so, also when they retry, and a shorter question works."""
    await scene.start(provider_context_tokens=512, max_output_tokens=256)
    answer = await scene.ask("linus", "general", "@bot " + "hippopotamus " * 140)
    assert answer.text.startswith("⚠️ This is longer than the model can read")
    assert list(answer.buttons) == ["Retry"]
    await scene.press("linus", answer, "Retry")
    assert (await scene.answer_of("general", 2)).text == answer.text
    assert scene.provider.requests == []
    assert [run["status"] for run in scene.rows("runs")] == ["failed", "failed"]
    assert (await scene.ask("linus", "general", "@bot hi")).text == "Hello from the scripted model."
    assert sent(scene.provider.requests[0]) == ["system: Be brief.", "user: (from Linus) hi"]


async def test_tokens_that_the_provider_counted_are_believed(scene: Scene) -> None:
    """The cost of an answer in later requests is what the provider said it was."""
    await scene.start(provider_context_tokens=512, max_output_tokens=128)
    scene.provider.play(Story(text="Short to us.", usage={"prompt_tokens": 5, "completion_tokens": 400}))
    await scene.ask("linus", "general", "@bot one")
    await scene.ask("linus", "general", "@bot two")
    assert sent(scene.provider.requests[1]) == ["system: Be brief.", "user: (from Linus) two"]


async def test_answers_wait_in_line_where_the_host_allows_few(scene: Scene) -> None:
    """With MAX_CONCURRENT_RUNS=1 the second channel is answered after the first; one that gave up is not at all."""
    await scene.start(max_concurrent_runs=1)
    scene.provider.play(PAUSED)
    await scene.say("linus", "general", "@bot one?")
    await scene.answer_of("general", 1, final=False)
    await scene.say("grace", "questions", "@bot two?")
    await scene.caught_up()
    await scene.say("grace", "playground", "@bot three?")
    await scene.command("grace", "questions", "reset")
    assert len(scene.provider.requests) == 1
    scene.provider.requests[0].released.set()
    assert (await scene.answer_of("playground", 3)).text == "Hello from the scripted model."
    await scene.stop()
    assert [run["status"] for run in scene.rows("runs")] == ["completed", "cancelled", "completed"]
    assert [sent(performance)[-1] for performance in scene.provider.requests] == [
        "user: (from Linus) one?",
        "user: (from Grace) three?",
    ]


async def test_provider_is_told_a_pseudonym(parley: Scene) -> None:
    """The same for a person each time, from the app's own secret, and another for somebody else."""
    for user in ("linus", "grace", "linus"):
        await parley.ask(user, "general", "@bot hi")
    told = [request.body["user"] for request in parley.provider.requests]
    names = Pseudonyms(parley.settings().discord_token.get_secret_value())
    assert told == [names.user(parley.sandbox.users[user]) for user in ("linus", "grace", "linus")]
    assert told[0] != told[1]
