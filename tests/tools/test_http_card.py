"""What moderators read of a tool fits one message, however much there is to say."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.http_tools.call import Exchange
from bot.http_tools.card import card_text, log_text, trial_text
from bot.http_tools.panel import MAX_MESSAGE_CHARACTERS, NOT_SYNCED
from bot.http_tools.service import MAX_CALLS_SHOWN
from bot.store.http_tools import HttpCall, HttpTool
from bot.tools.model import Outcome

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
WIDE = 1_400_000_000_000_000_000  # as wide as the ids of Discord are
LARGEST = HttpTool(
    id=1,
    guild_id=WIDE,
    name="x" * 32,
    description="d`" * 250,
    parameters={"type": "object", "properties": {"way": {"type": "array", "description": "```" * 1000}}},
    method="DELETE",
    url="https://name.example/" + "y" * 970,
    needs_approval=True,
    is_idempotent=False,
    timeout_seconds=59.5,
    secret="encrypted",
    role_ids=tuple(range(WIDE, WIDE + 25)),
    channel_ids=tuple(range(WIDE, WIDE + 25)),
    is_enabled=True,
    created_by=WIDE,
    created_at=NOW,
    changed_at=NOW,
)


def test_card_fits_a_message() -> None:
    """With the longest of everything, and the note that Discord was not told yet."""
    card = card_text(LARGEST)
    assert len(card) + len(NOT_SYNCED) < MAX_MESSAGE_CHARACTERS
    assert card.count("```") == 2
    assert f"<@&{WIDE + 7}>, 17 more" in card


def test_log_fits_a_message() -> None:
    """With the longest lines there are."""
    call = HttpCall(
        tool_id=1,
        at=NOW,
        user_id=WIDE,
        channel_id=WIDE,
        run_id=99_999_999,
        status=500,
        milliseconds=60_000,
        outcome=Outcome.FAILED,
    )
    assert len(log_text(LARGEST, [call] * MAX_CALLS_SHOWN)) < MAX_MESSAGE_CHARACTERS


def test_trial_fits_a_message() -> None:
    """A long answer is cut, and says how long it was; its own fences end nothing."""
    told = trial_text(LARGEST, Exchange(status=200, milliseconds=60_000, outcome=Outcome.DONE, text="```" * 9999))
    assert len(told) < MAX_MESSAGE_CHARACTERS
    assert told.count("```") == 2
    assert "… (29997 in all)" in told
