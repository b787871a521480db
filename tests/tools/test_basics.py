"""calculate and time as models call them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bot.tools.declare import tools_of
from bot.tools.toolbox import Toolbox
from cogs.calculator import Calculator
from cogs.clock import Clock
from tests.tools.people import ASKER, Known, said

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def toolbox() -> Toolbox:
    """The tools of this page."""
    box = Toolbox()
    box.meet(Known())
    box.fill("code", tools_of([Calculator(), Clock(lambda: NOW)]))
    return box


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("0.1 + 0.2", "`0.1 + 0.2` = 0.3"),
        ("__import__('os').system('true')", "“_” is nothing that can be calculated with."),
        ("10**10**10", "That is beyond numbers of 4,000 digits, which is as far as I calculate."),
        ("x" * 301, "The arguments are not right. expression: String should have at most 300 characters."),
    ],
)
async def test_calculation_of_a_model_is_worked_out(expression: str, told: str) -> None:
    """The result, or what the model has to write otherwise."""
    assert await said(toolbox(), "calculate", json.dumps({"expression": expression})) == told


async def test_model_is_told_how_to_write_a_calculation() -> None:
    """What Discord has no room for is in the function's description."""
    spec, _ = await toolbox().offered(ASKER)
    assert "Angles are radians, or degrees with °" in spec.description


async def test_basic_tools_may_be_called_again() -> None:
    """They change nothing, so a crash between call and output costs nothing."""
    assert all(toolbox().is_idempotent(name, None) for name in ("calculate", "time"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "Thursday 2026-01-01 12:00:00+00:00 in UTC, <t:1767268800:F> where you are"),
        ({"zone": "Tokyo"}, "Thursday 2026-01-01 21:00:00+09:00 in Asia/Tokyo, <t:1767268800:F> where you are"),
        (
            {"zone": "CET", "at": "2026-07-01 18:30"},
            "Wednesday 2026-07-01 18:30:00+02:00 in Europe/Berlin, <t:1782923400:F> where you are, <t:1782923400:R>",
        ),
        (
            {"zone": "Berlin", "at": "2026-10-25 02:30"},
            "Sunday 2026-10-25 02:30:00+02:00 in Europe/Berlin, <t:1792888200:F> where you are, <t:1792888200:R>. "
            "The clocks go back then: this is the first of two such times.",
        ),
        ({"at": "teatime"}, "“teatime” is not a time. Write it as 18:30, 6:30 pm or 2026-12-24 18:30."),
    ],
)
async def test_time_is_told_to_a_model(arguments: dict[str, str], told: str) -> None:
    """Now, or a time somewhere, as each reader's own."""
    assert await said(toolbox(), "time", json.dumps(arguments)) == told
