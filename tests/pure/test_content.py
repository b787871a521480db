"""What a reply shows at each moment of its run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reply.activity import Activity
from bot.reply.characters import units
from bot.reply.content import Action, PageContent, Style, ended, in_line, paused, streaming
from bot.reply.pages import MAX_PAGE_CHARS
from bot.runs.model import Choice, IncompleteReason, Status
from tests.pure.runs import a_run

LONG = "A sentence that is said again. " * 400


def actions(page: PageContent) -> list[Action]:
    """What the buttons of a page ask for."""
    return [button.action for button in page.buttons]


@pytest.mark.parametrize("text", ["", " \n ", "\u200b\u200b", "\u3164"])
def test_streaming_shows_nothing_before_there_is_something_to_see(text: str) -> None:
    """A message that Discord would refuse as empty is not posted."""
    assert streaming(7, text, "", style=Style(max_pages=5)) == ()


def test_streaming_shows_the_text_with_a_stop_button_on_its_last_page() -> None:
    """While an answer grows, only its newest message can be used to stop it."""
    *earlier, last = streaming(7, LONG[:5000], "", style=Style(max_pages=5))
    assert len(earlier) == 2
    assert all(page.buttons == () for page in earlier)
    assert actions(last) == [Action.STOP]


def test_streaming_shows_thinking_only_while_nothing_else_is_there() -> None:
    """The latest thoughts stand in one small line, and give way to the first word."""
    (thought,) = streaming(7, "", "First,\nI look at the question", style=Style(max_pages=5))
    assert thought.text == "-# 💭 First, I look at the question"
    assert actions(thought) == [Action.STOP]
    (answer,) = streaming(7, "The", "First, I look", style=Style(max_pages=5))
    assert answer.text == "The"


def test_pause_says_so_below_what_is_there() -> None:
    """An answer that will be gone on with keeps its Stop button; one of which nothing was seen says nothing."""
    (page,) = paused(a_run(status=Status.QUEUED, text="First words "), style=Style(max_pages=5), was_shown=True)
    assert page.text == "First words\n-# Paused for a restart; the answer goes on in a moment."
    assert actions(page) == [Action.STOP]
    assert paused(a_run(status=Status.QUEUED), style=Style(max_pages=5), was_shown=False) == ()


def test_streaming_beyond_the_page_limit_stays_still() -> None:
    """What goes on beyond the last page changes no message, so that it costs no edits."""
    pages = streaming(7, LONG, "", style=Style(max_pages=3))
    assert pages == streaming(7, LONG + LONG, "", style=Style(max_pages=3))
    assert "as a file" in pages[-1].text


def test_ended_beyond_the_page_limit_attaches_the_whole_answer() -> None:
    """The file holds every character of the answer."""
    pages = ended(a_run(status=Status.COMPLETED, text=LONG), style=Style(max_pages=2))
    assert not any(page.files for page in pages[:-1])
    assert [file.content.decode() for file in pages[-1].files] == [LONG]
    assert "attached file" in pages[-1].text


@pytest.mark.parametrize(
    ("fields", "small_print", "buttons"),
    [
        ({"status": Status.COMPLETED}, "", [Action.REGENERATE]),
        (
            {"status": Status.INCOMPLETE, "incomplete_reason": IncompleteReason.MAX_OUTPUT_TOKENS},
            "-# Cut at the length limit.",
            [Action.CONTINUE, Action.REGENERATE],
        ),
        (
            {"status": Status.INCOMPLETE, "incomplete_reason": IncompleteReason.CONTENT_FILTER},
            "-# The provider's content filter cut this answer.",
            [Action.REGENERATE],
        ),
        ({"status": Status.CANCELLED}, "-# Stopped.", [Action.REGENERATE]),
        (
            {"status": Status.EXPIRED},
            "-# This took longer than the host allows, so it was ended.",
            [Action.RETRY],
        ),
        ({"status": Status.FAILED, "failure": "It broke."}, "-# ⚠️ It broke.", [Action.RETRY]),
    ],
)
def test_ended_keeps_the_text_and_says_how_it_ended(
    fields: dict[str, object], small_print: str, buttons: list[Action]
) -> None:
    """Text that was seen is never taken away; the end is told below it, with what can be done next."""
    (page,) = ended(a_run(text="Some text", **fields), style=Style(max_pages=5))
    assert page.text == "\n".join(filter(None, ("Some text", small_print)))
    assert actions(page) == buttons


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (Status.COMPLETED, "-# The model answered with nothing."),
        (Status.FAILED, "⚠️ Something went wrong."),
        (Status.CANCELLED, "-# Stopped."),
    ],
)
def test_ended_without_text_is_never_silent(status: Status, sentence: str) -> None:
    """An answer of which nothing can be seen is explained."""
    (page,) = ended(a_run(status=status, text=" \n"), style=Style(max_pages=5))
    assert page.text == sentence
    assert page.buttons


def test_ended_of_a_question_that_was_taken_back_is_silent() -> None:
    """Cancelled before anything was shown, as when the question was deleted: no message is posted for it."""
    assert ended(a_run(status=Status.CANCELLED), style=Style(max_pages=5), was_shown=False) == ()


@given(st.text(), st.sampled_from([Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.EXPIRED]))
def test_ended_pages_are_always_messages_that_discord_takes(text: str, status: Status) -> None:
    """Whatever the model wrote: at least one page, none empty, none too long."""
    pages = ended(a_run(status=status, text=text * 50, failure="It broke."), style=Style(max_pages=5))
    assert pages
    assert all(0 < units(page.text) <= MAX_PAGE_CHARS for page in pages)


@pytest.mark.parametrize(
    ("number", "ways"),
    [(1, {Action.NEXT: 2}), (2, {Action.PREVIOUS: 1, Action.NEXT: 3}), (3, {Action.PREVIOUS: 2})],
)
def test_ended_leads_to_the_answers_beside_it(number: int, ways: dict[Action, int]) -> None:
    """Which of several answers it is stands below it, and there is no way past the first and the last."""
    run = a_run(status=Status.COMPLETED, text="Tea.")
    (page,) = ended(run, choice=Choice(number=number, count=3), style=Style(max_pages=5))
    assert page.text == f"Tea.\n-# Answer {number} of 3"
    assert {button.action: button.number for button in page.buttons if button.number is not None} == ways


def test_place_in_line_is_told_in_small_print_above_what_people_are_asked() -> None:
    """Places are counted as people say them, and what stands below the answer already stays."""
    lines = Activity(lines="-# used a tool")
    texts = [in_line(lines, position).text.partition("\n")[2] for position in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)]
    told = [text.removeprefix("-# In line: ").removesuffix(". Many people are asking at once.") for text in texts]
    assert told == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]
    assert in_line(lines, 0).text == "-# used a tool\n-# It is your turn."
    assert in_line(lines, None) is lines
