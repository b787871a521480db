"""A summary ends, whatever the model does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import utc_now
from bot.errors import Refusal
from bot.providers.chat.chat_completions import ChatCompletions
from bot.providers.prices import Prices
from bot.runs.metering import Meter
from bot.runs.pseudonyms import Pseudonyms
from bot.store.database import Database
from bot.store.migrate import migrate
from bot.summaries import TOO_SLOW, Summaries
from bot.usage.subject import Asked
from sandbox.provider import ScriptedProvider
from sandbox.stories import Story

ASKED = Asked(user_id=1, guild_id=1, place_id=1)


@pytest.fixture
async def summaries(completions: ChatCompletions, tmp_path: Path) -> AsyncIterator[Summaries]:
    """Summaries that are soon too slow, of a model whose tokens are words."""

    def count(text: str) -> int:
        return len(text.split())

    url = f"sqlite:///{tmp_path}/parley.db"
    await migrate(url)
    async with Database.open(url) as database:
        yield Summaries(
            database,
            completions,
            Meter(Prices((), utc_now), count_tokens=count),
            Pseudonyms("secret"),
            parameters={},
            window_tokens=8192,
            max_output_tokens=100,
            count_tokens=count,
            clock=utc_now,
            timeout_seconds=0.5,
        )


async def test_model_that_does_not_answer_is_left(summaries: Summaries, provider: ScriptedProvider) -> None:
    """Its connection is closed, and whoever asked is told what to do."""
    provider.play(Story(hang_at=1))
    with pytest.raises(Refusal, match=TOO_SLOW):
        await summaries.write(["(from Ada) hi"], model="scripted", asked=ASKED)
    await provider.requests[0].disconnected.wait()


async def test_model_that_never_ends_is_left(summaries: Summaries, provider: ScriptedProvider) -> None:
    """What it says without end is thrown away."""
    provider.play(Story(token_count=10, tokens_per_second=100.0, is_endless=True))
    with pytest.raises(Refusal, match=TOO_SLOW):
        await summaries.write(["(from Ada) hi"], model="scripted", asked=ASKED)


async def test_summary_that_is_cut_by_length_shows_it(summaries: Summaries, provider: ScriptedProvider) -> None:
    """Half a sentence does not pose as a whole one."""
    provider.play(Story(text="They meet on", finish_reason="length"))
    assert (await summaries.write(["(from Ada) hi"], model="scripted", asked=ASKED)).text == "They meet on…"
