"""What it costs to read a provider's stream.

*Decoding*: the bytes of one long answer, as the sandbox's provider writes them, lie in memory, one piece for each
event, as they come over a network.  Our decoder is fed piece by piece; the official `openai` package gets the same
pieces from a transport of its own HTTP library, in the same process and without a network, and is iterated over with
its synchronous client, which does less than its asynchronous one.  Both make all of their events, and the text in them
is compared with what was written.  Only reading is timed, in CPU time of the process, by turns; the median counts.

*First token*: the scripted provider answers over loopback, in the same process.  A bare aiohttp session makes the same
requests and reads up to the first bytes with a word in them; our adapter, and our adapter behind routing and the
provider's line, are asked for the first `TextDelta`.  Each reads on to the end, so that all of them use a connection
again.  They are asked in a new order each round, after a pause, because a process that was busy is the one that the
system makes wait.  What is added is the median of the differences, round by round; for routing and the line it is the
CPU time of a whole request of twenty tokens, because it is too little to be seen beside the noise of a clock.
"""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from importlib.util import find_spec
from statistics import median
from typing import NamedTuple

import aiohttp

from bench.formats import FORMATS, QUESTION, Format
from bot.messages import ChatMessage, ProviderRequest, Role
from bot.providers.configuration import ProviderConfiguration
from bot.providers.events import Event, TextDelta
from bot.providers.parameters import Api
from bot.providers.registry import opened
from sandbox.provider import MODEL, ScriptedProvider
from sandbox.stories import Story

LONG = Story(token_count=1_000)
SHORT = Story(token_count=20)
FIRST_WORD = f'"{SHORT.words()[0]}"'.encode()
REQUEST = ProviderRequest(model=MODEL, messages=(ChatMessage(role=Role.USER, content=QUESTION),))
ROUNDS = 15
QUESTIONS = 100
PAUSE_SECONDS = 0.01
TARGET_SHARE = 0.5
TARGET_FIRST_TOKEN_MS = 2
HAS_OFFICIAL = find_spec("openai") is not None
NOT_INSTALLED = "The openai package is not installed, so nothing is compared: pip install 'parley[bench]'."


async def measure_providers(rounds: int = ROUNDS, questions: int = QUESTIONS) -> str:
    """Tables of times, in Markdown."""
    decoding = [decoding_row(api, await recorded(each), rounds) for api, each in FORMATS.items()]
    first = [await first_token_row(api, each, questions) for api, each in FORMATS.items()]
    head = ("Decoding, CPU per event, median, µs", "Parley", official_name(), f"Share ({TARGET_SHARE:.0%})")
    times = (
        "First token over loopback, median, ms",
        "Bare aiohttp",
        "Our adapter",
        f"It adds ({TARGET_FIRST_TOKEN_MS})",
        "Routing and the line add, CPU, µs",
    )
    missing = () if HAS_OFFICIAL else (NOT_INSTALLED,)
    return "\n\n".join((table(head, decoding), *missing, table(times, first)))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows below a head, in Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def official_name() -> str:
    """The package that is compared with, and its version."""
    if not HAS_OFFICIAL:
        return "openai"
    from bench.official import NAME

    return NAME


async def recorded(format: Format) -> Sequence[bytes]:
    """The long answer as the scripted provider writes it, event by event."""
    async with (
        ScriptedProvider(default=LONG) as provider,
        aiohttp.ClientSession() as session,
        format.asked(session, provider.base_url) as content,
    ):
        body = await content.read()
    return [event + b"\n\n" for event in body.split(b"\n\n") if event]


def decoding_row(api: Api, pieces: Sequence[bytes], rounds: int) -> Sequence[str]:
    """What an event costs us, what it costs the official package, and our share of that."""
    title = FORMATS[api].title
    if not HAS_OFFICIAL:
        ours = median(our_seconds(api, pieces) for _ in range(rounds))
        return title, microseconds(ours / len(pieces)), "-", "-"
    both = [(our_seconds(api, pieces), official_seconds(api, pieces)) for _ in range(rounds)]
    ours, theirs = (median(times) for times in zip(*both, strict=True))
    return title, microseconds(ours / len(pieces)), microseconds(theirs / len(pieces)), f"{ours / theirs:.0%}"


def our_seconds(api: Api, pieces: Sequence[bytes]) -> float:
    """The CPU time in which our decoder reads these pieces."""
    decoder = FORMATS[api].decoder()

    def read() -> str:
        events = [event for piece in pieces for event in decoder.feed(piece)]
        return "".join(event.text for event in (*events, *decoder.close()) if isinstance(event, TextDelta))

    return cpu_seconds(read)


def official_seconds(api: Api, pieces: Sequence[bytes]) -> float:
    """The CPU time in which the official package reads them."""
    from bench import official

    events = official.opened(api, pieces)
    return cpu_seconds(lambda: official.said(events))


def cpu_seconds(read: Callable[[], str]) -> float:
    """The CPU time of reading the long answer.  Raises: AssertionError if something else was read."""
    gc.collect()
    began = time.process_time()
    text = read()
    taken = time.process_time() - began
    if text != LONG.answer():
        raise AssertionError("what was read is not what was written")
    return taken


async def first_token_row(api: Api, format: Format, questions: int) -> Sequence[str]:
    """How long the first token takes with a bare client, and what our parts add."""
    async with ScriptedProvider(default=SHORT) as provider, aiohttp.ClientSession() as session:
        given = {"name": "scripted", "base_url": provider.base_url, "api": api, **format.configured}
        configuration = ProviderConfiguration.model_validate(given)
        async with opened((configuration,), answer_timeout_seconds=60) as providers:
            adapter = providers.find(MODEL)[0].adapter
            ways: Sequence[Callable[[], Awaitable[float]]] = (
                lambda: bare_seconds(format, session, provider.base_url),
                lambda: stream_seconds(adapter.stream(REQUEST)),
                lambda: stream_seconds(providers.stream(REQUEST)),
            )
            await one_round(ways)  # makes connections, and imports what is imported late
            times = [await one_round(ways) for _ in range(questions)]
    waits = [(bare.wait, adapted.wait, adapted.wait - bare.wait) for bare, adapted, _ in times]
    added = median(routed.cpu - adapted.cpu for _, adapted, routed in times)
    cells = [f"{median(column) * 1000:.2f}" for column in zip(*waits, strict=True)]
    return format.title, *cells, f"{added * 1e6:.0f}"


class Taken(NamedTuple):
    """Seconds until the first token, and of CPU for the whole answer, the provider's part of it included."""

    wait: float
    cpu: float


async def one_round(ways: Sequence[Callable[[], Awaitable[float]]]) -> Sequence[Taken]:
    """What each way takes, in their order; they are tried in any."""
    taken = [Taken(0.0, 0.0)] * len(ways)
    for number in random.sample(range(len(ways)), len(ways)):
        await asyncio.sleep(PAUSE_SECONDS)
        began = time.process_time()
        taken[number] = Taken(await ways[number](), time.process_time() - began)
    return taken


async def bare_seconds(format: Format, session: aiohttp.ClientSession, base_url: str) -> float:
    """From the request to the first bytes with a word of the answer in them."""
    began, first_at = time.perf_counter(), 0.0
    async with format.asked(session, base_url) as content:
        async for piece in content.iter_any():
            if not first_at and FIRST_WORD in piece:
                first_at = time.perf_counter()
    return first_at - began


async def stream_seconds(stream: AsyncGenerator[Event, None]) -> float:
    """From the request to the first text of its answer."""
    began, first_at = time.perf_counter(), 0.0
    async with aclosing(stream) as events:
        async for event in events:
            if not first_at and isinstance(event, TextDelta):
                first_at = time.perf_counter()
    return first_at - began


def microseconds(seconds: float) -> str:
    """With one digit after the point."""
    return f"{seconds * 1e6:.1f}"
