"""calculate and time as models call them."""

from __future__ import annotations

import json

import pytest

from bot.tools.declare import tools_of
from bot.tools.toolbox import Toolbox
from cogs.calculator import Calculator
from tests.tools.people import ASKER, Known, said


def toolbox() -> Toolbox:
    """The tools of this page."""
    box = Toolbox()
    box.meet(Known())
    box.fill("code", tools_of([Calculator()]))
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
    (spec,) = await toolbox().offered(ASKER)
    assert "Angles are radians, or degrees with °" in spec.description


async def test_basic_tools_may_be_called_again() -> None:
    """They change nothing, so a crash between call and output costs nothing."""
    assert toolbox().is_idempotent("calculate", None)
