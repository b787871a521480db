"""What headers say of limits, and how much may be asked when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.providers.rate_limits import Budget, Limit, limit_in, seconds_in

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("12ms", 0.012),
        ("1h2m3.5s", 3723.5),
        ("1d", 86_400.0),
        ("850µs", 0.00085),
        ("59.5", 59.5),
        ("0", 0.0),
        (" 2 ", 2.0),
        ("2026-11-22T12:00:30Z", 30.0),
        ("2026-11-22T13:00:30+01:00", 30.0),
        (str(int(NOW.timestamp()) + 40), 40.0),
        (str((int(NOW.timestamp()) + 40) * 1000), 40.0),
        ("", None),
        ("soon", None),
        ("1s and more", None),
        ("2026-11-22T12:00:30", None),
        ("nan", None),
        ("-1", None),
    ],
)
def test_time_until_a_limit_is_full_is_read_in_each_form(text: str, seconds: float | None) -> None:
    """Durations as Go writes them, seconds, and dates; what is none of them says nothing."""
    assert seconds_in(text, now=NOW) == pytest.approx(seconds)


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    """Whatever a header holds, reading it does not fail."""
    assert isinstance(seconds_in(text, now=NOW), float | None)


def test_limits_are_found_under_each_name() -> None:
    """OpenAI's headers and Anthropic's; without both the limit and what remains nothing is learnt."""
    openai = {
        "x-ratelimit-limit-tokens": "1000",
        "x-ratelimit-remaining-tokens": "400",
        "x-ratelimit-reset-tokens": "6s",
        "x-ratelimit-limit-requests": "60",
    }
    assert limit_in(openai, "tokens", now=NOW) == Limit(limit=1000, remaining=400, full_in_seconds=6.0)
    assert limit_in(openai, "requests", now=NOW) is None
    anthropic = {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "2026-11-22T12:00:01Z",
    }
    assert limit_in(anthropic, "requests", now=NOW) == Limit(limit=50, remaining=49, full_in_seconds=1.0)


def test_budget_without_a_limit_never_waits() -> None:
    """What nobody has named is not counted."""
    budget = Budget()
    budget.use(1e9, 0.0)
    assert budget.wait_seconds(1e9, 0.0) == 0.0


def test_budget_of_the_host_fills_up_evenly() -> None:
    """What was used is there again after its share of a minute, and what was reserved in vain at once."""
    budget = Budget(600)
    assert budget.wait_seconds(600, 0.0) == 0.0
    budget.use(600, 0.0)
    assert budget.wait_seconds(100, 0.0) == pytest.approx(10.0)
    assert budget.wait_seconds(100, 4.0) == pytest.approx(6.0)
    budget.use(-60, 4.0)
    assert budget.wait_seconds(100, 4.0) == 0.0
    budget.learn(Limit(limit=1, remaining=0), 0, 4.0)
    assert budget.wait_seconds(100, 4.0) == 0.0


def test_request_beyond_the_whole_budget_goes_when_the_budget_is_full() -> None:
    """It waits until all is there, not for ever, and what it took too much is waited for afterwards."""
    budget = Budget(600)
    budget.use(300, 0.0)
    assert budget.wait_seconds(5000, 0.0) == pytest.approx(30.0)
    assert budget.wait_seconds(5000, 30.0) == 0.0
    budget.use(1200, 30.0)
    assert budget.wait_seconds(1, 30.0) == pytest.approx(60.1)


def test_budget_is_learnt_with_what_the_provider_has_not_seen() -> None:
    """What was sent since the response is taken off what remained, and the pace is that of the headers."""
    budget = Budget()
    budget.learn(Limit(limit=1000, remaining=400, full_in_seconds=6.0), 150, 0.0)
    assert budget.wait_seconds(250, 0.0) == 0.0
    assert budget.wait_seconds(350, 0.0) == pytest.approx(1.0)
    budget.learn(Limit(limit=1000, remaining=1000), 0, 1.0)
    assert budget.wait_seconds(1000, 1.0) == 0.0


def test_nobody_waits_in_line_for_a_limit_by_the_day() -> None:
    """A learnt budget counts as full after a minute: then the provider is asked, and says no in its own words."""
    budget = Budget()
    budget.learn(Limit(limit=200, remaining=0, full_in_seconds=86_400.0), 0, 0.0)
    assert budget.wait_seconds(200, 0.0) == pytest.approx(60.0)


@given(
    st.integers(1, 1000),
    st.lists(st.tuples(st.floats(0, 100), st.integers(0, 3000)), min_size=1, max_size=20),
)
def test_no_more_is_used_than_the_budget_and_what_fills_up(limit: int, steps: list[tuple[float, int]]) -> None:
    """Whoever waits as long as told never takes more than a full budget and its share of the time, by one request."""
    budget, now, used = Budget(limit), 0.0, 0.0
    for pause, amount in steps:
        now += pause + budget.wait_seconds(amount, now + pause)
        assert budget.wait_seconds(amount, now) < 1e-6
        assert used <= limit + now * limit / 60 + 1e-3
        budget.use(amount, now)
        used += amount
