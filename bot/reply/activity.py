"""What a reply shows of its tools: a small line for each call, what people are asked, and all details; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

from bot.messages import one_line
from bot.providers.events import ServerTool
from bot.reply.characters import clean, has_content, reach, units
from bot.tools.model import File, Need, Outcome

# Small lines are for a glance: the newest ones, and of each what fits beside the tool's name on a phone.
MAX_LINES = 5
MAX_LINES_CHARACTERS = 900
MAX_NAME_CHARACTERS = 64
MAX_VALUE_CHARACTERS = 32
MAX_ARGUMENTS_CHARACTERS = 80
MAX_OUTPUT_CHARACTERS = 80
# What is approved has to be read; what is longer than this is in a file besides.
MAX_SHOWN_ARGUMENTS = 700
MAX_QUESTION_CHARACTERS = 700
# Discord's message has 2000 characters and five rows of buttons: what is asked beyond that is asked afterwards.
MAX_PROMPTS_CHARACTERS = 1000
MAX_ROWS = 4  # and one for Stop
MAX_ROW_CHOICES = 4  # as buttons; more are a list to select from, with a row of its own
SECRET = re.compile(r"pass(word|phrase|wd)?|secret|token|api_?key|credential|authorization|cookie", re.IGNORECASE)
HIDDEN = "•••"

MARKS: Mapping[Outcome | None, str] = MappingProxyType(
    {
        None: "⏳",
        Outcome.DONE: "🔧",
        Outcome.ANSWERED: "💬",
        Outcome.SUPPLIED: "✍️",
        Outcome.REFUSED: "🚫",
        Outcome.DENIED: "🚫",
        Outcome.FAILED: "❌",
        Outcome.TIMED_OUT: "⌛",
        Outcome.UNKNOWN: "❔",
    }
)
WORDS: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.ANSWERED: "answered",
        Outcome.SUPPLIED: "output given by a moderator",
        Outcome.REFUSED: "refused",
        Outcome.DENIED: "not approved",
        Outcome.FAILED: "failed",
        Outcome.TIMED_OUT: "took too long",
        Outcome.UNKNOWN: "outcome unknown",
    }
)
BY_PERSON = frozenset({Outcome.ANSWERED, Outcome.SUPPLIED, Outcome.DENIED})  # outcomes that somebody decided
NO_PROGRESS: Mapping[int, str] = MappingProxyType({})


class ShownCall(Protocol):
    """A tool call, as far as it has come."""

    @property
    def id(self) -> int:
        """By which buttons name it."""

    @property
    def run_id(self) -> int:
        """The run that waits for its output."""

    @property
    def name(self) -> str:
        """The tool's."""

    @property
    def arguments(self) -> str:
        """JSON as the model wrote it, which may be broken."""

    @property
    def started_at(self) -> datetime | None:
        """When it was begun."""

    @property
    def ended_at(self) -> datetime | None:
        """When its output was there."""

    @property
    def output(self) -> str | None:
        """What the model is told."""

    @property
    def outcome(self) -> Outcome | None:
        """What came of it."""

    @property
    def need(self) -> Need | None:
        """What it waits for, or waited for, from a person."""

    @property
    def decided_by(self) -> int | None:
        """The person."""

    @property
    def waits(self) -> bool:
        """Whether a person has yet to do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """Something that a person is asked about a call; `choices` are answers to pick from."""

    call_id: int
    run_id: int
    tool: str
    need: Need
    text: str
    choices: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows of buttons it takes."""
        return 2 if len(self.choices) > MAX_ROW_CHOICES else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What stands below an answer: small lines, what people are asked, and files.

    `elsewhere` is of tools that the provider runs, `note` a line for the moment.
    """

    lines: str = ""
    elsewhere: str = ""
    note: str = ""
    prompts: tuple[Prompt, ...] = ()
    files: tuple[File, ...] = ()

    @property
    def text(self) -> str:
        """The lines, and what is asked below them."""
        asked = (prompt.text for prompt in self.prompts)
        return "\n".join(filter(None, (self.lines, self.elsewhere, self.note, *asked)))


NOTHING = Activity()


def activity(
    calls: Sequence[ShownCall], progress: Mapping[int, str] = NO_PROGRESS, elsewhere: Sequence[ServerTool] = ()
) -> Activity:
    """What is to be shown of these calls, oldest first; `progress` is what they last said, by their ids.

    `elsewhere` are the tools that the provider runs itself.
    """
    told = [line(call, progress.get(call.id, "")) for call in calls if not call.waits]
    prompts = first_prompts(tuple(prompt(call) for call in calls if call.waits))
    shown = {prompt.call_id for prompt in prompts if prompt.need is Need.APPROVAL}
    whole = tuple(
        argument_file(call) for call in calls if call.id in shown and units(exact(call)) > MAX_SHOWN_ARGUMENTS
    )
    others = "\n".join(newest([server_line(tool) for tool in elsewhere]))
    return Activity(lines="\n".join(newest(told)), elsewhere=others, prompts=prompts, files=whole)


def newest(lines: list[str]) -> list[str]:
    """The last lines, as many as are read, below a word on those before."""
    shown: list[str] = []
    for each in lines[: -MAX_LINES - 1 : -1]:
        if sum(map(units, shown)) + units(each) <= MAX_LINES_CHARACTERS:
            shown.insert(0, each)
    hidden = len(lines) - len(shown)
    return [f"-# … and {hidden} more before", *shown] if hidden else shown


def first_prompts(prompts: tuple[Prompt, ...]) -> tuple[Prompt, ...]:
    """As many as fit one message, at least one."""
    shown = prompts[:1]
    for each in prompts[1:]:
        more = (*shown, each)
        if sum(one.rows for one in more) > MAX_ROWS or sum(units(one.text) for one in more) > MAX_PROMPTS_CHARACTERS:
            break
        shown = more
    return shown


def argument_file(call: ShownCall) -> File:
    """The whole of the arguments that are too long to be shown."""
    return File(name=f"{call.name}.json", content=written_out(pretty(call.arguments)).encode("utf-8", "replace"))


def exact(call: ShownCall) -> str:
    """The arguments for a block of code, in which nothing is hidden."""
    return fenced(written_out(pretty(call.arguments)))


def written_out(text: str) -> str:
    """The text with the signs that cannot be seen, or that turn others around, as JSON writes them."""
    return "".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text)


def cut(text: str, max_units: int) -> str:
    """As much of a text as Discord counts for so many characters."""
    return text[: reach(text, 0, max_units)]


def line(call: ShownCall, progress: str = "") -> str:
    """A call in one line of small print: the tool, what it got, how long it took, what came of it."""
    parts = [f"{MARKS[call.outcome]} **{named(call)}**", code(glance(call.arguments))]
    if call.outcome is None:
        parts.append(plain(one_line(progress, MAX_OUTPUT_CHARACTERS)))
    else:
        parts += [duration(call), plain(result(call))]
    return "-# " + " · ".join(part for part in parts if part)


def server_line(tool: ServerTool) -> str:
    """A tool of the provider's own in one line of small print: what it does, and what it was asked for."""
    mark = MARKS[Outcome.DONE if tool.is_done else None]
    name = plain(one_line(tool.name.replace("_", " "), MAX_NAME_CHARACTERS))
    asked_for = code(one_line(clean(tool.detail), MAX_ARGUMENTS_CHARACTERS))
    return "-# " + " · ".join(part for part in (f"{mark} **{name}**", asked_for) if part)


def named(call: ShownCall) -> str:
    """The tool's name, which may be one that the model has made up."""
    return plain(one_line(call.name, MAX_NAME_CHARACTERS))


def result(call: ShownCall) -> str:
    """What came of a call in a few words: its output where that is short, else only how it ended."""
    said = (call.output or "").strip()
    if call.outcome is Outcome.DONE:
        return said if len(said) <= MAX_OUTPUT_CHARACTERS and "\n" not in said else "done"
    return WORDS.get(call.outcome, "") if call.outcome is not None else ""


def duration(call: ShownCall) -> str:
    """How long a call took; nothing where it was not carried out by us."""
    if call.started_at is None or call.ended_at is None:
        return ""
    seconds = (call.ended_at - call.started_at) / timedelta(seconds=1)
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def glance(arguments: str) -> str:
    """The arguments on one short line, without what may be secret."""
    try:
        read = without_secrets(json.loads(arguments))
        if isinstance(read, dict):
            shown = [f"{name}: {_glance(value)}" for name, value in read.items() if value is not None]
            return one_line(clean(", ".join(shown)), MAX_ARGUMENTS_CHARACTERS)
    except (ValueError, RecursionError):
        return one_line(unread(arguments), MAX_VALUE_CHARACTERS)
    return one_line(clean(json.dumps(read, ensure_ascii=False)), MAX_VALUE_CHARACTERS)


def _glance(value: Any) -> str:
    return one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), MAX_VALUE_CHARACTERS)


def prompt(call: ShownCall) -> Prompt:
    """What a person is asked about a call that waits."""
    if call.need is Need.ANSWER:
        question, choices = asked(call.arguments)
        return Prompt(
            call_id=call.id,
            run_id=call.run_id,
            tool=call.name,
            need=Need.ANSWER,
            text=f"❓ {question}",
            choices=choices,
        )
    shown = exact(call)
    if units(shown) > MAX_SHOWN_ARGUMENTS:
        shown = cut(shown, MAX_SHOWN_ARGUMENTS) + "\n… (the rest is in the file)"
    return Prompt(
        call_id=call.id,
        run_id=call.run_id,
        tool=call.name,
        need=Need.APPROVAL,
        text=f"⏸️ **{named(call)}** needs your approval. It would be called with exactly this:\n```\n{shown}\n```",
    )


def asked(arguments: str) -> tuple[str, tuple[str, ...]]:
    """The question that a model puts to a person, and the answers it offers, of which something can be seen."""
    read = json.loads(arguments)
    choices = dict.fromkeys(
        one_line(clean(str(choice)), 80) for choice in read.get("choices") or () if has_content(str(choice))
    )
    question = cut(one_line(clean(str(read.get("question", ""))), MAX_QUESTION_CHARACTERS), MAX_QUESTION_CHARACTERS)
    return question if has_content(question) else "…", tuple(choices)


def details(calls: Sequence[ShownCall]) -> str:
    """All about the calls of a run, as Markdown."""
    return clean("\n\n".join(_detail(number, call) for number, call in enumerate(calls, start=1)))


def _detail(number: int, call: ShownCall) -> str:
    ended = "waits for a person" if call.waits else "under way" if call.outcome is None else call.outcome.value
    parts = [ended.replace("_", " "), duration(call)]
    if call.decided_by is not None:
        by = f" by <@{call.decided_by}>"
        parts = [parts[0] + by] if call.outcome in BY_PERSON else [*parts, f"approved{by}"]
    head = ", ".join(filter(None, parts))
    said = "" if call.output is None else f"\nOutput:\n{block(call.output)}"
    return f"{number}. **{named(call)}**: {head}\n{block(pretty(call.arguments, hides=True))}{said}"


def pretty(arguments: str, *, hides: bool = False) -> str:
    """The arguments as they were written, indented where they are JSON; with `hides` without what may be secret."""
    try:
        read = json.loads(arguments)
        return json.dumps(without_secrets(read) if hides else read, ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return unread(arguments) if hides else arguments


def unread(arguments: str) -> str:
    """Arguments that are no JSON, unless they may hold something secret."""
    return HIDDEN if SECRET.search(arguments) else arguments


def without_secrets(value: Any) -> Any:
    """What is read from JSON, without what its names say is secret, however deep it stands."""
    match value:
        case dict():
            return {name: HIDDEN if SECRET.search(name) else without_secrets(each) for name, each in value.items()}
        case list():
            return [without_secrets(each) for each in value]
        case _:
            return value


def block(text: str) -> str:
    """The text in a block of code, which it cannot close."""
    return f"```\n{fenced(text)}\n```"


def fenced(text: str) -> str:
    """The text without the end of a block of code."""
    return re.sub("`(?=`)", "`\u200b", text)


def code(text: str) -> str:
    """The text as code within a line; nothing if there is none."""
    return f"`{text.replace('`', chr(0x2CB))}`" if text.strip() else ""


def plain(text: str) -> str:
    """The text with nothing in it that Discord would draw otherwise, but for its own timestamps and mentions."""
    return re.sub(r"([\\*_~`|#\[\]])", r"\\\1", text)
