"""The page that says what can be set for a place is what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.__main__ import main
from bot.place_settings.page import FAMILIES, render_parameters
from bot.place_settings.table import SETTINGS, value_of
from bot.providers.parameters import PARAMETERS
from bot.setting import Group, checked, written

PAGE = Path(__file__).resolve().parents[2] / "docs" / "parameters.md"


def test_page_is_what_the_code_prints(capsys: pytest.CaptureFixture[str]) -> None:
    """`docs/parameters.md` and the table are equal in names, ranges, meanings and order."""
    assert main(["parameters"]) == 0
    assert capsys.readouterr().out == render_parameters() == PAGE.read_text(encoding="utf-8")


def test_page_has_every_parameter_in_whole_cells() -> None:
    """A sign of a range that would part cells is escaped."""
    lines = [line.replace("\\|", "") for line in render_parameters().splitlines() if line.startswith("| `")]
    named = [line.split("`")[1] for line in lines]
    assert [name for name in named if name not in FAMILIES] == sorted(SETTINGS, key=in_order)
    assert set(named) > set(FAMILIES)
    assert set(PARAMETERS) < set(SETTINGS)
    assert {line.count("|") for line in lines} == {6}


def in_order(name: str) -> int:
    """Where on the panel a setting's page stands."""
    return list(Group).index(SETTINGS[name].group)


@pytest.mark.parametrize("name", SETTINGS)
def test_example_of_a_setting_can_be_set(name: str) -> None:
    """What a refusal and the page give as an example is accepted, and written back the same."""
    setting = SETTINGS[name]
    value = value_of(name, setting.example)
    assert checked(setting, value) == value
    assert value_of(name, written(setting, value)) == value
