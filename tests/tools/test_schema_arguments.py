"""Arguments checked by a JSON schema that somebody else wrote, who may mean no good."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.tools.schema_arguments import MAX_SCHEMA_CHARACTERS, MAX_SCHEMA_DEPTH, TOO_MUCH, SchemaArguments

DRAFT_3, DRAFT_4 = (f"http://json-schema.org/draft-0{number}/schema#" for number in (3, 4))
POINT = {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}}, "required": ["x"]}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 1},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
        "way": {"type": "array", "items": {"$ref": "#/$defs/point"}, "maxItems": 3},
        "note": {"type": ["string", "null"]},
    },
    "required": ["city", "note"],
    "additionalProperties": False,
    "$defs": {"point": POINT},
}


def nested(levels: int) -> dict[str, Any]:
    """A schema with so many levels of parameters in each other."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"x": schema}}
    return schema


def doubling(levels: int) -> dict[str, Any]:
    """A short schema that takes 2 to the power of its levels to check."""
    definitions: dict[str, Any] = {str(levels): {"type": "string"}}
    for level in range(levels):
        definitions[str(level)] = {"allOf": [{"$ref": f"#/$defs/{level + 1}"}] * 2}
    return {"type": "object", "properties": {"x": {"$ref": "#/$defs/0"}}, "$defs": definitions}


def inside(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of one argument."""
    return {"type": "object", "properties": {"x": schema}}


def refusal_of_schema(schema: Any) -> str:
    """What is said of a schema that cannot be used."""
    with pytest.raises(Refusal) as refused:
        SchemaArguments(schema)
    return str(refused.value)


def refusal_of(schema: dict[str, Any], written: str) -> str:
    """What is said of arguments that are not right."""
    with pytest.raises(Refusal) as refused:
        SchemaArguments(schema).read(written)
    return str(refused.value)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('{"city": "Bern", "note": null}', {"city": "Bern", "note": None}),
        ('{"city": "Bern", "note": "x", "days": null}', {"city": "Bern", "note": "x"}),
        ('{"city": "Bern", "note": "", "way": [{"x": 1}]}', {"city": "Bern", "note": "", "way": [{"x": 1}]}),
    ],
)
def test_arguments_that_fit_are_read_as_they_are(written: str, read: dict[str, object]) -> None:
    """Null stands for what is left out, except where the schema requires a value."""
    assert SchemaArguments(SCHEMA).read(written) == read


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{", "The arguments are not JSON: "),
        ("[]", "The arguments have to be one JSON object."),
        ('{"city": "\\ud800", "note": ""}', "The arguments hold a number that is not finite, or half a character"),
        ('{"city": "Bern", "note": "", "days": NaN}', "The arguments hold a number that is not finite"),
        ('{"city": "Bern", "note": "", "days": 1e999}', "The arguments hold a number that is not finite"),
        ('{"note": ""}', "The arguments are not right. 'city' is a required property."),
        ('{"city": "Bern", "note": "", "days": 9}', "The arguments are not right. days: 9 is greater than the maximum"),
        ('{"city": "Bern", "note": "", "way": [{"x": "1"}]}', "The arguments are not right. way.0.x: '1' is not of"),
        (
            '{"city": "", "note": 1}',
            "The arguments are not right. city: '' should be non-empty; note: 1 is not of type",
        ),
        ('{"city": "Bern", "note": "", "sky": 1}', "The arguments are not right. Additional properties are not"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_their_place(written: str, told: str) -> None:
    """A model reads what is wrong and where, so that it can do better."""
    assert refusal_of(SCHEMA, written).startswith(told)


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ([], "The JSON schema has to describe an object"),
        ({"type": "array"}, "The JSON schema has to describe an object"),
        ({"type": "object", "properties": {"x": {"type": "text"}}}, "This is not a JSON schema. properties.x.type: "),
        ({"type": "object", "required": "x"}, "This is not a JSON schema. required: "),
        (nested(MAX_SCHEMA_DEPTH), "The JSON schema is nested too deep"),
        ({"type": "object", "description": "x" * MAX_SCHEMA_CHARACTERS}, "The JSON schema is too long"),
        ({"type": "object", "maxProperties": float("inf")}, "The JSON schema holds a number that is not finite"),
        ({"type": "object", "description": "\ud800"}, "The JSON schema holds a number that is not finite, or half a"),
        ({"type": "object", "$schema": []}, "$schema has to be the address of a dialect"),
        ({"type": "object", "$schema": 1}, "$schema has to be the address of a dialect"),
        ({"type": "object", "$schema": "http://["}, "$schema has to be the address of a dialect"),
        ({"type": "object", "$schema": DRAFT_3, "required": True}, "The dialect that $schema names is too old"),
        ({"type": "object", "properties": {"x": {"$ref": "https://evil.example/x.json"}}}, "$ref may only refer to"),
        ({"type": "object", "allOf": [{"$ref": "file:///etc/passwd"}]}, "$ref may only refer to a part of the same"),
        ({"type": "object", "$dynamicRef": "#x"}, "The JSON schema may not use $dynamicRef"),
        ({"type": "object", "properties": {"x": {"$schema": SCHEMA["$schema"]}}}, "$schema may stand only at the top"),
    ],
)
def test_schema_that_cannot_be_used_is_refused(schema: Any, told: str) -> None:
    """Whoever wrote it reads what is wrong, and nothing is fetched from anywhere."""
    assert refusal_of_schema(schema).startswith(told)


@pytest.mark.parametrize(
    ("schema", "written", "told"),
    [
        (doubling(64), '{"x": ""}', TOO_MUCH),
        (inside({"items": {"anyOf": [{"type": "null"}] * 270}}), json.dumps({"x": [1] * 2900}), TOO_MUCH),
        (inside({"allOf": [{"items": {}}] * 300}), json.dumps({"x": [1] * 2900}), TOO_MUCH),
        (inside({"allOf": [{"uniqueItems": True}] * 180}), json.dumps({"x": [{"y": n} for n in range(600)]}), TOO_MUCH),
        ({"type": "object", "$ref": "#"}, "{}", "The arguments cannot be checked"),
        ({"type": "object", "$ref": "#/$defs/gone"}, "{}", "The tool's own schema refers to something that is not in"),
        ({"type": "object", "properties": {"x": {"multipleOf": 0.5}}}, json.dumps({"x": 10**400}), "The arguments can"),
    ],
)
def test_schema_that_would_not_end_is_given_up(schema: dict[str, Any], written: str, told: str) -> None:
    """Neither a bomb nor a loop of references holds up the bot."""
    began = time.process_time()
    assert refusal_of(schema, written).startswith(told)
    assert time.process_time() - began < 2


def deeper(frames: int, do: Callable[[], object]) -> object:
    """What comes of something that is done so many calls further down."""
    return do() if not frames else deeper(frames - 1, do)


def test_loop_of_references_ends_before_python_does() -> None:
    """At Python's own limit, which lies elsewhere in each place, a library of jsonschema's can end the whole bot."""
    arguments = SchemaArguments({"type": "object", "$ref": "#"})
    for frames in range(0, 300, 2):
        with pytest.raises(Refusal, match=TOO_MUCH):
            deeper(frames, lambda: arguments.read("{}"))


def test_much_that_is_honest_is_checked() -> None:
    """A hundred rows of ten columns, and as many different names, are no bomb."""
    row = {"type": "object", "properties": {str(n): {"type": "integer", "minimum": 0} for n in range(10)}}
    rows = {"x": [{str(n): n for n in range(10)}] * 100}
    assert SchemaArguments(inside({"type": "array", "items": row})).read(json.dumps(rows)) == rows
    names = {"x": [str(n) for n in range(500)]}
    unique = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
    assert SchemaArguments(inside(unique)).read(json.dumps(names)) == names


@pytest.mark.parametrize(
    "keywords",
    [
        {"required": ["x"], "properties": {"x": {"$ref": "#/required/0"}}},
        {"required": ["x"], "properties": {"x": {"$ref": "#/required/x"}}},
        {"minProperties": 1, "properties": {"x": {"$ref": "#/minProperties"}}},
        {"$schema": DRAFT_4, "properties": {"x": {"$ref": 5}}},
    ],
)
def test_reference_to_what_is_no_schema_is_a_sentence(keywords: dict[str, Any]) -> None:
    """No error of the library's comes out, where it would end the answer instead of the call."""
    told = refusal_of({"type": "object"} | keywords, '{"x": 1}')
    assert told == "The arguments cannot be checked: the tool's own schema is not right."


@pytest.mark.parametrize(
    "keywords",
    [
        {"properties": {"x": {"pattern": "(a+)+$"}}},
        {"propertyNames": {"pattern": "(a+)+$"}},
        {"patternProperties": {"(a+)+$": {"type": "null"}}, "additionalProperties": False},
        {"patternProperties": {"(a+)+$": True}, "unevaluatedProperties": False},
        {"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"x": {"pattern": "(a+)+$"}}},
        {
            "$schema": SCHEMA["$schema"],
            "properties": {"x": {"$ref": "#/$defs/x"}},
            "$defs": {"x": {"pattern": "(a+)+$"}},
        },
    ],
)
def test_regular_expressions_of_others_are_not_run(keywords: dict[str, Any]) -> None:
    """Each of these would keep the processor busy for longer than anybody lives."""
    long = "a" * 64 + "!"
    assert SchemaArguments({"type": "object"} | keywords).read(json.dumps({"x": long, long: 1}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from([*SCHEMA["properties"], "x", "caller"])  # type: ignore[misc]  # a dict of mixed values


@given(st.text(max_size=50) | (JSON | st.dictionaries(NAMES, JSON)).map(json.dumps))
def test_reading_gives_json_or_a_sentence(written: str) -> None:
    """Whatever a model writes is refused in words, or is JSON that can be sent on."""
    for arguments in (SchemaArguments(SCHEMA), SchemaArguments({"type": "object"})):
        with suppress(Refusal):
            assert json.dumps(arguments.read(written), allow_nan=False)
