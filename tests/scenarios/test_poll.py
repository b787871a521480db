"""A poll is posted once, whatever becomes of the request."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from itertools import count

import pytest

from sandbox.faults import Faults
from sandbox.stories import Story
from sandbox.wire import Payload
from tests.scenarios.scene import Scene
from tests.scenarios.test_discord_faults import CREATE, FAULTS
from tests.scenarios.test_waiting import asks, call, outputs, waits

# All but an overload, of which the person is told, and silence, which the tool's own time ends after half a minute.
MADE_GOOD = [name for name in FAULTS if not name.startswith(("503", "silence"))]


async def asked(parley: Scene) -> list[Payload]:
    """The polls in the channel, after Ada asked for one and was answered."""
    await parley.command("ada", "general", "poll", question="Lunch?", answers="Pizza | Pasta")
    await parley.wait_for(lambda: any("poll" in text for text in answers(parley)))
    return polls(parley)


def polls(parley: Scene) -> list[Payload]:
    """The polls in the channel."""
    return [message for message in parley.sandbox.messages(parley.place("general")) if message.get("poll")]


def answers(parley: Scene) -> list[str]:
    """What Ada reads in the place of her command."""
    seen = parley.sandbox.messages(parley.place("general"), parley.sandbox.users["ada"])
    return [message["content"] for message in seen if message.get("interaction_metadata")]


@pytest.mark.parametrize("name", MADE_GOOD)
async def test_poll_of_which_the_request_fails_is_there_once(parley: Scene, name: str) -> None:
    """A lost answer and a refused request are both made good with the same nonce, and the person sees the link."""
    FAULTS[name](parley.sandbox.faults, *CREATE)
    (message,) = await asked(parley)
    assert message["poll"]["question"]["text"] == "Lunch?"
    assert [text for text in answers(parley) if message["id"] in text]
    assert parley.sandbox.faults.to_json() == []


@pytest.mark.parametrize("fault", [partial(Faults.fail, status=503), partial(Faults.cut, applied=False)])
async def test_poll_of_which_nothing_is_heard_is_not_promised(parley: Scene, fault: Callable[..., object]) -> None:
    """The person is told to look before they ask for it again."""
    fault(parley.sandbox.faults, *CREATE, times=2)
    assert await asked(parley) == []
    assert answers(parley) == [
        "Discord does not say whether the poll was posted. Look for it in the channel before you ask for it again."
    ]


async def test_model_posts_a_poll_once_a_person_approves(parley: Scene) -> None:
    """The model is told where it is; nothing is posted before."""
    parley.provider.play(asks(call("poll", question="Lunch?", answers="Pizza | Pasta")), Story(text="Please vote."))
    await parley.say("ada", "general", "@bot ask them")
    answer = await waits(parley)
    assert polls(parley) == []
    await parley.press("ada", answer, "Approve")
    await parley.until(lambda: parley.run(1)["status"] == "completed")
    (message,) = polls(parley)
    assert message["content"] == f"-# <@{parley.sandbox.users['ada']}> asks"
    (output,) = outputs(parley)
    assert output.endswith(f"/{message['id']}")


async def test_poll_is_not_taken_for_a_page_of_the_answer(parley: Scene) -> None:
    """When a page is not there after the poll, it is posted, and the poll stays as it was."""
    story = Story(text="A sentence, said again. " * 120)
    parley.provider.play(asks(call("poll", question="Lunch?", answers="Pizza | Pasta")), story)
    await parley.say("ada", "general", "@bot ask them")
    answer = await waits(parley)
    posts = count()

    def cut_the_page(method: str, path: str) -> None:
        if method == "POST" and fnmatchcase(path, CREATE[1]) and next(posts) == 1:
            parley.sandbox.faults.cut(*CREATE, applied=False)

    parley.sandbox.faults.listen(cut_the_page)
    await parley.press("ada", answer, "Approve")
    await parley.answer_of("general", 1)  # asking the tables all the time would leave the bot no request
    assert next(posts) > 2
    (message,) = polls(parley)
    assert message["content"] == f"-# <@{parley.sandbox.users['ada']}> asks"
    pages = [each["content"] for each in parley.sandbox.messages(parley.place("general")) if not each.get("poll")]
    assert " ".join(pages[-2:]).count("A sentence, said again.") == 120
