"""The rate limits' arithmetic: buckets, windows, the global limit, headers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.limits import CREATE_ROUTE, EDIT_ROUTE, Limits, RateLimiter, Verdict

TYPING_ROUTE = ("POST", "/channels/{channel_id}/typing")
CALLBACK_ROUTE = ("POST", "/interactions/{interaction_id}/{token}/callback")
FOLLOWUP_ROUTE = ("POST", "/webhooks/{webhook_id}/{token}")


def ticks(most_seconds: int) -> st.SearchStrategy[float]:
    """Pauses in 1024ths of a second, with which floating point is exact."""
    return st.integers(0, most_seconds * 1024).map(lambda count: count / 1024)


def take(limiter: RateLimiter, route: tuple[str, str], now: float, major: str = "1") -> Verdict:
    """One request of a route."""
    return limiter.take(*route, major, now)


def test_sixth_edit_of_a_channel_is_refused_until_the_window_ends() -> None:
    """Five edits pass, the sixth is told to wait exactly to the end of the window that the first one opened."""
    limiter = RateLimiter(Limits())
    assert [take(limiter, EDIT_ROUTE, 10.0 + index).remaining for index in range(5)] == [4, 3, 2, 1, 0]
    refused = take(limiter, EDIT_ROUTE, 14.5)
    assert (refused.allowed, refused.scope, refused.retry_after_seconds) == (False, "user", 0.5)
    assert take(limiter, EDIT_ROUTE, 15.0).remaining == 4


def test_channels_have_budgets_of_their_own() -> None:
    """An exhausted channel does not touch another one."""
    limiter = RateLimiter(Limits(edit_limit=1))
    assert take(limiter, EDIT_ROUTE, 0.0, "1").allowed
    assert not take(limiter, EDIT_ROUTE, 0.0, "1").allowed
    assert take(limiter, EDIT_ROUTE, 0.0, "2").allowed


def test_create_and_edit_share_a_bucket_only_when_told_to() -> None:
    """One parameter decides whether a new message costs an edit."""
    apart, together = RateLimiter(Limits()), RateLimiter(Limits(shared_bucket=True))
    assert take(apart, CREATE_ROUTE, 0.0).bucket != take(apart, EDIT_ROUTE, 0.0).bucket
    assert take(together, CREATE_ROUTE, 0.0).bucket == take(together, EDIT_ROUTE, 0.0).bucket
    assert take(together, EDIT_ROUTE, 0.0).remaining == 2


def test_global_limit_slides_and_spares_interactions() -> None:
    """Beyond the global limit everything waits for the oldest request to be a second old, except interactions."""
    limiter = RateLimiter(Limits(global_per_second=2))
    assert take(limiter, TYPING_ROUTE, 0.0).allowed
    assert take(limiter, TYPING_ROUTE, 0.75).allowed
    refused = take(limiter, TYPING_ROUTE, 0.875)
    assert (refused.scope, refused.retry_after_seconds) == ("global", 0.125)
    assert take(limiter, CALLBACK_ROUTE, 0.875).allowed
    assert take(limiter, FOLLOWUP_ROUTE, 0.875).allowed
    assert take(limiter, TYPING_ROUTE, 1.0).allowed


def test_headers_of_a_refusal_say_what_discord_says() -> None:
    """A 429 carries the bucket, the wait and the proxy's mark; a global one no bucket."""
    limiter = RateLimiter(Limits(edit_limit=1))
    granted = take(limiter, EDIT_ROUTE, 0.0).headers(1000.0)
    assert granted["X-RateLimit-Limit"] == "1"
    assert granted["X-RateLimit-Remaining"] == "0"
    assert granted["X-RateLimit-Reset"] == "1005.000"
    assert granted["X-RateLimit-Reset-After"] == "5.000"
    assert "Via" not in granted
    refused = take(limiter, EDIT_ROUTE, 1.5).headers(1000.0)
    assert (refused["Retry-After"], refused["X-RateLimit-Scope"], refused["Via"]) == ("4", "user", "1.1 google")
    busy = RateLimiter(Limits(global_per_second=1))
    take(busy, EDIT_ROUTE, 0.0)
    everywhere = take(busy, EDIT_ROUTE, 0.5).headers(1000.0)
    assert everywhere["X-RateLimit-Global"] == "true"
    assert "X-RateLimit-Bucket" not in everywhere


@settings(deadline=None)  # a busy machine is slow, not wrong
@given(
    limit=st.integers(1, 6),
    window_seconds=st.integers(1, 8),
    pauses=st.lists(ticks(4), max_size=60),
)
def test_a_window_never_lets_more_through_than_its_limit(limit: int, window_seconds: int, pauses: list[float]) -> None:
    """Whatever the rhythm, no window holds more than the limit, and waiting as told is always enough."""
    limits = Limits(edit_limit=limit, edit_window_seconds=window_seconds, global_per_second=1000)
    limiter, now = RateLimiter(limits), 0.0
    windows: dict[float, int] = {}
    for pause in pauses:
        now += pause
        verdict = take(limiter, EDIT_ROUTE, now)
        assert 0 <= verdict.remaining < limit or not verdict.allowed
        assert 0 < verdict.reset_after_seconds <= window_seconds
        if verdict.allowed:
            ends_at = now + verdict.reset_after_seconds
            windows[ends_at] = windows.get(ends_at, 0) + 1
        else:
            now += verdict.retry_after_seconds
            assert take(limiter, EDIT_ROUTE, now).allowed
            windows[now + window_seconds] = 1
    assert all(count <= limit for count in windows.values())


@settings(deadline=None)
@given(limit=st.integers(1, 5), pauses=st.lists(ticks(1), max_size=80))
def test_no_second_holds_more_than_the_global_limit(limit: int, pauses: list[float]) -> None:
    """Any one-second stretch of granted requests stays within the global limit."""
    limiter, now = RateLimiter(Limits(global_per_second=limit, default_limit=10_000)), 0.0
    granted: list[float] = []
    for pause in pauses:
        now += pause
        if take(limiter, TYPING_ROUTE, now).allowed:
            granted.append(now)
    for first, beyond in zip(granted, granted[limit:], strict=False):
        assert beyond - first >= 1.0
