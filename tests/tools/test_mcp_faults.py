"""MCP servers that fail in every way: a sentence for who asked, a line for the host, a fresh start, nothing left."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.mcp.configuration import ServerConfiguration
from bot.tools.model import Outcome
from tests.tools.mcp_bench import BRIEF, is_alive, over_stdio, over_web, plain, running, web_server
from tests.tools.people import ASKER, called, said

GONE = "The server shop went away in the middle of this. Nobody knows whether it was done."


async def test_server_that_dies_comes_back() -> None:
    """Its tools are gone while it is away, the call in between gets a sentence, and then they are there again."""
    async with running(over_stdio()) as bench:
        await bench.until_up()
        died = await called(bench.toolbox, "shop_die")
        assert (died.outcome, died.text) == (Outcome.REFUSED, GONE)
        await bench.until(lambda: not bench.status.is_up)
        assert await bench.toolbox.offered(ASKER) == ()
        assert await said(bench.toolbox, "shop_add") == "There is no tool named shop_add. These exist: none."
        await bench.until_up()
        assert await said(bench.toolbox, "shop_add", '{"a": 2, "b": 3}') == "5"


async def test_server_that_dies_as_the_bot_stops_is_not_started_again() -> None:
    """The wish to stop is not lost among the ends of a connection."""
    async with asyncio.timeout(20), running(over_stdio()) as bench:
        await bench.until_up()
        await called(bench.toolbox, "shop_die")


async def test_call_that_takes_too_long_ends_alone() -> None:
    """A call that is not answered is stopped, and the server, which answers otherwise, stays."""
    async with running(over_stdio(timeout_seconds=0.3)) as bench:
        await bench.until_up()
        waited = await called(bench.toolbox, "shop_wait")
        assert (waited.outcome, waited.text) == (
            Outcome.TIMED_OUT,
            "shop_wait took longer than 0.3 seconds and was stopped.",
        )
        assert await said(bench.toolbox, "shop_add", '{"a": 2, "b": 3}') == "5"
        assert bench.status.is_up


async def test_server_that_hangs_is_started_again(caplog: pytest.LogCaptureFixture) -> None:
    """One that answers nothing at all any more is ended and started anew."""
    async with running(over_stdio(timeout_seconds=0.3)) as bench:
        await bench.until_up()
        assert (await called(bench.toolbox, "shop_freeze")).outcome is Outcome.TIMED_OUT
        await bench.until(lambda: not bench.status.is_up)
        await bench.until_up()
    assert "The MCP server shop is away. It does not answer in time." in caplog.text


@pytest.mark.parametrize(
    ("server", "error"),
    [
        (plain("mute"), "It does not answer in time."),
        (plain("exits"), "Its process ended."),
        (plain("noise"), "It writes to its standard output what is not MCP."),
        (plain("no-end"), "Its list of tools does not end."),
        (over_stdio(command=["/nowhere/server"]), "Its command cannot be started: No such file or directory."),
        (over_web("http://127.0.0.1:9/mcp"), "It cannot be reached."),
    ],
    ids=["mute", "exits", "noise", "no-end", "no-command", "no-host"],
)
async def test_server_that_cannot_be_had_is_explained(server: ServerConfiguration, error: str) -> None:
    """Moderators see a sentence, the bot goes on, and another attempt is made."""
    async with running(server, patience=replace(BRIEF, start_seconds=3.0)) as bench:
        await bench.until(lambda: bench.status.error == error)
        assert (bench.status.is_up, bench.status.tool_count) == (False, 0)


async def test_half_a_character_does_not_end_the_connection() -> None:
    """No JSON in UTF-8 can say it: the call is refused, where everybody's connection would break over it."""
    async with running(plain()) as bench:
        await bench.until_up()
        half = await called(bench.toolbox, "shop_echo", '{"text": "\\ud800"}')
        assert (half.outcome, half.text[:38]) == (Outcome.REFUSED, "The arguments hold a number that is no")
        assert await said(bench.toolbox, "shop_echo", '{"text": "whole"}') == "whole"


async def test_stray_output_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    """Lines that are no messages are left out, and a full standard error stops nobody; no log says what they held."""
    async with running(plain("rubbish", "stderr")) as bench:
        await bench.until_up()
        assert await said(bench.toolbox, "shop_echo", '{"text": "hi"}') == "hi"
    assert caplog.text.count("writes to its standard output what is not MCP") == 1
    assert "debug" not in caplog.text
    assert "secret" not in caplog.text


async def test_endless_line_ends_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    """What is larger than the bot wants to hold in memory is not read, and the server is started anew."""
    async with running(plain("long")) as bench:
        await bench.until_up()
        assert await said(bench.toolbox, "shop_echo") == GONE
        await bench.until(lambda: not bench.status.is_up)
        await bench.until_up()
    assert "It sent more than 32 MB at once." in caplog.text


async def test_wishes_of_a_server_are_declined() -> None:
    """A server gets no model, no person's answers and no folders of the bot's."""
    async with running(plain("asks")) as bench:
        await bench.until_up()
        assert await said(bench.toolbox, "shop_echo") == "mine-0 True, mine-1 True, mine-2 True"


async def test_answer_that_is_no_result_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """The model is told in a sentence, and the log says of which tool."""
    async with running(plain("no-result")) as bench:
        await bench.until_up()
        assert await said(bench.toolbox, "shop_echo") == "The server shop answered with something that is not a result."
    assert "The MCP server shop gave what is no result of echo." in caplog.text


async def test_stop_leaves_no_process_behind() -> None:
    """A server that hears neither the end of its input nor a signal is killed with what it has started."""
    async with running(plain("stubborn")) as bench:
        await bench.until_up()
        child = int((await bench.toolbox.offered(ASKER))[0].description)
        assert is_alive(child)
    await bench.until(lambda: not is_alive(child))


async def test_web_server_that_dies_comes_back() -> None:
    """Over HTTP too the tools go and return; here at once, because a call finds out."""
    async with web_server() as url, running(over_web(url)) as bench:
        await bench.until_up()
        assert await said(bench.toolbox, "shop_add", '{"a": 2, "b": 3}') == "5"
        assert await said(bench.toolbox, "shop_die") == GONE
        await bench.until(lambda: bench.status.error == "It cannot be reached.")
        assert await bench.toolbox.offered(ASKER) == ()
