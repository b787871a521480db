"""Runs in words, as Discord and as a terminal shows them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reply.characters import units
from bot.runs.model import RunKind, Status
from bot.runs.summary import PageRecord, RunEvent, RunSummary, ToolRecord
from bot.runs.summary_text import (
    LEFT_OUT,
    SIGNS,
    cost_text,
    discord_history,
    discord_list,
    duration_text,
    newest_that_fit,
    option_text,
    terminal_history,
    terminal_list,
)
from bot.tools.model import Need
from tests.pure.summaries import ASKED_AT, a_history, a_summary, after

MAX_MESSAGE_CHARACTERS = 4000  # in all text of a message's components
MAX_OPTION_CHARACTERS = 100
UNIX_SECONDS = 1767225600  # ASKED_AT

ANY_NAME = st.text() | st.characters().map(lambda character: character * 1000)
ANY_RUN = st.builds(
    a_summary,
    id=st.integers(1, 2**63 - 1),
    status=st.sampled_from(Status),
    kind=st.sampled_from(RunKind),
    model=ANY_NAME,
    asker_id=st.integers(0, 2**63 - 1),
    is_private=st.booleans(),
    waiting_since=st.none() | st.just(after(2)),
    attempt=st.integers(0, 10**6),
    cancel_requested_by=st.none() | st.integers(0, 2**63 - 1),
    failure=st.none() | ANY_NAME,
    input_tokens=st.none() | st.integers(0, 2**31),
    output_tokens=st.none() | st.integers(0, 2**31),
    cached_tokens=st.integers(0, 2**31),
    reasoning_tokens=st.integers(0, 2**31),
    cost_nanos=st.none() | st.integers(0, 2**63 - 1),
    is_estimated=st.booleans(),
    provider=st.none() | ANY_NAME,
    answering_model=ANY_NAME,
)
ANY_TOOL = st.builds(
    ToolRecord,
    name=ANY_NAME,
    started_at=st.none() | st.just(after(1)),
    ended_at=st.none() | st.just(after(2)),
    waits_for=st.none() | st.sampled_from(Need),
)


def test_list_in_discord_shows_each_run_in_two_lines() -> None:
    """Status and duration, then asker, time, model, tokens and cost, with Discord's own mentions and times."""
    text = discord_list([a_summary()], after(10), page=0)
    assert text.splitlines()[:3] == [
        "### Runs here",
        "✅ **#7** completed, took 2.00 s",
        f"-# <@100> · <t:{UNIX_SECONDS}:R> · `demo/small` · 1,200 tokens · $0.0009",
    ]


def test_list_in_discord_says_what_is_unknown() -> None:
    """Tokens that are not counted yet are a dash, and so is their cost; a private run is marked."""
    run = a_summary(
        status=Status.IN_PROGRESS, ended_at=None, input_tokens=None, output_tokens=None, provider=None, is_private=True
    )
    _, status, small, *_ = discord_list([run], after(10), page=0).splitlines()
    assert status == "💬 **#7** in progress, answering for 9.00 s"
    assert small == f"-# <@100>, in private · <t:{UNIX_SECONDS}:R> · `demo/small` · \u2013 tokens · \u2013"


def test_price_that_is_not_known_is_said() -> None:
    """The tokens are there all the same."""
    text = discord_list([a_summary(cost_nanos=None)], after(10), page=0)
    assert "1,200 tokens · price unknown" in text


def test_estimate_is_marked() -> None:
    """In the list, and in each number of a run's own page."""
    run = a_summary(is_estimated=True)
    assert "≈1,200 tokens · ≈$0.0009" in discord_list([run], after(10), page=0)
    known = discord_history(a_history(run), after(10)).splitlines()
    assert {"**Tokens:** ≈1,000 read, ≈200 written", "**Cost:** ≈$0.0009"} <= set(known)


def test_tokens_of_the_cache_and_of_thoughts_are_told_apart() -> None:
    """Where there are any."""
    run = a_summary(cached_tokens=640, reasoning_tokens=150)
    shown = discord_history(a_history(run), after(10))
    assert "**Tokens:** 1,000 read (640 from the cache), 200 written (150 to think)" in shown


def test_run_that_another_provider_answered_names_both() -> None:
    """Who did, and what was asked for; a name without its provider is the same model."""
    moved = discord_history(a_history(a_summary(provider="spare", answering_model="large")), after(10))
    assert "**Model:** `spare/large`\n**Asked for:** `demo/small`" in moved
    for model in ("demo/small", "small"):
        assert "Asked for" not in discord_history(a_history(a_summary(model=model)), after(10))


@pytest.mark.parametrize(
    ("page", "sentence"), [(0, "There are none yet."), (1, "There are none on this page any more.")]
)
def test_empty_list_says_so(page: int, sentence: str) -> None:
    """An empty place, and a page whose runs have gone to another one."""
    assert discord_list([], ASKED_AT, page=page).splitlines()[1:] == [sentence]


def test_every_status_has_its_sign() -> None:
    """A new status is not forgotten."""
    assert set(SIGNS) == set(Status)


@given(st.lists(ANY_RUN, max_size=10), st.integers(0, 10**6))
def test_list_fits_a_discord_message(runs: list[RunSummary], page: int) -> None:
    """Ten runs, whatever their models are called, and each is an option of the menu."""
    assert units(discord_list(runs, after(10), page=page)) <= MAX_MESSAGE_CHARACTERS
    assert all(1 <= units(option_text(run)) <= MAX_OPTION_CHARACTERS for run in runs)


@given(ANY_RUN, st.lists(ANY_TOOL, max_size=90), st.integers(0, 90))
def test_history_fits_a_discord_message(run: RunSummary, tools: list[ToolRecord], pages: int) -> None:
    """However long its way was and whatever its tools are called."""
    history = a_history(
        run,
        tools=tuple(tools),
        pages=tuple(PageRecord(number=number, created_at=after(1), posted_at=after(2)) for number in range(pages)),
    )
    assert units(discord_history(history, after(10))) <= MAX_MESSAGE_CHARACTERS


def test_history_in_discord_is_facts_and_timeline() -> None:
    """Each line of the timeline has its time, the time since the question, and what happened."""
    history = a_history(
        events=(RunEvent(at=after(1), cause="claimed", to_status=Status.IN_PROGRESS),),
        tools=(ToolRecord(name="look_up", started_at=after(1.5), ended_at=None),),
    )
    lines = discord_history(history, after(10)).splitlines()
    assert lines[0] == "### ✅ Run #7"
    assert {"**Status:** completed", "**Asker:** <@100>", "**Tokens:** 1,000 read, 200 written"} <= set(lines)
    assert lines[-2:] == [
        f"<t:{UNIX_SECONDS + 1}:T> · +1.00 s · claimed, now in progress",
        f"<t:{UNIX_SECONDS + 1}:T> · +1.50 s · tool started `look_up`",
    ]


def test_run_that_waits_says_for_what() -> None:
    """Whose approval of which tool, and whose answer; a run that has ended waits for nobody."""
    tools = tuple(
        ToolRecord(name=name, started_at=None, ended_at=None, waits_for=need)
        for name, need in (("poll", Need.APPROVAL), ("roll", None), ("ask_user", Need.ANSWER))
    )
    waiting = a_summary(status=Status.REQUIRES_ACTION, ended_at=None, waiting_since=after(2))
    shown = discord_history(a_history(waiting, tools=tools), after(3))
    assert "**Waits for:** approval of `poll`, an answer to `ask_user`" in shown
    assert "**Duration:** waiting for a person for 1.00 s" in shown
    assert "Waits for" not in discord_history(a_history(tools=tools), after(3))


def test_host_is_named_where_no_member_wished() -> None:
    """The host's wish to stop is not a mention of nobody."""
    run = a_summary(cancel_requested_at=after(1), cancel_requested_by=0)
    assert "asked to stop by the host" in discord_history(a_history(run), after(10))


def test_history_on_a_terminal_is_aligned() -> None:
    """Times are ISO in UTC to the millisecond."""
    history = a_history(
        a_summary(failure="It broke.", kind=RunKind.AGAIN, attempt=2),
        events=(
            RunEvent(at=ASKED_AT, cause="enqueued", to_status=Status.QUEUED),
            RunEvent(at=after(75), cause="claimed", to_status=Status.IN_PROGRESS),
        ),
    )
    assert terminal_history(history, after(10)).splitlines() == [
        "Run #7",
        "status    completed",
        "why       It broke.",
        "kind      again",
        "asker     100",
        "asked     2026-01-01T00:00:00Z",
        "model     demo/small",
        "tokens    1,000 read, 200 written",
        "cost      $0.0009",
        "duration  took 2.00 s",
        "attempts  2",
        "",
        "2026-01-01T00:00:00.000Z  +0.00 s      enqueued, now queued",
        "2026-01-01T00:01:15.000Z  +1 min 15 s  claimed, now in progress",
    ]


def test_list_on_a_terminal_is_a_table() -> None:
    """One line each, in columns that stand below each other."""
    runs = [a_summary(id=12, status=Status.IN_PROGRESS, ended_at=None), a_summary()]
    heading, first, second, *_ = terminal_list(runs, after(10)).splitlines()
    assert heading.split() == ["RUN", "STATUS", "MODEL", "TOKENS", "COST", "DURATION", "ASKER", "PLACE", "ASKED"]
    assert first.index("in progress") == second.index("completed") == heading.index("STATUS")
    assert second.endswith("took 2.00 s           100    10     2026-01-01T00:00:00Z")


@given(ANY_RUN, st.lists(ANY_TOOL, max_size=3))
def test_terminal_gets_nothing_to_act_upon(run: RunSummary, tools: list[ToolRecord]) -> None:
    """A model or a tool cannot move the cursor or begin a line of its own."""
    shown = terminal_list([run], after(10)) + terminal_history(a_history(run, tools=tuple(tools)), after(10))
    assert all(character.isprintable() for character in shown.replace("\n", ""))
    assert len(terminal_list([run], after(10)).split("\n")) == 4


def test_backticks_of_a_name_end_no_code() -> None:
    """In Discord a model's name stays in its box."""
    assert "`demo/a b`" in discord_list([a_summary(answering_model="a`b")], after(10), page=0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0.00 s"), (0, "0.00 s"), (2.345, "2.35 s"), (60, "1 min 0 s"), (125.9, "2 min 5 s"), (7385, "2 h 3 min")],
)
def test_duration_is_in_the_units_that_matter(seconds: float, text: str) -> None:
    """Hundredths below a minute, then two units; a clock that was set back counts as nothing."""
    assert duration_text(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (None, "price unknown"),
        (0, "$0.0000"),
        (1, "<$0.0001"),
        (100_000, "$0.0001"),
        (900_000, "$0.0009"),
        (1_234_500_000_000, "$1,234.5000"),
    ],
)
def test_cost_has_four_decimals(cost: int | None, text: str) -> None:
    """Nothing that costs something is shown as free."""
    assert cost_text(cost) == text


@given(st.lists(st.text(max_size=30)), st.integers(0, 300))
def test_newest_lines_are_those_that_stay(lines: list[str], room: int) -> None:
    """What fits is the end of the timeline, and what was left out is said."""
    shown = newest_that_fit(lines, room)
    kept = shown if len(shown) == len(lines) and LEFT_OUT not in shown[:1] else shown[1:]
    assert list(kept) == lines[len(lines) - len(kept) :]
    assert sum(len(line) + 1 for line in kept) <= room
    assert (shown[:1] == (LEFT_OUT,)) == (len(kept) < len(lines))
