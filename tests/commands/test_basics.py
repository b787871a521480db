"""/calculate and /time as people use them."""

from __future__ import annotations

import pytest
import simcord

from tests.commands.town import Town


async def told(town: Town, name: str, **options: object) -> str:
    """What Edsger reads after he used a command."""
    result = await town.edsger.slash(town.general, name, **options)
    return (result.response or result.followups[0]).content


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("0.1 + 0.2", "`0.1 + 0.2` = 0.3"),
        ("2 *\n3* 4", "`2 * 3* 4` = 24"),
        ("1/3", "`1/3` = 1/3 ≈ 0.333333333333333333333333333333"),
    ],
)
async def test_calculation_is_shown_with_its_result(town: Town, expression: str, shown: str) -> None:
    """On one line, and as it was typed: its stars make nothing italic."""
    assert await told(town, "calculate", expression=expression) == shown


async def test_calculation_that_goes_wrong_is_told_to_its_user_alone(town: Town) -> None:
    """With what to do, and at once, however large it would become."""
    result = await town.edsger.slash(town.general, "calculate", expression="9**9**9")
    assert result.ephemeral
    assert result.response is not None
    assert result.response.content == "That is beyond numbers of 4,000 digits, which is as far as I calculate."
    simcord.assert_error(town.env, Exception)


async def test_calculation_with_a_long_result_is_a_file(town: Town) -> None:
    """All digits are there to be read."""
    await town.edsger.slash(town.general, "calculate", expression="1000!")
    assert town.general.last_message is not None
    (file,) = town.general.last_message.attachments
    assert len((await file.read()).decode().removeprefix("`1000!` = ")) == 2568


async def test_time_somewhere_is_shown_as_everybody_s_own(town: Town) -> None:
    """A city and a time there are enough."""
    shown = await told(town, "time", zone="New York", at="2026-12-24 18:30")
    assert shown == (
        "Thursday 2026-12-24 18:30:00-05:00 in America/New_York, <t:1798155000:F> where you are, <t:1798155000:R>"
    )


async def test_zones_are_offered_while_one_is_typed(town: Town) -> None:
    """Discord shows names, and sends back one that /time understands."""
    offered = await town.edsger.autocomplete(town.general, "time", "zone", "munic")
    assert [(each["name"], each["value"]) for each in offered] == [("Munich (Europe/Berlin)", "Europe/Berlin")]
    assert len(await town.edsger.autocomplete(town.general, "time", "zone", "a")) == 25
