"""What the doctor makes of the file that limits moderators."""

from __future__ import annotations

from pathlib import Path

from bot.checks import Check, failed, passed
from bot.errors import ConfigurationError
from bot.place_settings.limits_file import read_limits
from bot.settings import Settings


def judge_limits(settings: Settings) -> tuple[Check, ...]:
    """How many limits there are, or what is wrong with them."""
    try:
        count = len(read_limits(Path(settings.limits_file)))
    except ConfigurationError as exc:
        return tuple(failed("limits", sentence) for sentence in str(exc).splitlines())
    entries = "1 entry" if count == 1 else f"{count} entries"
    said = f"{settings.limits_file} has {entries}" if count else "moderators may choose everything that is offered"
    return (passed("limits", said),)
