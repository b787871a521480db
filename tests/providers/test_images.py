"""Pictures over real sockets: whole, on their way, huge, and broken."""

from __future__ import annotations

import asyncio
import os
from base64 import b64encode, encodebytes
from contextlib import aclosing

import pytest

from bot.errors import ProviderError, ProviderFault, Refusal
from bot.providers.bodies import Consumption
from bot.providers.endpoints.client import OpenAIClient
from bot.providers.endpoints.images import (
    MAX_SOURCES,
    MAX_UPLOAD_BYTES,
    ImageRequest,
    PartialPicture,
    Pictures,
    Sources,
)
from bot.providers.forms import File
from bot.providers.transport import Timeouts, Transport
from sandbox.drawing import picture
from sandbox.provider import ScriptedProvider
from sandbox.stories import Story, refusal
from tests.providers.asking import all_of, endpoint, fault_of, whole
from tests.providers.conftest import Waits

GENERATIONS, EDITS = "/images/generations", "/images/edits"
FOX = ImageRequest(prompt="A red fox", model="painter")
PNG = picture("a source")
SOURCES = Sources(images=[File(name="cat.png", content=PNG)])


async def test_pictures_are_drawn(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Each wish is sent in the API's words, and each picture comes back as bytes of a known type, with what it cost."""
    request = ImageRequest(
        prompt="A red fox",
        model="painter",
        count=2,
        size="32x16",
        quality="low",
        background="opaque",
        output_format="png",
        output_compression=80,
        moderation="low",
        user="hash",
    )
    drawn = await client.images.generate(request)
    assert provider.endpoints.orders[0].body == {
        "prompt": "A red fox",
        "model": "painter",
        "n": 2,
        "size": "32x16",
        "quality": "low",
        "background": "opaque",
        "output_format": "png",
        "output_compression": 80,
        "moderation": "low",
        "user": "hash",
    }
    assert [one.content for one in drawn.pictures] == [picture(f"A red fox {n}", "32x16") for n in (0, 1)]
    assert drawn.pictures[0].content_type == "image/png"
    assert drawn.usage == Consumption(input_tokens=3, output_tokens=272)
    assert (drawn.size, drawn.quality, drawn.background, drawn.output_format) == ("32x16", "low", "opaque", "png")


async def test_address_is_handed_on_unopened(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """A provider that gives addresses instead of pictures is not followed there: that is for who guards against it."""
    provider.endpoints.quirks.image_urls, provider.endpoints.quirks.sends_usage = True, False
    drawn = await client.images.generate(FOX)
    (one,) = drawn.pictures
    assert one.content is None
    assert one.url is not None
    assert one.url.startswith("https://pictures.example/")
    assert one.revised_prompt == "A red fox!"
    assert drawn.usage is None


async def test_picture_is_found_in_odd_answers(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Relays put a `data:` URL into either field, a message beside the result, and entries without a picture."""
    data_url = f"data:image/png;base64,{b64encode(PNG).decode()}"
    provider.endpoints.play(
        GENERATIONS,
        whole({"data": [{"url": data_url}], "message": "ok", "code": 0}),
        whole({"data": [{}, {"b64_json": data_url, "url": ""}], "usage": {"total_tokens": "many"}}),
    )
    for _ in range(2):
        drawn = await client.images.generate(FOX)
        assert [(one.content, one.content_type) for one in drawn.pictures] == [(PNG, "image/png")]
        assert drawn.usage is None


async def test_picture_in_lines_is_read(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Base64 as mails have it is base64."""
    provider.endpoints.play(GENERATIONS, whole({"data": [{"b64_json": encodebytes(PNG).decode()}]}))
    assert (await client.images.generate(FOX)).pictures[0].content == PNG


async def test_one_source_is_sent_under_its_old_name(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """A picture goes out as a file with a type by its bytes and a harmless name, beside the fields as texts."""
    mask = File(name='C:\\Users\\me\\"ma\nsk\ud800".jpg', content=PNG)
    sources = Sources(images=[File(name="../../cat.png", content=PNG)], mask=mask, input_fidelity="high")
    changed = await client.images.edit(ImageRequest(prompt="Žluť 🐎 \ud800", count=1, size="64x64"), sources)
    order = provider.endpoints.orders[0]
    assert order.body == {"prompt": "Žluť 🐎 ?", "n": "1", "size": "64x64", "input_fidelity": "high"}
    assert [(file.field, file.content_type, file.content == PNG) for file in order.files] == [
        ("image", "image/png", True),
        ("mask", "image/png", True),
    ]
    assert order.files[0].name == "cat.png"
    assert "\n" not in order.files[1].name
    assert changed.pictures[0].content_type == "image/png"
    assert changed.usage == Consumption(input_tokens=203, output_tokens=272, media_tokens=200)


async def test_several_sources_are_sent_in_their_order(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """More than one picture goes out under the name of the newer models."""
    files = [File(name=f"{n}.bin", content=b"\xff\xd8\xff" + bytes([n])) for n in range(3)]
    await client.images.edit(FOX, Sources(images=files))
    sent = provider.endpoints.orders[0].files
    assert [(file.field, file.content_type) for file in sent] == [("image[]", "image/jpeg")] * 3
    assert [file.content for file in sent] == [file.content for file in files]


@pytest.mark.parametrize(
    "files",
    [
        [],
        [File(name="a.png", content=PNG)] * (MAX_SOURCES + 1),
        [File(name="a.png", content=bytes(MAX_UPLOAD_BYTES // 2 + 1))] * 2,
    ],
    ids=["none", "too many", "too large"],
)
async def test_sources_beyond_the_limits_are_refused(
    files: list[File], provider: ScriptedProvider, client: OpenAIClient
) -> None:
    """A person learns in one sentence what to change, and nothing is sent."""
    with pytest.raises(Refusal, match="Please give"):
        await client.images.edit(FOX, Sources(images=files))
    with pytest.raises(Refusal, match="Please give"):
        client.images.stream(FOX, Sources(images=files))
    assert provider.endpoints.orders == []


@pytest.mark.parametrize("sources", [None, SOURCES], ids=["generation", "edit"])
async def test_pictures_on_their_way_come_first(
    sources: Sources | None, provider: ScriptedProvider, client: OpenAIClient
) -> None:
    """The stages are numbered and the result comes last, once, with what it cost."""
    *partial, result = await all_of(client.images.stream(FOX, sources, partial_images=2))
    order = provider.endpoints.orders[0]
    assert order.is_streamed
    assert str(order.body["partial_images"]) == "2"
    assert [one.index for one in partial if isinstance(one, PartialPicture)] == [0, 1]
    assert all(isinstance(one, PartialPicture) and one.content_type == "image/png" for one in partial)
    assert isinstance(result, Pictures)
    assert result.pictures[0].content
    assert result.usage is not None


async def test_several_results_of_a_stream_are_one(client: OpenAIClient) -> None:
    """All that were asked for come together at the end."""
    result = (await all_of(client.images.stream(ImageRequest(prompt="fox", count=3), partial_images=1)))[-1]
    assert isinstance(result, Pictures)
    assert [one.content for one in result.pictures] == [picture(f"fox {n}") for n in range(3)]


async def test_stream_ends_where_it_says_so(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """A server that draws fewer than were asked for and keeps the connection open is not waited for."""
    completed = b'data: {"type": "image_generation.completed", "b64_json": "' + b64encode(PNG) + b'"}\n\n'
    provider.endpoints.play(GENERATIONS, Story(body=completed + b"data: [DONE]\n\n"))
    provider.endpoints.quirks.hang_at = 1
    (result,) = await all_of(client.images.stream(ImageRequest(prompt="fox", count=2)))
    assert isinstance(result, Pictures)
    assert len(result.pictures) == 1


async def test_server_that_does_not_stream_gives_the_result(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """The result alone is a stream too."""
    provider.endpoints.quirks.streams = False
    (result,) = await all_of(client.images.stream(FOX))
    assert isinstance(result, Pictures)
    assert result.pictures[0].content == picture("A red fox 0")


async def test_broken_stage_does_not_cost_the_result(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """A stage that cannot be read is left out; the picture is paid for, and comes."""
    provider.endpoints.play(
        GENERATIONS,
        Story(
            body=b": ping\n\ndata: ping\n\n"
            b'data: {"type": "image_generation.partial_image", "b64_json": "?", "partial_image_index": 0}\n\n'
            b"event: image_generation.completed\r\n"
            b'data: {"b64_json": "' + b64encode(PNG) + b'"}'
        ),
    )
    (result,) = await all_of(client.images.stream(FOX))
    assert isinstance(result, Pictures)
    assert result.pictures[0].content == PNG


async def test_huge_pictures_are_read(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Thirty megabytes come whole, in a body and in an event."""
    huge = PNG + os.urandom(30 * 1024 * 1024)
    provider.endpoints.quirks.picture = huge
    assert (await client.images.generate(FOX)).pictures[0].content == huge
    (result,) = await all_of(client.images.stream(FOX, partial_images=0))
    assert isinstance(result, Pictures)
    assert result.pictures[0].content == huge


async def test_answer_beyond_all_measure_is_given_up(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """A provider cannot fill the memory."""
    provider.endpoints.play(
        GENERATIONS, Story(body=b" " * (49 * 1024 * 1024) + b'{"data": [{"url": "https://pictures.example"}]}')
    )
    assert await fault_of(client.images.generate(FOX)) is ProviderFault.PROTOCOL


BROKEN = {
    "cut base64": whole({"data": [{"b64_json": b64encode(PNG).decode()[:-3]}]}),
    "no base64": whole({"data": [{"b64_json": "<html>"}]}),
    "empty": whole({"data": [{"b64_json": ""}]}),
    "empty address": whole({"data": [{"url": "data:image/png;base64,"}]}),
    "another scheme": whole({"data": [{"url": "file:///etc/passwd"}]}),
    "none": whole({"data": []}),
    "a page": Story(body=b"<!doctype html><title>Log in</title>", content_type="text/html"),
    "cut": Story(body=b'{"data": [{"b64_json": "iVBO'),
    "nothing": Story(body=b""),
}


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_no_picture_is_an_error(
    name: str, is_streamed: bool, provider: ScriptedProvider, client: OpenAIClient
) -> None:
    """Nothing that cannot be a picture is handed on, whichever way it was asked for."""
    provider.endpoints.play(GENERATIONS, BROKEN[name])
    asked = all_of(client.images.stream(FOX)) if is_streamed else client.images.generate(FOX)
    assert await fault_of(asked) is ProviderFault.PROTOCOL


REFUSALS = {
    "event": (Story(body=b'event: error\ndata: {"error": {"code": "moderation_blocked"}}\n\n'), "moderated"),
    "event of words": (Story(body=b"event: error\ndata: upstream overloaded\n\n"), "busy"),
    "typed event": (Story(body=b'data: {"type": "error", "code": "insufficient_quota", "message": "x"}\n\n'), "quota"),
    "relay's event": (Story(body=b'data: {"code": 429, "msg": "slow down"}\n\n'), "rate_limited"),
    "vLLM's event": (
        Story(body=b'data: {"object": "error", "type": "BadRequestError", "message": "overloaded"}\n\n'),
        "busy",
    ),
    "body": (whole({"error": {"message": "Quota is used up", "code": "insufficient_quota"}}), "quota"),
    "relay's body": (whole({"code": 401, "msg": "token"}), "auth"),
    "in the result": (whole({"data": [{"error": {"code": "content_policy_violation"}}]}), "moderated"),
    "status": (refusal(400, "moderation_blocked"), "moderated"),
    "stub": (refusal(501, "api_not_implemented"), "not_implemented"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_refusal_to_draw_has_its_reason(name: str, provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Whatever shape a no has, and wherever it comes, its reason is known."""
    story, fault = REFUSALS[name]
    provider.endpoints.play(GENERATIONS, story)
    assert await fault_of(all_of(client.images.stream(FOX))) is ProviderFault(fault)


async def test_stream_that_breaks_off_is_an_error(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Stages without a result are no result, however the stream ends."""
    provider.endpoints.quirks.cut_at = 1
    async with aclosing(client.images.stream(FOX)) as events:
        assert isinstance(await anext(events), PartialPicture)
        assert await fault_of(anext(events)) is ProviderFault.PROTOCOL
    provider.endpoints.play(GENERATIONS, Story(body=b"data: [DONE]\n\n"))
    assert await fault_of(all_of(client.images.stream(FOX))) is ProviderFault.PROTOCOL


@pytest.mark.parametrize("story", [refusal(503, "overloaded"), refusal(429, "x"), Story(refuses_connection=True)])
async def test_picture_that_was_asked_for_is_not_asked_for_again(
    story: Story, provider: ScriptedProvider, client: OpenAIClient, waits: Waits
) -> None:
    """A job that may have been received is paid for: it is sent once, whatever goes wrong."""
    provider.endpoints.play(GENERATIONS, story)
    with pytest.raises(ProviderError):
        await client.images.generate(FOX)
    assert len(provider.endpoints.orders) == 1
    assert waits.seconds == []


async def test_picture_is_asked_for_again_where_nobody_was_reached(transport: Transport, waits: Waits) -> None:
    """What was never sent may be tried again, as answers are."""
    async with ScriptedProvider() as gone:
        base_url = gone.base_url
    assert await fault_of(OpenAIClient(endpoint(transport, base_url)).images.generate(FOX)) is ProviderFault.NETWORK
    assert waits.seconds == [0.5, 1.0]


async def test_refused_key_gives_way_to_the_next(provider: ScriptedProvider, transport: Transport) -> None:
    """A request that was refused for its key bought nothing; one that was busy may have, whatever keys are left."""
    two = OpenAIClient(endpoint(transport, provider.base_url, "sk-wrong-key", "sk-right-key"))
    assert (await two.images.generate(FOX)).pictures
    assert len(provider.endpoints.orders) == 1
    provider.endpoints.play(GENERATIONS, refusal(503, "overloaded"))
    assert await fault_of(two.images.generate(FOX)) is ProviderFault.BUSY
    assert len(provider.endpoints.orders) == 2


async def test_closed_stream_closes_the_connection(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """Who no longer wants a picture ends the provider's work on it."""
    provider.endpoints.quirks.hang_at = 1
    async with aclosing(client.images.stream(FOX)) as events:
        assert isinstance(await anext(events), PartialPicture)
    await provider.endpoints.orders[0].disconnected.wait()


async def test_cancelled_wish_closes_the_connection(provider: ScriptedProvider, client: OpenAIClient) -> None:
    """A picture that comes in one piece can be given up as well."""
    provider.endpoints.quirks.hang_at = 0
    drawing = asyncio.create_task(client.images.generate(FOX))
    order = await provider.endpoints.wait_for_order()
    drawing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drawing
    await order.disconnected.wait()


async def test_picture_may_take_longer_than_a_first_word(provider: ScriptedProvider) -> None:
    """The time-out of answers does not cut off a picture, which comes in one piece and is paid for."""
    provider.endpoints.quirks.hang_at = 0
    timeouts = Timeouts(first_byte_seconds=0.05, total_seconds=0.5)
    async with Transport(timeouts=timeouts) as transport:
        client = OpenAIClient(endpoint(transport, provider.base_url, "sk-right-key"))
        started = asyncio.get_running_loop().time()
        assert await fault_of(client.images.generate(FOX)) is ProviderFault.TIMEOUT
        assert asyncio.get_running_loop().time() - started >= 0.45
