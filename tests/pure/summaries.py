"""Summaries of runs for tests of pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.runs.model import RunKind, Status
from bot.runs.summary import RunHistory, RunSummary

ASKED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def after(seconds: float) -> datetime:
    """So many seconds after the question."""
    return ASKED_AT + timedelta(seconds=seconds)


def a_summary(**fields: Any) -> RunSummary:
    """A run that was answered in two seconds, with these fields different."""
    run = RunSummary(
        id=7,
        status=Status.COMPLETED,
        kind=RunKind.ANSWER,
        model="demo/small",
        place_id=10,
        asker_id=100,
        is_private=False,
        waiting_since=None,
        attempt=1,
        created_at=ASKED_AT,
        expires_at=after(600),
        started_at=after(1),
        ended_at=after(3),
        delivered_at=None,
        cancel_requested_at=None,
        cancel_requested_by=None,
        failure=None,
        input_tokens=1000,
        output_tokens=200,
        cached_tokens=0,
        reasoning_tokens=0,
        cost_nanos=900_000,
        is_estimated=False,
        provider="demo",
        answering_model="small",
    )
    return replace(run, **fields)


def a_history(run: RunSummary | None = None, **fields: Any) -> RunHistory:
    """A run with nothing written down about its way but these."""
    return replace(RunHistory(run=run or a_summary(), events=(), pages=(), tools=()), **fields)
