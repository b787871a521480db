"""What a reply shows of its tools: short, without secrets, and always fit for one message."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reply.activity import HIDDEN, MAX_ROWS, activity, asked, details, line
from bot.reply.characters import has_content, units
from bot.store.tool_calls import StoredCall
from bot.tools.model import Need, Outcome

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
DONE = StoredCall(
    id=1,
    run_id=7,
    message_id=3,
    position=0,
    call_id="call_1",
    name="roll",
    arguments='{"sides": 6}',
    started_at=BEGAN,
    ended_at=BEGAN + timedelta(milliseconds=40),
    output="1d6: 4",
    outcome=Outcome.DONE,
)
WAITS = replace(DONE, started_at=None, ended_at=None, output=None, outcome=None, need=Need.APPROVAL)


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({}, "-# 🔧 **roll** · `sides: 6` · 40 ms · 1d6: 4"),
        ({"arguments": "{}"}, "-# 🔧 **roll** · 40 ms · 1d6: 4"),
        ({"arguments": '{"broken'}, '-# 🔧 **roll** · `{"broken` · 40 ms · 1d6: 4'),
        ({"arguments": "[1]"}, "-# 🔧 **roll** · `[1]` · 40 ms · 1d6: 4"),
        ({"arguments": '{"a": null, "b": "`x`\\ny"}'}, "-# 🔧 **roll** · `b: \u02cbx\u02cb y` · 40 ms · 1d6: 4"),
        ({"output": "two\nlines"}, "-# 🔧 **roll** · `sides: 6` · 40 ms · done"),
        ({"output": "x" * 81}, "-# 🔧 **roll** · `sides: 6` · 40 ms · done"),
        ({"output": "**bold** <t:1:F>"}, "-# 🔧 **roll** · `sides: 6` · 40 ms · \\*\\*bold\\*\\* <t:1:F>"),
        ({"ended_at": BEGAN + timedelta(seconds=2.34)}, "-# 🔧 **roll** · `sides: 6` · 2.3 s · 1d6: 4"),
        ({"outcome": Outcome.TIMED_OUT}, "-# ⌛ **roll** · `sides: 6` · 40 ms · took too long"),
        ({"outcome": Outcome.DENIED, "started_at": None}, "-# 🚫 **roll** · `sides: 6` · not approved"),
        ({"outcome": None, "output": None}, "-# ⏳ **roll** · `sides: 6` · half way"),
    ],
)
def test_line_tells_of_a_call(changed: dict[str, object], shown: str) -> None:
    """The tool, what it got, how long it took, and what came of it or how far it has come."""
    assert line(replace(DONE, **changed), "half way" if changed.get("outcome", "") is None else "") == shown  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["password", "api_key", "apiKey", "access_token", "Authorization", "client_secret"])
def test_secrets_are_shown_nowhere(name: str) -> None:
    """What is named like a secret is hidden in the line and in the details."""
    call = replace(DONE, arguments=json.dumps({name: "hunter2"}))
    assert HIDDEN in line(call)
    assert "hunter2" not in line(call) + details([call])


@pytest.mark.parametrize(
    ("changed", "head"),
    [
        ({}, "done, 40 ms"),
        ({"decided_by": 5}, "done, 40 ms, approved by <@5>"),
        ({"decided_by": 5, "outcome": Outcome.DENIED, "started_at": None}, "denied by <@5>"),
        ({"decided_by": 5, "outcome": Outcome.ANSWERED, "started_at": None}, "answered by <@5>"),
        ({"decided_by": 5, "outcome": Outcome.SUPPLIED}, "supplied by <@5>"),
        ({"decided_by": 5, "outcome": Outcome.TIMED_OUT}, "timed out, 40 ms, approved by <@5>"),
    ],
)
def test_details_tell_who_decided(changed: dict[str, object], head: str) -> None:
    """Who approved a call, or whose word its output is."""
    assert details([replace(DONE, **changed)]).splitlines()[0] == f"1. **roll**: {head}"  # type: ignore[arg-type]


def test_only_the_newest_lines_are_shown() -> None:
    """Of many calls the last five, below how many there were before them."""
    shown = activity([replace(DONE, id=number, output=str(number)) for number in range(8)]).lines.split("\n")
    assert shown[0] == "-# … and 3 more before"
    assert [text[-1] for text in shown[1:]] == ["3", "4", "5", "6", "7"]


def test_approval_shows_exactly_what_would_be_done() -> None:
    """Every argument as it is; what is too long to be read there comes whole in a file."""
    (prompt,) = activity([replace(WAITS, arguments='{"text": "a```b", "n": 1}')]).prompts
    assert '"n": 1' in prompt.text
    assert prompt.text.count("```") == 2
    long = activity([replace(WAITS, arguments=json.dumps({"text": "x" * 5000}))])
    assert json.loads(long.files[0].content) == {"text": "x" * 5000}


def test_approval_shows_what_would_not_be_seen() -> None:
    """Letters that turn the order around, or that nobody sees, are written out; others stay as they are."""
    hidden = '{"path": "a\u202etxt.exe", "to": "\U000e0041é👩\u200d💻"}'
    (prompt,) = activity([replace(WAITS, arguments=hidden)]).prompts
    assert '"path": "a\\u202etxt.exe",\n  "to": "\\udb40\\udc41é👩\\u200d💻"' in prompt.text


ANYTHING = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=1500)
CALLS = st.lists(
    st.builds(
        replace,
        st.sampled_from([DONE, WAITS, replace(WAITS, need=Need.ANSWER)]),
        name=st.text(min_size=1, max_size=100),
        arguments=st.builds(
            lambda question, choices: json.dumps({"question": question, "choices": choices}),
            ANYTHING,
            st.lists(st.text(max_size=100), max_size=25),
        ),
    ),
    max_size=12,
)


@given(CALLS, st.text(max_size=1500))
def test_activity_always_fits_one_message(calls: list[StoredCall], said: str) -> None:
    """Whatever models and tools write, Discord takes it: at most 2000 characters and five rows."""
    calls = [replace(call, id=number) for number, call in enumerate(calls)]
    shown = activity(calls, dict.fromkeys(range(len(calls)), said))
    assert units(shown.text) <= 2000
    assert details(calls).encode("utf-8").count(b"**") >= len(calls)
    assert sum(prompt.rows for prompt in shown.prompts) <= MAX_ROWS
    assert bool(shown.prompts) == any(call.waits for call in calls)
    assert all(text.startswith("-# ") for text in shown.lines.splitlines())


@pytest.mark.parametrize("count", range(3, 9))
def test_arguments_cannot_leave_their_block(count: int) -> None:
    """However many backticks stand in a row."""
    (prompt,) = activity([replace(WAITS, arguments=json.dumps({"text": "`" * count}))]).prompts
    assert prompt.text.count("```") == 2


@pytest.mark.parametrize("arguments", ['{"password": "hunter2"', '{"a":' * 900 + '{"token": "hunter2"}' + "}" * 900])
def test_secrets_in_what_cannot_be_read_are_hidden(arguments: str) -> None:
    """What may hold one is not shown at all, where nobody can say which part of it is."""
    call = replace(DONE, arguments=arguments)
    assert HIDDEN in line(call)
    assert "hunter2" not in line(call) + details([call])
    assert activity([replace(WAITS, arguments=arguments)]).prompts


@pytest.mark.parametrize("sign", ["x", "`", "```", "😀", "*", "\\", '"', "\u202e", "\n"])
def test_activity_of_the_worst_signs_fits_one_message(sign: str) -> None:
    """What takes more room when it is shown than when it was written is cut all the same."""
    worst = json.dumps({"question": sign * 700, "choices": [sign * 80] * 25})
    for need in Need:
        waits = replace(WAITS, need=need, name=sign * 64, arguments=worst)
        done = replace(DONE, name=sign * 64, arguments=worst, output=sign * 80)
        assert units(activity([waits, *[replace(done, id=number) for number in range(2, 9)]]).text) <= 2000


def test_secrets_within_other_arguments_are_hidden_too() -> None:
    """However deep they stand."""
    call = replace(
        DONE, arguments=json.dumps({"login": {"name": "ada", "password": "hunter2"}, "all": [{"token": "hunter2"}]})
    )
    assert "ada" in details([call])
    assert "hunter2" not in line(call) + details([call])


def test_approval_shows_signs_that_cannot_be_seen() -> None:
    """Nothing that turns or hides other text is drawn: it stands there as JSON writes it."""
    (prompt,) = activity(
        [replace(WAITS, arguments=json.dumps({"to": "a\u202eb\u200bc\U000e0041d", "é": "für\n😀"}))]
    ).prompts
    assert r"a\u202eb\u200bc\udb40\udc41d" in prompt.text
    assert r'"é": "für\n😀"' in prompt.text


def test_question_of_nothing_can_be_shown_and_answered() -> None:
    """Where nothing can be seen of a question a sign stands for it, and such an answer is left out."""
    (prompt,) = activity(
        [replace(WAITS, need=Need.ANSWER, arguments='{"question": " \u200b", "choices": ["a", "\u200b"]}')]
    ).prompts
    assert has_content(asked('{"question": " \u200b"}')[0])
    assert prompt.choices == ("a",)
