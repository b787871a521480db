"""What a reply shows at each moment of its run; pure.

A reply is a tuple of pages, each one Discord message: text, buttons, and at the end perhaps the whole answer as a file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.reply.activity import NOTHING, Activity, Prompt
from bot.reply.characters import has_content, units
from bot.reply.pages import MAX_PAGE_CHARS, paginate
from bot.runs.model import Choice, IncompleteReason, Run, Status
from bot.tools.attaching import attached
from bot.tools.model import File

# How much of the model's latest thinking is shown while there is nothing else to show.
THINKING_CHARACTERS = 200
ANSWER_FILE_NAME = "answer.md"


class Action(StrEnum):
    """What a button under a reply asks for."""

    STOP = "stop"
    REGENERATE = "regenerate"
    CONTINUE = "continue"
    RETRY = "retry"
    CALLS = "calls"
    PREVIOUS = "previous"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class Button:
    """A button that carries only an action and the run it is about, and the number of what it leads to, if any."""

    action: Action
    run_id: int
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a place wants its answers to look; a whole answer of more than `max_pages` is a file.

    `heading` is a line of small print above the first page, for which each page leaves room.
    """

    max_pages: int
    heading: str = ""
    tools: bool = True
    thinking: bool = True
    usage: bool = False

    def of(self, activity: Activity) -> Activity:
        """What is shown of it; people are always asked what has to be asked."""
        return activity if self.tools else replace(activity, lines="", elsewhere="")

    @property
    def page_chars(self) -> int:
        """How much a page has room for."""
        return MAX_PAGE_CHARS - (units(self.heading) + 1 if self.heading else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A page that is a Discord message, and the webhook that posted it; None: the bot itself did."""

    id: int
    webhook_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContent:
    """One message as it should look."""

    text: str
    buttons: tuple[Button, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    files: tuple[File, ...] = ()


def streaming(
    run_id: int, text: str, thinking: str, activity: Activity = NOTHING, *, style: Style
) -> tuple[PageContent, ...]:
    """The pages of an answer that is still growing; none while there is nothing to show."""
    stop, activity = (Button(Action.STOP, run_id),), style.of(activity)
    if has_content(text):
        pages = paginate(text, limit=style.page_chars, finished=False)
        if len(pages) > style.max_pages:
            goes_on = small("The answer goes on; you will get the whole of it as a file.")
            pages = joined(pages[: style.max_pages], goes_on, style)
    elif has_content(thinking):
        latest = " ".join(thinking[-THINKING_CHARACTERS:].split()) if style.thinking else "Thinking…"
        pages = (small(f"💭 {latest}"),)
    else:
        pages = ()
    return as_messages(joined(pages, activity.text, style), style, buttons=stop, prompts=activity.prompts)


def in_line(activity: Activity, position: int | None) -> Activity:
    """What stands below an answer that waits for its provider; 0 is the end of the wait."""
    if position is None:
        return activity
    told = f"In line: {ordinal(position)}. Many people are asking at once." if position else "It is your turn."
    return replace(activity, note=small(told))


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def waiting(run: Run, activity: Activity, style: Style) -> tuple[PageContent, ...]:
    """The pages of a run that waits for a person."""
    text = style.of(activity).text
    pages, (files, _) = joined(paged(run, style)[: style.max_pages], text, style), attached(activity.files)
    stop = (Button(Action.STOP, run.id),)
    return as_messages(pages, style, buttons=stop, prompts=activity.prompts, files=files)


def paused(run: Run, activity: Activity = NOTHING, *, style: Style, was_shown: bool) -> tuple[PageContent, ...]:
    """The pages of a run that will be gone on with after a restart; none if nothing of it was shown."""
    if not was_shown and not has_content(run.text):
        return ()
    activity = style.of(activity)
    notice = "\n".join(
        filter(
            None, (activity.lines, activity.elsewhere, small("Paused for a restart; the answer goes on in a moment."))
        )
    )
    pages = joined(paged(run, style)[: style.max_pages], notice, style)
    return as_messages(pages, style, buttons=(Button(Action.STOP, run.id),))


def ended(
    run: Run,
    activity: Activity = NOTHING,
    choice: Choice | None = None,
    *,
    told: Iterable[str | None] = (),
    style: Style,
    was_shown: bool = True,
) -> tuple[PageContent, ...]:
    """The pages of a run that has ended; none if it was cancelled before anything of it was shown.

    `told` is more small print, and `choice` which of several answers it is.
    """
    pages = paged(run, style)
    if run.status is Status.CANCELLED and not pages and not was_shown:
        return ()
    (notice, actions), activity = _ending(run), style.of(activity)
    which = None if choice is None else f"Answer {choice.number} of {choice.count}"
    told = [small(sentence) for sentence in (which, run.remark, *told) if sentence]
    notice = "\n".join(filter(None, (notice, *told)))
    if activity.lines:
        actions = (*actions, Action.CALLS)
    buttons, files = (*(Button(action, run.id) for action in actions), *_others(run, choice)), activity.files
    if len(pages) > style.max_pages:
        notice = "\n".join(filter(None, (notice, small("The whole answer is in the attached file."))))
        pages, files = pages[: style.max_pages], (File(name=ANSWER_FILE_NAME, content=run.text.encode()), *files)
    files, left_out = attached(files)
    below = "\n".join(filter(None, (activity.lines, activity.elsewhere, left_out, notice)))
    return as_messages(joined(pages, below, style), style, buttons=buttons, files=files)


def _others(run: Run, choice: Choice | None) -> tuple[Button, ...]:
    """The way to the answers before and after the one that is shown."""
    if choice is None:
        return ()
    ways = (Action.PREVIOUS, choice.number - 1), (Action.NEXT, choice.number + 1)
    return tuple(Button(action, run.id, number) for action, number in ways if 0 < number <= choice.count)


def _ending(run: Run) -> tuple[str, tuple[Action, ...]]:
    """The small print below an answer, and what can be done next."""
    match run.status:
        case Status.COMPLETED if has_content(run.text):
            return "", (Action.REGENERATE,)
        case Status.COMPLETED:
            return small("The model answered with nothing."), (Action.REGENERATE,)
        case Status.INCOMPLETE if run.incomplete_reason is IncompleteReason.MAX_OUTPUT_TOKENS:
            goes_on = (Action.CONTINUE,) if has_content(run.text) else ()
            return small("Cut at the length limit."), (*goes_on, Action.REGENERATE)
        case Status.INCOMPLETE if run.incomplete_reason is IncompleteReason.MAX_STEPS:
            return small("The model asked for tools again and again, so it was stopped."), (Action.REGENERATE,)
        case Status.INCOMPLETE if run.incomplete_reason is IncompleteReason.REPEATED_CALL:
            return small("The model asked for the same call over and over, so it was stopped."), (Action.REGENERATE,)
        case Status.INCOMPLETE:
            sentence = run.failure or "The provider's content filter cut this answer."
            return small(sentence), (Action.REGENERATE,)
        case Status.CANCELLED:
            return small(run.failure or "Stopped."), (Action.REGENERATE,)
        case Status.EXPIRED:
            sentence = run.failure or "This took longer than the host allows, so it was ended."
            return small(sentence), (Action.RETRY,)
        case _:
            sentence = run.failure or "Something went wrong."
            return (small(f"⚠️ {sentence}") if has_content(run.text) else f"⚠️ {sentence}"), (Action.RETRY,)


def small(sentence: str) -> str:
    """A line in Discord's small print."""
    return f"-# {sentence}"


def paged(run: Run, style: Style) -> tuple[str, ...]:
    """The text of an answer as pages."""
    return paginate(run.text, limit=style.page_chars)


def joined(pages: tuple[str, ...], notice: str, style: Style) -> tuple[str, ...]:
    """The pages with a notice below the last one, on a page of its own where it does not fit."""
    if not notice:
        return pages
    if not pages:
        return (notice,)
    last = f"{pages[-1]}\n{notice}"
    return (*pages[:-1], last) if units(last) <= style.page_chars else (*pages, notice)


def as_messages(
    pages: tuple[str, ...],
    style: Style,
    *,
    buttons: tuple[Button, ...],
    prompts: tuple[Prompt, ...] = (),
    files: tuple[File, ...] = (),
) -> tuple[PageContent, ...]:
    """Pages of which the first has the heading, and the last carries all that is not text."""
    if not pages:
        return ()
    if style.heading:
        pages = (f"{style.heading}\n{pages[0]}", *pages[1:])
    last = PageContent(text=pages[-1], buttons=buttons, prompts=prompts, files=files)
    return (*(PageContent(text=page) for page in pages[:-1]), last)
