"""What a picture of usage holds."""

from __future__ import annotations

from bot.usage.chart import By, chart_of
from tests.usage.reports import DAYS, names, report, there, used


def test_days_without_usage_are_shown() -> None:
    """Every day has its place, whether or not there was anything on it."""
    drawn = chart_of(report(used(day=0), used("large", day=6)), By.DAY, DAYS, names())
    assert (len(drawn.days), drawn.days[0], drawn.days[-1]) == (7, "17 Nov", "23 Nov")
    tokens, money = drawn.panels
    assert tokens.values == ((10, 0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0, 10))
    assert money.values == ((0.005, 0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0, 0.005))


def test_many_models_are_the_greatest_and_all_others() -> None:
    """Six that can be told apart, greatest first, and one sum of what is left."""
    parts = [used(f"m{number}", input_tokens=number, output_tokens=0) for number in range(1, 31)]
    drawn = chart_of(report(*parts), By.MODEL, DAYS, names())
    labels = [label.name for label in drawn.labels]
    assert labels == [*(f"demo/m{number}" for number in range(30, 24, -1)), "24 others"]
    assert drawn.panels[0].values[0] == (30,)
    assert drawn.panels[0].values[-1] == (sum(range(1, 25)),)


def test_last_model_is_not_called_others() -> None:
    """One that would be alone among the others has its own name."""
    drawn = chart_of(report(*(used(f"m{number}") for number in range(7))), By.MODEL, DAYS, names())
    assert len(drawn.labels) == 7
    assert "others" not in drawn.labels[-1].name


def test_money_is_drawn_only_where_some_is_known() -> None:
    """A row of zeros would say that it was free."""
    drawn = chart_of(report(used(cost_nanos=0, unpriced=1)), By.DAY, DAYS, names())
    assert [panel.title for panel in drawn.panels] == ["Tokens"]


def test_places_are_named_as_far_as_anybody_knows() -> None:
    """By their names, by the end of their ids, and as what they are where nothing is told apart."""
    places = (there(20, input_tokens=50), there(123_456, input_tokens=40), there(None), there(5, guild_id=None))
    drawn = chart_of(report(used(), places=places), By.PLACE, DAYS, names())
    assert [label.name for label in drawn.labels] == ["#general", "#…3456", "in private", "direct messages"]
    assert drawn.labels[0].otherwise == "#…0020"


def test_host_reads_of_servers() -> None:
    """Those that the bot is in by name."""
    places = (there(None, 1, input_tokens=50), there(None, 77, input_tokens=40), there(None, None))
    drawn = chart_of(report(used(), places=places), By.PLACE, DAYS, names(of_servers=True))
    assert [label.name for label in drawn.labels] == ["Parley House", "…0077", "direct messages"]
