"""Several providers over sockets: who answers, and what the others got."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from bot.errors import ProviderError, ProviderFault
from bot.providers.configuration import ProviderConfiguration
from bot.providers.events import Event, Finished, Routed, Started, TextDelta, ToolCallDone
from bot.providers.fallback import REST_SECONDS
from bot.providers.parameters import Api
from bot.providers.registry import Providers, opened
from sandbox.provider import ScriptedProvider
from sandbox.stories import STORIES, Story, refusal
from tests.providers.asking import question, text_of
from tests.providers.remote import ASKS, Talk, said

HELLO, HERE = Story().answer(), "Here I am."
WHO = ("openai", "relay", "local")


@dataclass(slots=True, kw_only=True)
class Chain:
    """Three providers, of which the later stand in for the first, and a clock that a test moves."""

    providers: Providers
    openai: ScriptedProvider
    relay: ScriptedProvider
    local: ScriptedProvider
    seconds: list[float]

    async def ask(self, model: str = "openai/gpt", seen: list[Event] | None = None) -> list[Event]:
        """All events of an answer; `seen` has them even if it breaks."""
        seen = [] if seen is None else seen
        async with aclosing(self.providers.stream(question(model=model))) as events:
            async for event in events:
                seen.append(event)
        return seen

    @property
    def asked(self) -> tuple[int, ...]:
        """How many requests each got."""
        return tuple(len(provider.requests) for provider in (self.openai, self.relay, self.local))


@pytest.fixture
async def chained() -> AsyncIterator[Chain]:
    """`openai`, for whose models `relay` and then `local` stand in."""
    seconds = [0.0]
    async with AsyncExitStack() as stack:
        scripted = [await stack.enter_async_context(ScriptedProvider(default=Story(text=HERE))) for _ in WHO]
        scripted[0].default = Story()
        configurations = [
            ProviderConfiguration(name=name, base_url=provider.base_url, max_retries=0)
            for name, provider in zip(WHO, scripted, strict=True)
        ]
        configurations[0] = configurations[0].model_copy(
            update={"fallbacks": {"gpt*": ("relay/vendor/x", "local/llama")}}
        )
        providers = await stack.enter_async_context(
            opened(configurations, answer_timeout_seconds=20, now=lambda: seconds[0])
        )
        yield Chain(
            providers=providers, openai=scripted[0], relay=scripted[1], local=scripted[2], seconds=seconds
        )  # fmt: skip


def routes(events: list[Event]) -> list[Routed]:
    """Who was said to answer."""
    return [event for event in events if isinstance(event, Routed)]


async def test_first_answers_while_it_can(chained: Chain) -> None:
    """The others are not asked."""
    events = await chained.ask()
    assert (events[0], text_of(events), chained.asked) == (Routed("openai", "gpt"), HELLO, (1, 0, 0))


@pytest.mark.parametrize(
    ("story", "because"),
    [
        (STORIES["busy"], "was overloaded"),
        (STORIES["limited"], "was getting too many requests"),
        (Story(refuses_connection=True), "could not be reached"),
        (refusal(408, ""), "took too long to answer"),
        (Story(error_at=0), "was overloaded"),
    ],
)
async def test_next_answers_where_the_first_cannot(chained: Chain, story: Story, because: str) -> None:
    """With what it calls the model, and with nothing of the one that failed but that it was asked."""
    chained.openai.default = story
    events = await chained.ask()
    assert routes(events) == [Routed("openai", "gpt"), Routed("relay", "vendor/x", "openai/gpt", because)]
    assert [type(event) for event in events[:3]] == [Routed, Routed, Started]
    assert text_of(events) == HERE
    assert chained.relay.requests[0].body["model"] == "vendor/x"


async def test_last_of_the_chain_answers(chained: Chain) -> None:
    """Each is asked once; the remark is about the model that was chosen."""
    chained.openai.default, chained.relay.default = STORIES["busy"], STORIES["limited"]
    events = await chained.ask()
    assert routes(events)[-1] == Routed("local", "llama", "openai/gpt", "was overloaded")
    assert (text_of(events), chained.asked) == (HERE, (1, 1, 1))


async def test_last_failure_is_told_where_all_fail(chained: Chain, caplog: pytest.LogCaptureFixture) -> None:
    """The log names each."""
    for provider in (chained.openai, chained.relay, chained.local):
        provider.default = STORIES["busy"]
    with caplog.at_level(logging.WARNING), pytest.raises(ProviderError) as caught:
        await chained.ask()
    assert caught.value.fault is ProviderFault.BUSY
    assert [record.getMessage() for record in caplog.records] == [
        "provider: openai/gpt was overloaded (503), so the next is asked",
        "provider: relay/vendor/x was overloaded (503), so the next is asked",
    ]


@pytest.mark.parametrize(
    "story",
    [
        STORIES["quota"],
        STORIES["moderated"],
        STORIES["too-long"],
        refusal(401, "invalid_api_key"),
        refusal(404, "model_not_found"),
        STORIES["html"],
    ],
)
async def test_others_do_not_answer_what_is_refused(chained: Chain, story: Story) -> None:
    """A key, the credit, moderation or the question itself: another provider would be the wrong answer to it."""
    chained.openai.default = story
    with pytest.raises(ProviderError):
        await chained.ask()
    assert chained.asked == (1, 0, 0)


@pytest.mark.parametrize("story", [Story(error_at=1), Story(cut_at=1), Story(reasoning=("Hm.",), error_at=1)])
async def test_others_do_not_answer_once_something_was_shown(chained: Chain, story: Story) -> None:
    """Two halves of two models are no answer."""
    chained.openai.default, seen = story, list[Event]()
    with pytest.raises(ProviderError):
        await chained.ask(seen=seen)
    assert isinstance(seen[-1], TextDelta) or story.reasoning
    assert chained.asked == (1, 0, 0)


async def test_failed_model_is_spared_for_a_while(chained: Chain) -> None:
    """The next questions do not wait for the same failure, then the first is asked again."""
    chained.openai.play(STORIES["busy"])
    await chained.ask()
    events = await chained.ask()
    assert events[0] == Routed("relay", "vendor/x", "openai/gpt", "was overloaded")
    assert chained.asked == (1, 2, 0)
    chained.seconds[0] = REST_SECONDS
    assert text_of(await chained.ask()) == HELLO


async def test_other_models_have_no_fallback(chained: Chain) -> None:
    """A chain is of the models that it names."""
    chained.openai.default = STORIES["busy"]
    with pytest.raises(ProviderError):
        await chained.ask("openai/o3")
    assert chained.asked == (1, 0, 0)


async def test_whole_answer_without_words_is_an_answer(chained: Chain) -> None:
    """A model may have nothing to say."""
    chained.openai.default = STORIES["empty"]
    events = await chained.ask()
    assert isinstance(events[-1], Finished)
    assert chained.asked == (1, 0, 0)


async def test_outputs_go_to_nobody_else(provider: ScriptedProvider) -> None:
    """A run that a provider keeps and that waits for its tools is theirs, even if they cannot take the outputs now."""
    provider.play(ASKS, *[refusal(503, "overloaded")] * 9)
    async with ScriptedProvider() as relay, AsyncExitStack() as stack:
        runs = ProviderConfiguration(
            name="scripted",
            base_url=provider.base_url,
            api=Api.ASSISTANTS,
            keys=(SecretStr("sk-right-key"),),
            fallbacks={"*": ("relay/x",)},
        )
        others = ProviderConfiguration(name="relay", base_url=relay.base_url)
        providers = await stack.enter_async_context(opened((runs, others), answer_timeout_seconds=60))
        talk = Talk()
        talk.ask("Roll two dice.")
        first = await talk.answer(providers)
        assert sum(isinstance(event, ToolCallDone) for event in first) == 2
        talk.give("5", "2")
        with pytest.raises(ProviderError):
            await talk.answer(providers)
        assert relay.requests == []
        assert provider.runs.submissions


def on_runs(name: str, provider: ScriptedProvider, *fallbacks: str) -> ProviderConfiguration:
    """A provider of threads and runs for whose model `scripted` others stand in."""
    return ProviderConfiguration(
        name=name,
        base_url=provider.base_url,
        api=Api.ASSISTANTS,
        keys=(SecretStr("sk-right-key"),),
        max_retries=0,
        fallbacks={"scripted": fallbacks} if fallbacks else {},
    )


async def test_other_model_of_a_provider_leaves_nothing_of_the_first(provider: ScriptedProvider) -> None:
    """It answers in a thread of its own, where the next question goes on; that of the run that failed is gone."""
    provider.play(*[refusal(503, "overloaded")] * 3)
    async with opened([on_runs("scripted", provider, "scripted/spare")], answer_timeout_seconds=60) as providers:
        talk = Talk()
        talk.ask("Roll!")
        assert text_of(await talk.answer(providers)) == HELLO
        talk.ask("Again!")
        await talk.answer(providers)
    assert [run.body["model"] for run in provider.runs.runs] == ["spare", "spare"]
    assert [*provider.runs.threads] == [talk.thread_id]
    assert [role for role, _ in said(provider.runs, talk.thread_id)] == ["user", "assistant"] * 2


async def test_run_of_who_stands_in_gets_its_outputs(provider: ScriptedProvider) -> None:
    """Not the one who failed, though that keeps a thread for the same answer; which is no part of its thread later."""
    provider.play(*[refusal(503, "overloaded")] * 3)
    async with ScriptedProvider(api_key="sk-right-key") as other:
        other.play(ASKS, Story(text=HERE))
        both = [on_runs("scripted", provider, "other/scripted"), on_runs("other", other)]
        async with opened(both, answer_timeout_seconds=60) as providers:
            talk = Talk()
            talk.ask("Roll two dice.")
            await talk.answer(providers)
            talk.give("5", "2")
            assert text_of(await talk.answer(providers)) == HERE
        assert len(other.runs.submissions) == 1
        assert provider.runs.runs == []
    async with opened([both[0]], answer_timeout_seconds=60) as providers:
        talk.ask("Again!")
        await talk.answer(providers)
    assert HERE in [words for _, words in said(provider.runs, talk.thread_id)]
