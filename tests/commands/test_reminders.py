"""Reminders as people make, see and cancel them."""

from __future__ import annotations

import re

import pytest
import simcord

from bot.reminders import MAX_PENDING, TOO_MANY
from cogs.remind import NONE_PENDING, NOT_THERE
from tests.commands.process import Process
from tests.commands.town import Town


async def remind(town: Town, when: str, what: str = "Tea", **options: object) -> str:
    """What Edsger reads after /remind."""
    result = await town.edsger.slash(town.general, "remind", when=when, what=what, **options)
    (told,) = [*([result.response] if result.response else []), *result.followups]
    return told.content


async def opened(town: Town) -> simcord.ResponseMessage:
    """What /reminders shows Edsger alone."""
    result = await town.edsger.slash(town.general, "reminders")
    assert result.ephemeral
    assert result.response is not None
    return result.response


async def test_reminder_is_confirmed_with_its_time(town: Town) -> None:
    """Everyone sees it in their own time zone; a clock time is meant in the zone that was given."""
    told = await remind(town, "tomorrow 9:00", zone="Tokyo")
    found = re.fullmatch(r"edsger will be reminded on <t:(\d+):F> \(<t:\1:R>\): Tea", told)
    assert found
    assert int(found[1]) % 86_400 == 0  # nine o'clock in Tokyo is midnight in UTC


@pytest.mark.parametrize(
    ("when", "options", "sentence"),
    [
        ("soon", {}, "I cannot read “soon” as a time. Write it like in 20 minutes"),
        ("2020-01-01 12:00", {}, "That is over: <t:1577880000:F>. Give a time"),
        ("in 53 weeks", {}, "That is more than a year away."),
        ("9:00", {"zone": "Atlantis"}, "There is no time zone named Atlantis."),
        ("in 1 hour", {"what": "\u200b"}, "Say what to remind you of"),
    ],
)
async def test_reminder_that_cannot_be_made_is_refused(
    town: Town, when: str, options: dict[str, object], sentence: str
) -> None:
    """What was wrong, in one sentence that says what to write instead."""
    assert (await remind(town, when, **options)).startswith(sentence)  # type: ignore[arg-type]  # texts all
    simcord.assert_error(town.env, Exception)


async def test_reminders_of_a_person_are_limited(town: Town) -> None:
    """Who has many is told to cancel one; the limit fills one message with buttons, longest texts and all."""
    for number in range(MAX_PENDING):
        await remind(town, f"in {number + 1} days", "W" * 1000)
    assert await remind(town, "in 1 hour") == TOO_MANY
    simcord.assert_error(town.env, Exception)
    shown = await opened(town)
    assert len(shown.content.splitlines()) == MAX_PENDING
    await town.edsger.click(shown, label=f"Cancel {MAX_PENDING}")
    assert len(shown.content.splitlines()) == MAX_PENDING - 1
    assert "will be reminded" in await remind(town, "in 1 hour")


async def test_reminders_are_listed_and_cancelled_after_a_restart(town: Town, process: Process) -> None:
    """Soonest first, only one's own, each with its button, which outlives the process."""
    await remind(town, "in 2 hours", "Coffee")
    await remind(town, "in 1 hour", "Tea")
    await town.linus.slash(town.general, "remind", when="in 3 hours", what="Lunch")
    shown = await opened(town)
    assert re.fullmatch(r"1\. <t:\d+:f> Tea\n2\. <t:\d+:f> Coffee", shown.content)
    await town.env.restart_bot(await process.start())
    await town.edsger.click(shown, label="Cancel 1")
    assert re.fullmatch(r"1\. <t:\d+:f> Coffee", shown.content)
    await town.edsger.click(shown, label="Cancel 1")
    assert shown.content == NONE_PENDING


async def test_cancelling_what_is_not_there_any_more_is_said(town: Town) -> None:
    """A list on the screen may be old: its button tells so, and shows what is there."""
    await remind(town, "in 1 hour")
    old, new = await opened(town), await opened(town)
    await town.edsger.click(new, label="Cancel 1")
    pressed = await town.edsger.click(old, label="Cancel 1")
    (whisper,) = pressed.followups
    assert (whisper.content, whisper.ephemeral) == (NOT_THERE, True)
    assert old.content == NONE_PENDING
