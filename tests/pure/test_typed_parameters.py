"""Parameters as moderators type them: short lines or JSON become a schema, and every mistake is named."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.tools.options import MAX_NUMBER, Kind, Option, options_of, schema_of
from bot.tools.typed_parameters import EXAMPLE, read_parameters, short_form

LINES = """\
city: string "City name"
unit: "c" | "f" "Unit"
days?: integer 1..7 = 3 "How many"
share?: number ..0.5
loud?: boolean = true
size?: 1 | 2 | 3 = 2
name?: string 2..50 = "a \\"b\\" = c: d" "A: b"\
"""


def test_lines_become_a_schema() -> None:
    """Each line says name, whether it can be left out, type, range, default and description."""
    assert read_parameters(LINES) == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "City name"},
            "unit": {"type": "string", "enum": ["c", "f"], "description": "Unit"},
            "days": {"type": "integer", "minimum": 1, "maximum": 7, "default": 3, "description": "How many"},
            "share": {"type": "number", "maximum": 0.5},
            "loud": {"type": "boolean", "default": True},
            "size": {"type": "integer", "enum": [1, 2, 3], "default": 2},
            "name": {
                "type": "string",
                "minLength": 2,
                "maxLength": 50,
                "default": 'a "b" = c: d',
                "description": "A: b",
            },
        },
        "required": ["city", "unit"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        ("", ""),
        ("  city :string\n\n", "city: string"),
        ("city: string “City name”", 'city: string "City name"'),
        ("days: integer = 3", "days?: integer = 3"),
        ("days: integer 1 .. 7=3", "days?: integer 1..7 = 3"),
        ('unit:"c"|"f""Unit"', 'unit: "c" | "f" "Unit"'),
        ("x?: number -1.5..2e3", "x?: number -1.5..2000.0"),
    ],
)
def test_lines_may_be_typed_in_haste(typed: str, lines: str) -> None:
    """Spaces, quotation marks of phones and a missing question mark change nothing."""
    assert short_form(read_parameters(typed)) == lines


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("city", "a colon is missing between the name and the type"),
        ("City: string", "a name is 1 to 32 of a-z, 0-9, - and _, and may end with ? if it can be left out"),
        (f"{'x' * 33}: string", "a name is 1 to 32 of a-z, 0-9, - and _, and may end with ? if it can be left out"),
        ("x: text", 'text is no type: string, integer, number, boolean, or choices such as "c" | "f"'),
        ("x:", 'nothing is no type: string, integer, number, boolean, or choices such as "c" | "f"'),
        ("x: string Bern", "`Bern` is not understood"),
        ("x: string = Bern", "`= Bern` is not understood"),
        ('x: string "open', '`"open` is not understood'),
        ('x: string "\\q"', '"\\q" cannot be read'),
        ("x: integer 7..1", "the range begins above its end"),
        ("x: integer 0.5..1", "the range takes whole numbers"),
        ("x: integer ..99999999999999999", f"numbers are from {-MAX_NUMBER} to {MAX_NUMBER} here"),
        ("x: string ..6001", "numbers are from 0 to 6000 here"),
        ("x: boolean 0..1", "a boolean has no range"),
        ("x: number = 1e999", "1e999 is too large"),
        ('x: integer = "1"', 'the default "1" is no integer'),
        ("x: boolean = 1", "the default 1 is no boolean"),
        ("x: integer 1..7 = 8", "the default 8 is not within the range"),
        ('x: string 3..5 = "ab"', 'the default "ab" is not within the range'),
        ('x: "a" | "b" = "c"', 'the default "c" is none of the choices'),
        ('x: "a" | 1', "the choices have to be all texts, or all numbers"),
        ('x: "a" | "a"', "a choice is there twice"),
        ('x: "a" | ""', "a choice has 1 to 100 characters"),
        ("x: 1 | 2 1..2", "there are choices or a range, not both"),
        (f"x: {' | '.join(map(str, range(26)))}", "Discord takes 25 choices at most, not 26"),
        (f'x: string "{"d" * 101}"', "a description has at most 100 characters, not 101"),
    ],
)
def test_mistake_is_answered_with_its_line_and_reason(line: str, reason: str) -> None:
    """Right lines around it are not blamed, and an example shows how it goes."""
    with pytest.raises(Refusal) as refused:
        read_parameters(f"a: string\n{line}\nb: string")
    head, fault, example = str(refused.value).split("\n")
    assert (head, example) == ("Parameters:", f"A right line is, for example: `{EXAMPLE}`")
    assert fault.startswith("line 2 (`")
    assert f"`): {reason}" in fault


def test_all_mistakes_are_named_at_once() -> None:
    """Nobody has to send the form once for each; a name that is there twice and too many lines are mistakes too."""
    with pytest.raises(Refusal) as refused:
        read_parameters("\n".join(["a: string", "a: string", "b", *(f"x{number}: string" for number in range(25))]))
    told = str(refused.value)
    assert "line 2 (`a: string`): there is another parameter named a." in told
    assert "line 3 (`b`): a colon is missing" in told
    assert "there are 26, and Discord takes 25 at most." in told


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ('{"type": \n}', "Parameters: this begins like JSON and is none: Expecting value at line 2, character 1."),
        ('{"a":' * 100_000, "Parameters: this begins like JSON and is none"),
        (json.dumps({"properties": {str(each): {} for each in range(26)}}), "Parameters: there are 26, and Discord"),
    ],
)
def test_json_that_cannot_be_a_schema_is_refused(typed: str, reason: str) -> None:
    """With the place of the mistake."""
    with pytest.raises(Refusal) as refused:
        read_parameters(typed)
    assert str(refused.value).startswith(reason)


def test_schema_in_json_is_taken_as_it_is() -> None:
    """Only what lines can say is shown as lines again."""
    schema = {"type": "object", "properties": {"way": {"type": "array", "items": {"type": "number"}}}}
    assert read_parameters(json.dumps(schema)) == schema
    assert short_form(schema) is None
    assert short_form(read_parameters(json.dumps(read_parameters(LINES)))) == LINES


@pytest.mark.parametrize(
    ("described", "option"),
    [
        ({"type": "array"}, Option(name="x", kind=Kind.JSON)),
        ({}, Option(name="x", kind=Kind.JSON)),
        (True, Option(name="x", kind=Kind.JSON)),
        ({"type": ["string", "null"], "maxLength": 5}, Option(name="x", kind=Kind.STRING, high=5)),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}, Option(name="x", kind=Kind.INTEGER)),
        ({"type": "string", "enum": [str(each) for each in range(26)]}, Option(name="x", kind=Kind.STRING)),
        ({"type": "string", "enum": ["a", 1]}, Option(name="x", kind=Kind.JSON)),
    ],
)
def test_schemas_of_others_become_options(described: Any, option: Option) -> None:
    """What people cannot enter by an option they write as JSON; null is what they leave out."""
    assert options_of({"type": "object", "properties": {"x": described}, "required": ["x"]}) == (option,)


SMALL = st.integers(-100, 100)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029“”„«»"))
OPTIONS = st.one_of(
    st.builds(
        Option, name=st.just("a"), kind=st.just(Kind.BOOLEAN), description=TEXT.filter(lambda text: len(text) < 99)
    ),
    st.builds(Option, name=st.just("b"), kind=st.just(Kind.INTEGER), low=SMALL, high=st.integers(100, 200)),
    st.builds(
        Option, name=st.just("c"), kind=st.just(Kind.NUMBER), is_required=st.just(False), default=st.floats(-9, 9)
    ),
    st.builds(
        Option,
        name=st.just("d"),
        kind=st.just(Kind.STRING),
        choices=st.lists(TEXT.filter(lambda text: 0 < len(text) < 100), min_size=1, max_size=5, unique=True).map(tuple),
    ),
)


@given(st.lists(OPTIONS, unique_by=lambda option: option.name))
def test_lines_say_what_options_say(options: list[Option]) -> None:
    """What `show` prints can be typed in again and means the same."""
    schema = schema_of(options)
    lines = short_form(schema)
    assert lines is not None
    assert read_parameters(lines)["properties"] == schema["properties"]


@given(st.text() | st.text('ab:?"|=.0123456789 \n{}[]') | st.text().map(lambda text: "{" + text))
def test_whatever_is_typed_gives_a_schema_or_a_sentence(typed: str) -> None:
    """Nothing that somebody types makes it fail in other ways."""
    with suppress(Refusal):
        assert isinstance(read_parameters(typed), dict)
