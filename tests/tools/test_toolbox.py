"""The toolbox: every call gives a text for the model, whatever the model wrote and whatever the tool did."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import one_line
from bot.tools.declare import tools_of
from bot.tools.model import Outcome
from bot.tools.toolbox import MAX_OUTPUT_BYTES, Toolbox
from cogs.clock import Clock
from cogs.dice import Dice
from tests.scenarios.errands import Errands
from tests.tools.people import ASKER, Known, called, said
from tests.tools.workbench import Workbench

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
WRONG = "The arguments are not right. "


def toolbox(workbench: Workbench | None = None) -> Toolbox:
    """The tools of the workbench, and those that come with the bot, with known dice and a known time."""
    box = Toolbox()
    box.meet(Known())
    box.fill("code", tools_of([workbench or Workbench(), Dice(lambda sides: sides - 1), Clock(lambda: NOW)]))
    return box


async def test_call_passes_what_the_model_wrote_and_the_defaults() -> None:
    """What is left out, or null where that is the same, is the function's own default; numbers may come as texts."""
    written = {"text": "hi", "pace": "slow", "count": "5", "share": None}
    assert await said(toolbox(), "measure", json.dumps(written)) == "hi slow 5 None False Ada"


async def test_call_knows_for_whom_it_is() -> None:
    """The tool sees who asked, where, and in which run."""
    assert await said(toolbox(), "whoami", "{}") == "100 None 10 7"


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("measure", '{"text": ', "The arguments are not JSON: Expecting value: line 1 column 10 (char 9)."),
        ("measure", "[" * 100_000, "The arguments are not JSON: maximum recursion depth exceeded"),
        ("measure", '"text"', "The arguments have to be one JSON object."),
        ("measure", "{}", WRONG + "text: Field required; pace: Field required."),
        ("roll", '{"sides": 1}', WRONG + "sides: Input should be greater than or equal to 2."),
        ("roll", '{"dice": 1}', WRONG + "dice: Unexpected keyword argument."),
        ("measure", '{"text": "x", "pace": "medium"}', WRONG + "pace: Input should be 'slow' or 'fast'."),
        ("write", '{"length": 1e400}', WRONG + "length: Input should be a finite number."),
        ("write", '{"length": 9007199254740993}', WRONG + "length: Input should be less than or equal to"),
        ("write", '{"length": 0}', "Done."),
        ("refuse", "{}", "Not on Sundays."),
        ("hang", "{}", "hang took longer than 0.05 seconds and was stopped."),
        ("quit", "{}", "quit failed, for a reason that only the host's log tells."),
        ("fail", "{}", "fail failed, for a reason that only the host's log tells."),
        ("x\ny" * 100, "{}", f"There is no tool named {one_line('x y' * 100, 64)}. These exist: fail, hang,"),
        ("roll", '{"sides": 6, "count": 3}', "3d6: 6 + 6 + 6 = 18"),
        ("roll", "{}", "1d6: 6"),
        ("time", "{}", "Thursday 2026-01-01 12:00:00+00:00 in UTC, <t:1767268800:F> where you are"),
        ("time", '{"zone": "Europe/Berlin"}', "Thursday 2026-01-01 13:00:00+01:00 in Europe/Berlin, <t:1767268800:F>"),
        ("time", '{"zone": "../../etc/passwd"}', "There is no time zone named ../../etc/passwd. Take a large city"),
        ("time", '{"zone": "Europe"}', "There is no time zone named Europe. Take a large city"),
        ("time", '{"zone": "Mars"}', "There is no time zone named Mars. Take a large city"),
    ],
)
async def test_call_says_what_came_of_it(name: str, arguments: str, told: str) -> None:
    """A short sentence that lets the model do better, or tell the person."""
    assert (await said(toolbox(), name, arguments)).startswith(told)


async def test_call_that_fails_is_logged_for_the_host(caplog: pytest.LogCaptureFixture) -> None:
    """The model learns no inner words; the log has the reason."""
    with caplog.at_level(logging.ERROR):
        assert "secret" not in await said(toolbox(), "fail", "{}")
    assert "with a secret in it" in caplog.text


async def test_output_has_a_limit() -> None:
    """What is longer is cut between characters, with a note, and never exceeds the limit."""
    box = toolbox()
    assert await said(box, "write", '{"length": 8000}') == "ž" * 8000
    cut = await called(box, "write", '{"length": 8001}')
    assert cut.text.endswith("ž\n[Cut here: the whole output has 16,002 bytes, and people see it as a file.]")
    assert MAX_OUTPUT_BYTES - 2 < len(cut.text.encode()) <= MAX_OUTPUT_BYTES
    assert [file.content.decode() for file in cut.files] == ["ž" * 8001]


async def test_call_can_be_cancelled() -> None:
    """A run that ends takes its calls with it."""
    workbench = Workbench()
    call = asyncio.create_task(said(toolbox(workbench), "wait", "{}"))
    await workbench.begun.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_only_an_idempotent_tool_may_be_called_again() -> None:
    """After a crash a die is not rolled again, nor is a tool that is not there any more."""
    box = toolbox()
    assert [box.is_idempotent(name, None) for name in ("time", "roll", "gone")] == [True, False, False]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
LIKE_ARGUMENTS = st.dictionaries(st.sampled_from(["text", "pace", "count", "share", "copy", "name", "x"]), JSON)


@given(st.text(max_size=50) | (JSON | LIKE_ARGUMENTS).map(json.dumps))
def test_call_survives_whatever_a_model_writes(arguments: str) -> None:
    """No text makes a call raise, nor say nothing."""
    assert asyncio.run(said(toolbox(), "measure", arguments))


@given(
    st.fixed_dictionaries(
        {"text": st.text(st.characters(codec="utf-8")), "pace": st.sampled_from(["slow", "fast"])},
        optional={"count": st.integers(1, 9), "copy": st.booleans(), "share": st.floats(0, 1)},
    )
)
def test_call_reaches_the_tool_with_what_its_schema_allows(arguments: dict[str, object]) -> None:
    """Every value that the schema describes arrives at the function as it is."""
    expected = {"count": 3, "share": None, "copy": False, "name": "Ada"} | arguments
    told = asyncio.run(said(toolbox(), "measure", json.dumps(arguments)))
    assert told == "{text} {pace} {count} {share} {copy} {name}".format(**expected)


async def test_call_that_nobody_approved_is_not_carried_out() -> None:
    """A tool that was away when the call was written down, so that nobody was asked, does not act now."""
    box = Toolbox()
    box.meet(Known())
    box.fill("code", tools_of([Errands()]))
    order = '{"dish": "soup"}'
    assert await said(box, "order", order, ASKER) == "1 soup on the way"
    refused = await called(box, "order", order, replace(ASKER, is_approved=False))
    assert (refused.outcome, "approval" in refused.text) == (Outcome.REFUSED, True)
