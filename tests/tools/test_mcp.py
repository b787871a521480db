"""MCP servers as real processes: what they list becomes tools, and what they give reaches the model and people."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from mcp_types import CallToolResult, ImageContent

from bot.mcp.results import output_of
from bot.tools.model import Asker, File, Need, Outcome
from bot.tools.toolbox import Tool, Toolbox
from tests.tools.mcp_bench import BRIEF, over_stdio, over_web, plain, running, web_server
from tests.tools.mcp_server import PIXEL
from tests.tools.people import ASKER, called, said


def held(toolbox: Toolbox, name: str, guild_id: int | None = None) -> Tool:
    """A tool that is there."""
    tool = toolbox.find(name, guild_id)
    assert tool is not None
    return tool


async def test_server_gives_text_data_pictures_and_files() -> None:
    """The model gets texts and data; pictures and files go to people, and the model is told so."""
    async with running(over_stdio()) as bench:
        await bench.until_up()
        assert await said(bench.toolbox, "shop_add", '{"a": 2, "b": 3}') == "5"
        assert "170000" in await said(bench.toolbox, "shop_town")
        seen = await called(bench.toolbox, "shop_look_around_")
        assert seen.text == "Here it is:\n[file-1.png, of the type image/png: people see it in the channel.]"
        assert seen.files == (File(name="file-1.png", content=PIXEL),)
        papers = await called(bench.toolbox, "shop_papers")
        assert papers.text.splitlines()[0] == "Three pages."
        assert papers.text.splitlines()[-2:] == ["paper: memo://paper", '{"pages": 3}']
        assert papers.files == (File(name="file-1.pdf", content=b"PDF"),)
        failed = await called(bench.toolbox, "shop_fail")
        assert (failed.outcome, failed.text) == (Outcome.REFUSED, "Error executing tool fail")


def test_files_that_cannot_be_shown_are_named() -> None:
    """Neither what is broken nor what Discord would not take is handed on, and the model is told."""
    tiny, broken = (ImageContent(data=data, mime_type="image/png") for data in ("aGk=", "no base64!"))
    huge = ImageContent(data="AAAA" * (4 * 2**20), mime_type="image/png")
    output = output_of(CallToolResult(content=[broken, huge, *[tiny] * 11]))
    assert [file.name for file in output.files] == [f"file-{number}.png" for number in range(1, 11)]
    lines = output.text.splitlines()
    assert lines[0] == "[A file of the type image/png came broken.]"
    assert lines[1] == lines[-1] == "[A file of the type image/png is not shown: it is too large, or one of too many.]"


async def test_hints_say_what_waits_and_what_may_be_repeated() -> None:
    """Only what a server calls read-only goes on without a person, and only what it calls idempotent is repeated."""
    async with running(over_stdio()) as bench:
        await bench.until_up()
        traits = {name: held(bench.toolbox, f"shop_{name}") for name in ("add", "note", "fail")}
        assert {name: (tool.need, tool.is_idempotent) for name, tool in traits.items()} == {
            "add": (None, True),
            "note": (Need.APPROVAL, True),
            "fail": (Need.APPROVAL, False),
        }
        assert {(tool.group, tool.for_people, tool.for_model) for tool in traits.values()} == {("shop", False, True)}


@pytest.mark.parametrize(("approval", "need"), [("always", Need.APPROVAL), ("never", None)])
async def test_host_decides_over_approval(approval: str, need: Need | None) -> None:
    """Whatever the server says of itself, the host's word counts."""
    async with running(over_stdio(approval=approval)) as bench:
        await bench.until_up()
        assert {held(bench.toolbox, name).need for name in ("shop_add", "shop_fail")} == {need}


async def test_host_chooses_tools_and_guilds() -> None:
    """Only tools that match are there, and only in the servers of the list."""
    async with running(over_stdio(tools=["a*", "town"], guilds=[7, 8])) as bench:
        await bench.until_up()
        here = Asker(user_id=1, guild_id=8, channel_id=10, run_id=7, is_approved=True)
        assert [spec.name for spec in await bench.toolbox.offered(here)] == ["shop_add", "shop_ask", "shop_town"]
        assert await bench.toolbox.offered(ASKER) == ()
        assert bench.status.tool_count == 3


async def test_progress_reaches_the_caller() -> None:
    """What a server says on the way is passed on as one line."""
    heard: list[str] = []
    async with running(over_stdio()) as bench:
        await bench.until_up()
        result = await bench.toolbox.call("shop_walk", "{}", ASKER, heard.append)
    assert result.text == "arrived"
    assert heard == ["1 of 2", "almost there"]


async def test_large_result_is_cut_for_the_model() -> None:
    """Ten megabytes are a file for people and the beginning for the model, and the server goes on."""
    async with running(over_stdio()) as bench:
        await bench.until_up()
        written = await called(bench.toolbox, "shop_write", '{"size": 10000000}')
        assert "10,000,000 bytes" in written.text
        assert len(written.text) < 20_000
        assert [len(file.content) for file in written.files] == [10_000_000]
        assert await said(bench.toolbox, "shop_add", '{"a": 2, "b": 3}') == "5"


@pytest.mark.parametrize("kind", ["package", "plain", "web"])
async def test_list_that_changes_is_read_again(kind: str) -> None:
    """A server that says so, in the protocol's new way or its old one, has its new tools offered."""
    async with web_server() as url:
        server = {
            "package": over_stdio(),
            "plain": plain("changes"),
            "web": over_web(url),
        }[kind]
        async with running(server) as bench:
            await bench.until_up()
            await called(bench.toolbox, "shop_echo" if kind == "plain" else "shop_grow")
            await bench.until(lambda: bench.toolbox.find("shop_fresh", None))


async def test_list_that_changes_without_a_word_is_read_in_time() -> None:
    """A server that is idle is looked at now and then."""
    async with running(plain("changes", "silently"), patience=replace(BRIEF, check_seconds=0.2)) as bench:
        await bench.until_up()
        await called(bench.toolbox, "shop_echo")
        await bench.until(lambda: bench.toolbox.find("shop_fresh", None))


async def test_process_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server gets what the host gives it, and none of the bot's secrets."""
    monkeypatch.setenv("DISCORD_TOKEN", "the-bots-token")
    env = {"PYTHONPATH": over_stdio().env["PYTHONPATH"].get_secret_value(), "KEY": "the-servers-key"}
    async with running(over_stdio(env=env)) as bench:
        await bench.until_up()
        variables = await said(bench.toolbox, "shop_variables")
    assert "KEY=the-servers-key" in variables
    assert "the-bots-token" not in variables


async def test_names_are_safe_unique_and_steady() -> None:
    """Names that models cannot use are made safe; those that would then be one, or too long, get a fingerprint."""
    async with running(plain("odd")) as bench:
        await bench.until_up()
        offered = await bench.toolbox.offered(ASKER)
        names = [spec.name for spec in offered]
        assert [name[:9] for name in names] == ["shop_a_b_", "shop_a_b_", "shop_echo", "shop_nnnn"]
        assert len(set(names)) == 4
        assert all(re.fullmatch(r"[a-z0-9_-]+", name) for name in names)
        assert max(map(len, names)) == 64
        assert max(len(spec.description) for spec in offered) == 1024
        assert bench.status.error is not None
        assert bench.status.error.startswith("shop_broken is left out: This is not a JSON schema.")
