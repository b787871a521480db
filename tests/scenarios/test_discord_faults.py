"""What becomes of an answer when Discord stumbles: it is there once, whole, or its run ends quietly with a reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from sandbox.faults import Faults
from sandbox.semantics import Overwrite, OverwriteType, permission_bits
from sandbox.stories import Story
from sandbox.wire import Payload
from tests.scenarios.answer import Answer
from tests.scenarios.scene import Scene, sent

PAUSED = Story(pieces=("First words", " and", " the rest."), hang_at=1)
GONE = "Its message or its channel was gone."
UNKNOWN_MESSAGE = 10008
CREATE, EDIT, DELETE = (
    ("POST", "/channels/*/messages"),
    ("PATCH", "/channels/*/messages/*"),
    ("DELETE", "/channels/*/messages/*"),
)

FAULTS: dict[str, Callable[[Faults, str, str], object]] = {
    "429_of_the_bucket": partial(Faults.refuse, retry_after_seconds=0.1, scope="user"),
    "429_shared": partial(Faults.refuse, retry_after_seconds=0.1, scope="shared"),
    "429_global": partial(Faults.refuse, retry_after_seconds=0.1, scope="global"),
    "500": partial(Faults.fail, status=500),
    "502": partial(Faults.fail, status=502),
    "503_twice": partial(Faults.fail, status=503, times=2),
    "504": partial(Faults.fail, status=504),
    "cut_before": partial(Faults.cut, applied=False),
    "cut_after": partial(Faults.cut, applied=True),
    "silence_before": partial(Faults.hang, applied=False),
    "silence_after": partial(Faults.hang, applied=True),
}


STREAMING = Story(token_count=50, tokens_per_second=50.0, is_endless=True)


async def begun(parley: Scene, channel: str | int = "general", *, story: Story = PAUSED) -> Answer:
    """An answer to Linus of which the first words are there, and more only when the story says so."""
    parley.provider.play(story)
    await parley.say("linus", channel, "@bot hi")
    return await parley.answer_of(channel, 1, final=False)


def own_messages(parley: Scene) -> list[Payload]:
    """What the bot has in #general."""
    seen = parley.sandbox.messages(parley.place("general"))
    return [message for message in seen if message["author"].get("bot")]


@pytest.fixture
async def impatient(scene: Scene) -> Scene:
    """The scene with a bot that gives a request up after half a second without an answer."""
    await scene.start(discord_timeout_seconds=0.5)
    return scene


@pytest.mark.parametrize("name", FAULTS)
async def test_post_that_fails_is_made_once(impatient: Scene, name: str) -> None:
    """Whatever happens to the first post, in the end there is one message with the whole answer."""
    FAULTS[name](impatient.sandbox.faults, *CREATE)
    answer = await impatient.ask("linus", "general", "@bot hi")
    assert answer.text == "Hello from the scripted model."
    assert len(own_messages(impatient)) == 1
    assert len({record.nonce for record in impatient.sandbox.requests if record.nonce is not None}) <= 1
    assert impatient.sandbox.faults.to_json() == []


@pytest.mark.parametrize(
    "story", [Story(), Story(text="A sentence, said again. " * 120)], ids=["one_page", "two_pages"]
)
async def test_post_that_nobody_heard_of_is_found_when_discord_forgot_its_nonce(parley: Scene, story: Story) -> None:
    """Each page is applied and its answer lost; a nonce counts for minutes only, so the messages are looked for."""
    parley.sandbox.faults.forgets_nonces = True
    for _ in range(2):
        parley.sandbox.faults.cut(*CREATE, applied=True)
    parley.provider.play(story)
    answer = await parley.ask("linus", "general", "@bot hi")
    assert " ".join(answer.texts).split() == story.answer().split()
    pages = [message for message in parley.sandbox.messages(answer.channel_id) if message["author"].get("bot")]
    assert tuple(int(page["id"]) for page in pages) == answer.ids


@pytest.mark.parametrize("name", FAULTS)
async def test_edit_that_fails_is_made_good(impatient: Scene, name: str) -> None:
    """Whatever happens to an edit, the same message ends with the whole answer."""
    begin = await begun(impatient)
    FAULTS[name](impatient.sandbox.faults, *EDIT)
    impatient.provider.requests[0].released.set()
    answer = await impatient.answer_of("general", 1)
    assert (answer.text, answer.ids) == (PAUSED.answer(), begin.ids)
    assert impatient.sandbox.faults.to_json() == []


@pytest.mark.parametrize("name", FAULTS)
async def test_further_page_that_fails_is_made_once(impatient: Scene, name: str) -> None:
    """Whatever happens to the post of a second page, in the end it is there once, below the first."""
    story = Story(pieces=("First words.", f"\n\n{'word ' * 500}"), hang_at=1)
    (first,) = (await begun(impatient, story=story)).ids
    FAULTS[name](impatient.sandbox.faults, *CREATE)
    impatient.provider.requests[0].released.set()
    answer = await impatient.answer_of("general", 1)
    assert " ".join(answer.texts).split() == story.answer().split()
    assert [int(message["id"]) for message in own_messages(impatient)] == [first, answer.ids[1]]
    assert impatient.sandbox.faults.to_json() == []


@pytest.mark.parametrize("name", FAULTS)
async def test_page_that_is_not_needed_any_more_goes_away(impatient: Scene, name: str) -> None:
    """Whatever happens to a delete, of a longer answer's pages none is left in the end."""
    impatient.provider.play(Story(token_count=1100), Story(text="Short."))
    old = await impatient.ask("linus", "general", "@bot all")
    assert len(old.ids) == 3
    FAULTS[name](impatient.sandbox.faults, *DELETE)
    await impatient.press("linus", old, "Regenerate")
    await impatient.wait_for(lambda: [message["content"] for message in own_messages(impatient)] == ["Short."])
    await impatient.stop()
    assert impatient.run(2)["delivered_at"] is not None
    assert impatient.sandbox.faults.to_json() == []


@pytest.mark.parametrize("name", [name for name in FAULTS if name != "503_twice"])
async def test_typing_that_fails_is_no_matter(impatient: Scene, name: str) -> None:
    """Whatever happens to the typing indicator, the answer comes at once and whole."""
    FAULTS[name](impatient.sandbox.faults, "POST", "/channels/*/typing")
    impatient.provider.play(Story(pieces=("Here it is.",), hang_at=0))
    await impatient.say("linus", "general", "@bot hi")
    performance = await impatient.provider.wait_for_request()
    await impatient.wait_for(lambda: impatient.sandbox.faults.to_json() == [])
    performance.released.set()
    assert (await impatient.answer_of("general", 1)).text == "Here it is."


async def test_last_edit_is_made_however_often_it_fails(impatient: Scene) -> None:
    """Discord is away in one way after the other: others are answered, the text is kept, the edit arrives."""
    begin = await begun(impatient)
    path = f"/channels/{begin.channel_id}/messages/*"
    for name in ("503_twice", "silence_before"):
        FAULTS[name](impatient.sandbox.faults, "PATCH", path)
    impatient.provider.requests[0].released.set()
    assert (await impatient.ask("linus", "playground", "@bot hi")).text == "Hello from the scripted model."
    run = impatient.run(1)
    assert (run["status"], run["text"], run["delivered_at"]) == ("completed", PAUSED.answer(), None)
    answer = await impatient.answer_of("general", 1)
    assert (answer.text, answer.ids) == (PAUSED.answer(), begin.ids)
    await impatient.stop()
    assert impatient.run(1)["delivered_at"] is not None


@pytest.mark.parametrize("resumable", [True, False], ids=["resumed", "anew"])
async def test_gateway_that_drops_does_not_disturb_an_answer(parley: Scene, resumable: bool) -> None:
    """An answer goes on while the gateway is away, and afterwards the bot hears again."""
    begin = await begun(parley)
    parley.sandbox.gateway.drop(resumable=resumable)
    parley.provider.requests[0].released.set()
    answer = await parley.answer_of("general", 1)
    assert (answer.text, answer.ids) == (PAUSED.answer(), begin.ids)
    await parley.wait_for(lambda: parley.sandbox.gateway.connected == 1)
    assert (await parley.ask("linus", "general", "@bot still there?")).text == "Hello from the scripted model."
    assert len(parley.rows("runs")) == 2


async def test_message_said_while_the_gateway_was_away_is_answered(parley: Scene) -> None:
    """What a resumed session missed is replayed to it, and answered once."""
    parley.sandbox.gateway.drop()
    answer = await parley.ask("linus", "general", "@bot hello?")
    assert answer.text == "Hello from the scripted model."
    assert len(parley.provider.requests) == 1


async def hide_channel(parley: Scene, answer: Answer) -> None:
    """The bot may no longer see the channel."""
    denied = permission_bits("view_channel")
    overwrite = Overwrite(target_id=parley.sandbox.bot_id, type=OverwriteType.MEMBER, deny=denied)
    parley.sandbox.engine.set_overwrite(answer.channel_id, overwrite)


async def forget_message(parley: Scene, _answer: Answer) -> None:
    """Discord does not know the message any more, and told nobody."""
    parley.sandbox.faults.fail(*EDIT, status=404, code=UNKNOWN_MESSAGE)


@pytest.mark.parametrize("lose", [forget_message, hide_channel])
async def test_answer_whose_place_is_lost_ends_quietly(
    parley: Scene, lose: Callable[[Scene, Answer], Awaitable[None]]
) -> None:
    """The next edit fails for good: the run ends with its reason, the stream is closed, nothing more is tried."""
    answer = await begun(parley, story=STREAMING)
    await lose(parley, answer)
    await parley.provider.requests[0].disconnected.wait()
    await parley.wait_for(lambda: any(record.status in (403, 404) for record in parley.sandbox.requests))
    before = len(parley.sandbox.requests)
    assert (await parley.ask("grace", "playground", "@bot hi")).text == "Hello from the scripted model."
    await parley.stop()
    run = parley.run(1)
    assert (run["status"], run["failure"]) == ("failed", GONE)
    assert run["delivered_at"] is not None
    later = parley.sandbox.requests[before:]
    assert [record for record in later if record.channel_id == answer.channel_id] == []


async def test_answer_that_is_whole_is_kept_though_it_cannot_be_shown(parley: Scene) -> None:
    """When only the last edit fails for good, the answer is part of the conversation, and nobody tries again."""
    answer = await begun(parley)
    await forget_message(parley, answer)
    parley.provider.requests[0].released.set()
    await parley.ask("linus", "general", "@bot and?")
    assert sent(parley.provider.requests[1])[2] == f"assistant: {PAUSED.answer()}"
    await parley.stop()
    assert parley.run(1)["status"] == "completed"
    assert all(run["delivered_at"] is not None for run in parley.rows("runs"))


async def test_archived_thread_ends_the_answer_and_opens_with_the_next_question(parley: Scene) -> None:
    """An answer in a thread that is archived ends quietly; who writes there again is answered."""
    linus, questions = parley.sandbox.users["linus"], parley.sandbox.channels["questions"]
    thread = await parley.sandbox.people.start_thread(linus, questions, "Proofs")
    await begun(parley, thread, story=STREAMING)
    await parley.sandbox.people.archive_thread(linus, thread)
    await parley.wait_for(lambda: any(record.code == 50083 for record in parley.sandbox.requests))
    assert (await parley.ask("linus", thread, "again")).text == "Hello from the scripted model."
    assert (parley.run(1)["status"], parley.run(1)["failure"]) == ("failed", GONE)


async def test_channel_where_the_bot_may_not_write_is_left_alone(parley: Scene) -> None:
    """Without Send Messages the question is not answered, and the bot does not try again and again."""
    general = parley.sandbox.channels["general"]
    denied = permission_bits("send_messages")
    overwrite = Overwrite(target_id=parley.sandbox.bot_id, type=OverwriteType.MEMBER, deny=denied)
    parley.sandbox.engine.set_overwrite(general, overwrite)
    await parley.say("linus", "general", "@bot hi")
    await parley.wait_for(lambda: any(record.code == 50013 for record in parley.sandbox.requests))
    await parley.ask("linus", "playground", "@bot hi")
    await parley.stop()
    posts = [record for record in parley.sandbox.requests if record.path == f"/channels/{general}/messages"]
    assert len(posts) == 1
    assert (parley.run(1)["status"], parley.run(1)["failure"]) == ("failed", GONE)
