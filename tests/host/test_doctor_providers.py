"""What the doctor says about each way to configure a provider wrongly, and about several providers."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.doctor import Report, examine_providers
from sandbox.provider import MODEL, ScriptedProvider
from sandbox.stories import STORIES, Story, refusal
from tests.scenarios.given import GivenSettings
from tests.tools.certificate import ends

Examine = Callable[..., Awaitable[dict[str, str]]]

# What of its stream gives another API away, and how it is called.
STRANGERS = {
    "responses": '{"type": "response.created", "response": {"id": "resp_1"}}',
    "assistants": '{"id": "run_1", "object": "thread.run", "status": "queued"}',
}


@pytest.fixture
async def provider() -> AsyncIterator[ScriptedProvider]:
    """A model provider that takes any key."""
    async with ScriptedProvider() as scripted:
        yield scripted


@pytest.fixture
def examine(provider: ScriptedProvider, tmp_path: Path) -> Examine:
    """What the doctor says of providers, by the names of its checks."""

    async def run(toml: str = "", **changes: object) -> dict[str, str]:
        file = tmp_path / "providers.toml"
        file.write_text(toml, encoding="utf-8")
        given: dict[str, object] = {
            "discord_token": "x",
            "provider_base_url": provider.base_url,
            "provider_model": MODEL,
            "providers_file": str(file),
        }
        out = io.StringIO()
        await examine_providers(GivenSettings.model_validate(given | changes), Report(out))
        lines = [line.partition(": ") for line in out.getvalue().splitlines()]
        return {name[2:]: f"{name[0]} {sentence}" for name, _, sentence in lines}

    return run


def answers(status: int, body: str, content_type: str = "text/html", **headers: str) -> web.Application:
    """A server that answers everything with this."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type=content_type, headers=headers)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    return application


async def test_path_without_version_is_recognised(examine: Examine, provider: ScriptedProvider) -> None:
    """Where nothing is found at all, /v1 is what is missing."""
    lines = await examine(provider_base_url=provider.base_url.removesuffix("/v1"))
    assert lines["answer"].startswith("✗ PROVIDER_BASE_URL probably needs /v1 at its end: nothing is there")


async def test_path_of_an_endpoint_is_recognised(examine: Examine, provider: ScriptedProvider) -> None:
    """The whole address of an example was copied."""
    lines = await examine(provider_base_url=f"{provider.base_url}/chat/completions")
    assert lines["answer"].startswith("✗ PROVIDER_BASE_URL must end before /chat/completions")


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (301, "", {"Location": "https://provider.test/"}),
        (308, "<html>moved</html>", {"Location": "https://provider.test/"}),
        (400, "<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>", {}),
        (400, "Client sent an HTTP request to an HTTPS server.\n", {}),
    ],
)
async def test_http_for_https_is_recognised(examine: Examine, status: int, body: str, headers: dict[str, str]) -> None:
    """By a redirect, or by what common servers say."""
    async with TestServer(answers(status, body, **headers)) as server:
        lines = await examine(provider_base_url=str(server.make_url("/v1")))
    assert lines["answer"].startswith("✗ PROVIDER_BASE_URL must begin with https://")


async def test_https_for_http_is_recognised(examine: Examine, provider: ScriptedProvider) -> None:
    """A local server speaks no TLS."""
    lines = await examine(provider_base_url=provider.base_url.replace("http://", "https://"))
    assert "PROVIDER_BASE_URL must begin with http://, because the server there speaks no TLS" in lines["provider"]


async def test_question_at_threads_and_runs_leaves_nothing(examine: Examine, provider: ScriptedProvider) -> None:
    """Its run, of which only the beginning is read, is ended, and its thread deleted."""
    provider.play(Story(pieces=("Hello", " and so on."), hang_at=5))
    lines = await examine(provider_api="assistants")
    assert lines["answer"].startswith("✓ the model began to speak after ")
    assert [len(provider.runs.sent("POST", end)) for end in ("/threads", "/runs", "/cancel")] == [1, 1, 1]
    assert provider.runs.threads == {}


async def test_server_that_wants_tls_is_no_riddle(examine: Examine, tmp_path: Path) -> None:
    """One that just hangs up is told with its address."""
    server_tls, _ = ends("localhost", tmp_path)
    server = TestServer(answers(200, "{}"), scheme="https")
    await server.start_server(ssl=server_tls)
    try:
        address = str(server.make_url("/v1")).replace("https://", "http://")
        lines = await examine(provider_base_url=address)
    finally:
        await server.close()
    assert lines["provider"].startswith(f"✗ {address} does not answer: check PROVIDER_BASE_URL, whether it begins")


@pytest.mark.parametrize(("key", "owner"), [("sk-ant-x", "Anthropic"), ("AIzaxyz", "Google"), ("gsk_x", "Groq")])
async def test_key_of_another_provider_is_recognised(
    examine: Examine, provider: ScriptedProvider, key: str, owner: str
) -> None:
    """By how it begins; the key itself is not shown."""
    provider.default = refusal(401, "invalid_api_key")
    lines = await examine(provider_api_key=key)
    assert lines["key"].startswith(f"✗ PROVIDER_API_KEY is a key of {owner}: put one of this provider there")
    assert key not in "".join(lines.values())


async def test_login_page_is_recognised(examine: Examine) -> None:
    """A Wi-Fi or a company wants to be signed in to first."""
    page = "<!doctype html><title>Please sign in</title>"
    async with TestServer(answers(200, page)) as server:
        lines = await examine(provider_base_url=str(server.make_url("/v1")))
    assert lines["answer"].startswith(
        "✗ check PROVIDER_BASE_URL: what answers there is a web page and no API (the provider says: "
    )


async def test_model_that_disappeared_is_named_with_those_like_it(examine: Examine, provider: ScriptedProvider) -> None:
    """The list tells what may be meant."""
    provider.models, provider.default = ("scripted-2",), refusal(404, "model_not_found")
    lines = await examine()
    assert lines["model"].startswith("✗ PROVIDER_MODEL: the provider does not list scripted: did you mean scripted-2?")


async def test_error_in_a_200_is_read(examine: Examine, provider: ScriptedProvider) -> None:
    """The status says that all is well, and the body that nothing is."""
    provider.default = replace(STORIES["quota"], status=200)
    lines = await examine()
    assert lines["answer"].startswith("✗ top up the account that PROVIDER_API_KEY belongs to")


async def test_stream_without_a_word_ends(examine: Examine, provider: ScriptedProvider) -> None:
    """It is given the time that a first word may take and a pause may last, and no more."""
    provider.default = Story(raw=('{"choices": []}',), is_endless=True, tokens_per_second=100.0, sends_done=False)
    lines = await examine(provider_first_byte_timeout_seconds=0.3, provider_idle_timeout_seconds=0.3)
    assert lines["answer"].startswith("✗ try again when the model is loaded, or raise PROVIDER_FIRST_BYTE_TIMEOUT")


async def test_endless_answer_is_not_waited_for(examine: Examine, provider: ScriptedProvider) -> None:
    """Its first word is enough."""
    provider.default = STORIES["endless"]
    assert (await examine())["answer"].startswith("✓ the model began to speak")


@pytest.mark.parametrize("api", STRANGERS)
async def test_stream_of_another_api_is_recognised(examine: Examine, provider: ScriptedProvider, api: str) -> None:
    """The sentence says which to set, and where."""
    provider.default = Story(raw=(STRANGERS[api],), sends_done=False)
    lines = await examine()
    assert lines["answer"].startswith(f"✗ set PROVIDER_API to {api}: that is what the provider speaks")
    toml = f'[providers.relay]\nbase_url = "{provider.base_url}"\nmodels = ["x"]\n'
    lines = await examine(toml)
    assert lines["provider relay/x"].startswith(f"✗ set api of [providers.relay] to {api}:")


@pytest.mark.parametrize("api", ["responses", "assistants"])
async def test_api_that_is_not_offered_is_recognised(examine: Examine, api: str) -> None:
    """Relays answer 404 or 501 to what only OpenAI has."""
    application = answers(501, '{"error": {"message": "not implemented", "code": "api_not_implemented"}}')
    async with TestServer(application) as relay:
        lines = await examine(provider_base_url=str(relay.make_url("/v1")), provider_api=api)
    assert lines["answer"].startswith(f"✗ the server does not offer {api}: set PROVIDER_API to chat_completions")


async def test_every_provider_has_a_line(examine: Examine, provider: ScriptedProvider) -> None:
    """The chosen one four, every other one, with each model that stands in for another; few tokens are asked for."""
    async with ScriptedProvider(api_key="sk-relay") as relay:
        relay.models = ("vendor/x", "vendor/y")
        relay_toml = f'[providers.relay]\nbase_url = "{relay.base_url}"\nkeys = ["sk-relay"]\n'
        main = f'[providers.main]\nbase_url = "{provider.base_url}"\n'
        chain = 'fallbacks = {"*" = ["relay/vendor/x", "relay/vendor/z"]}\n'
        other = f'[providers.other]\nbase_url = "{provider.base_url}"\n'
        lines = await examine(main + chain + relay_toml + other, provider_base_url=None, provider_model=f"main/{MODEL}")
    assert list(lines) == [
        "provider",
        "key",
        "model",
        "answer",
        "provider relay/vendor/x",
        "provider relay/vendor/z",
        "provider other",
    ]
    assert lines["provider relay/vendor/x"].startswith(f"✓ {relay.base_url} answers and begins to speak after")
    assert lines["provider relay/vendor/z"] == (
        "! the provider does not list vendor/z, but answers to that name: did you mean vendor/y or vendor/x?"
    )
    assert lines["provider other"] == f"✓ {provider.base_url} answers"
    assert [json.dumps(request.body["max_tokens"]) for request in relay.requests] == ["16", "16"]


async def test_model_that_checks_is_asked_to(examine: Examine, provider: ScriptedProvider) -> None:
    """A moderation model that checks nothing is told before people wait for it; one that is not set is not asked."""
    toml = f'[providers.relay]\nbase_url = "{provider.base_url}"\n'
    lines = await examine(toml, moderation_model="relay/judge")
    assert lines["moderation"] == "✓ relay/judge checks what it is given"
    provider.endpoints.play("/moderations", refusal(404, "no such model"))
    lines = await examine(toml, moderation_model="relay/judge")
    assert lines["moderation"].startswith("✗ MODERATION_MODEL: relay/judge does not check anything, so questions ")
    assert "moderation" not in await examine(toml)


async def test_mistakes_in_the_file_are_named(examine: Examine) -> None:
    """With them the bot does not start."""
    lines = await examine("[providers.relay]\nbas_url = 'x'\n")
    assert lines["provider"].startswith("✗ ")
    assert "did you mean base_url?" in lines["provider"] or "needs base_url" in lines["provider"]
