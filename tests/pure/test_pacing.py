"""Who may write when: the rules of `Pacing` against a model of Discord's counting."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reply.pacing import LOST_AFTER_SECONDS, SPARE_BEFORE_RESET_SECONDS, Bucket, Limits, Pacing, Urgency, Want
from tests.pure.discord_model import ONE_WAY_SECONDS, DiscordModel, SimulatedReply

# A final text waits at most for the request that is under way, or for the end of a window whose last write was spared.
LONGEST_FINAL_SECONDS = 3 * ONE_WAY_SECONDS + SPARE_BEFORE_RESET_SECONDS


def want(reply: str, urgency: Urgency, *, bucket: Bucket = Bucket.EDIT, channel: int = 1, since: float = 0.0) -> Want:
    """A wish with the parts that matter here."""
    return Want(reply=reply, channel=channel, bucket=bucket, urgency=urgency, since=since)


def limits(remaining: int, reset_after_seconds: float, *, limit: int = 5, bucket_hash: str = "hash") -> Limits:
    """What the headers of an answer say."""
    return Limits(limit=limit, remaining=remaining, reset_after_seconds=reset_after_seconds, bucket_hash=bucket_hash)


@given(
    limit=st.integers(2, 12),
    window_seconds=st.floats(1, 20),
    is_shared=st.booleans(),
    tokens=st.integers(1, 1500),
)
def test_pacing_of_one_answer_is_never_refused(limit: int, window_seconds: float, is_shared: bool, tokens: int) -> None:
    """Whatever Discord's limits are, and whether posts and edits share them: no 429, and the whole text is shown."""
    model, reply = (
        DiscordModel(limit=limit, window_seconds=window_seconds, is_shared=is_shared),
        SimulatedReply(1, 0.0, tokens),
    )
    model.play(reply)
    assert model.refused == 0
    assert reply.seen[-1][1] == tokens


@given(starts=st.lists(st.tuples(st.floats(0, 20), st.integers(1, 900), st.integers(1, 3)), min_size=1, max_size=12))
def test_pacing_of_many_answers_is_never_refused(starts: list[tuple[float, int, int]]) -> None:
    """Several answers in several channels at any time: no 429, and each is shown whole."""
    model = DiscordModel()
    replies = [SimulatedReply(channel, at, tokens) for at, tokens, channel in starts]
    model.play(*replies)
    assert model.refused == 0
    assert all(reply.seen[-1][1] == reply.tokens for reply in replies)


@given(tokens=st.integers(1, 1500))
def test_pacing_first_and_final_text_of_a_lone_answer_do_not_wait(tokens: int) -> None:
    """The first word goes out at once; the final text waits for no window that texts in between have used up."""
    model, reply = DiscordModel(), SimulatedReply(1, 0.0, tokens)
    model.play(reply)
    assert reply.seen[0][0] == pytest.approx(ONE_WAY_SECONDS)
    assert reply.seen[-1][0] - reply.ends_at <= LONGEST_FINAL_SECONDS


def test_pacing_spreads_the_texts_in_between_over_the_window() -> None:
    """No burst and no standstill: between two updates of a long answer there is never half a window."""
    model, reply = DiscordModel(), SimulatedReply(1, 0.0, 2000)
    model.play(reply)
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(reply.seen)]
    assert max(gaps) < 1.5
    assert min(gaps[:-1]) > 0.3


def test_pacing_of_a_hundred_channels_stays_within_the_limit_of_all() -> None:
    """A hundred answers at once keep below 50 requests a second, and their first texts do not queue behind edits."""
    model = DiscordModel()
    replies = [SimulatedReply(channel, channel * 0.03, 150 + channel) for channel in range(100)]
    model.play(*replies)
    assert model.refused == 0
    assert max(reply.seen[0][0] - reply.started_at for reply in replies) < 0.5


def test_due_lets_the_more_urgent_go_first() -> None:
    """Final texts, then first texts, then the reply whose visible text is oldest, then typing."""
    pacing = Pacing(requests_per_second=50)
    pacing.want(want("typing", Urgency.TYPING, bucket=Bucket.TYPING))
    pacing.want(want("newer", Urgency.PROGRESS, since=2.0, channel=2))
    pacing.want(want("older", Urgency.PROGRESS, since=1.0, channel=3))
    pacing.want(want("first", Urgency.FIRST, bucket=Bucket.CREATE))
    pacing.want(want("final", Urgency.FINAL))
    granted, again_at = pacing.due(10.0)
    assert [want.reply for want in granted] == ["final", "first", "older", "newer", "typing"]
    assert again_at is None


def test_due_keeps_the_last_write_of_a_window_for_a_final_text() -> None:
    """With one write left, a text in between waits until the window is nearly over, a final text does not."""
    pacing = Pacing(requests_per_second=50)
    pacing.want(want("reply", Urgency.PROGRESS))
    pacing.due(0.0)
    pacing.answered(1, Bucket.EDIT, limits(1, 4.0), 0.1)
    pacing.want(want("reply", Urgency.PROGRESS))
    granted, again_at = pacing.due(1.0)
    assert granted == []
    assert again_at == pytest.approx(4.1 - SPARE_BEFORE_RESET_SECONDS, abs=0.05)
    pacing.want(want("reply", Urgency.FINAL))
    assert [granted.reply for granted in pacing.due(1.0)[0]] == ["reply"]


def test_due_waits_for_the_reset_when_a_window_is_used_up() -> None:
    """Even a final text is not sent into a 429."""
    pacing = Pacing(requests_per_second=50)
    pacing.want(want("reply", Urgency.FINAL))
    pacing.due(0.0)
    pacing.answered(1, Bucket.EDIT, limits(0, 2.0), 0.0)
    pacing.want(want("reply", Urgency.FINAL))
    granted, again_at = pacing.due(0.5)
    assert granted == []
    assert again_at is not None
    assert again_at >= 2.0
    assert pacing.due(again_at)[0]


def test_typing_gives_way_when_the_bot_is_busy() -> None:
    """With a good part of the second's requests used, texts still go, and typing does not."""
    pacing = Pacing(requests_per_second=50)
    for _ in range(25):
        pacing.counted(0.0)
    pacing.want(want("typing", Urgency.TYPING, bucket=Bucket.TYPING))
    pacing.want(want("text", Urgency.PROGRESS, channel=2))
    assert [want.reply for want in pacing.due(0.1)[0]] == ["text"]


def test_pause_holds_everything_back_until_it_is_over() -> None:
    """After a global 429 nothing is sent for as long as Discord asked."""
    pacing = Pacing(requests_per_second=50)
    pacing.pause(3.0, 0.0)
    pacing.want(want("final", Urgency.FINAL))
    granted, again_at = pacing.due(1.0)
    assert granted == []
    assert again_at == 3.0
    assert pacing.due(3.0)[0]


def test_a_request_that_is_never_answered_is_forgotten() -> None:
    """Five lost edits do not silence a channel for good."""
    pacing = Pacing(requests_per_second=50)
    for number in range(5):
        pacing.want(want(f"reply {number}", Urgency.FINAL))
    pacing.due(0.0)
    pacing.want(want("later", Urgency.FINAL))
    granted, again_at = pacing.due(1.0)
    assert granted == []
    assert again_at == LOST_AFTER_SECONDS
    assert pacing.due(LOST_AFTER_SECONDS + 0.1)[0]


def test_leave_forgets_quiet_channels() -> None:
    """A bot in a hundred thousand channels remembers those in which something is going on."""
    pacing = Pacing(requests_per_second=50)
    pacing.want(want("reply", Urgency.FINAL))
    pacing.due(0.0)
    pacing.answered(1, Bucket.EDIT, limits(4, 5.0), 0.1)
    pacing.leave("reply", 1.0)
    assert pacing.channel_count == 1
    pacing.leave("reply", 6.0)
    assert pacing.channel_count == 0
