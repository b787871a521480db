"""Runs for tests of pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.runs.model import Run, RunKind, Status

ASKED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def a_run(**fields: Any) -> Run:
    """A run in progress, with these fields different."""
    run = Run(
        id=7,
        conversation_id=1,
        epoch=0,
        kind=RunKind.ANSWER,
        status=Status.IN_PROGRESS,
        model="model",
        place_id=10,
        guild_id=1,
        asker_id=100,
        question_id=1000,
        previous_run_id=None,
        interaction_token=None,
        waiting_since=None,
        attempt=1,
        created_at=ASKED_AT,
        expires_at=ASKED_AT + timedelta(minutes=10),
        cancel_requested_at=None,
        incomplete_reason=None,
        failure=None,
        text="",
        remark=None,
        delivered_at=None,
    )
    return replace(run, **fields)
