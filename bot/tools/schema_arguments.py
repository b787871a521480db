"""What a model passes to a tool whose parameters are a JSON schema that somebody else wrote.

jsonschema is imported where it is needed: it takes 2 MB and 30 ms, which only who has such tools should pay.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from bot.errors import Refusal
from bot.messages import one_line
from bot.tools.arguments import json_object

# A model is told the schema with every question: these are about 8000 tokens, all of the default window.
MAX_SCHEMA_CHARACTERS = 32_000
# Arrays and objects in each other; one level of parameters takes two of them.
MAX_SCHEMA_DEPTH = 40
# Of one check of arguments, each up to 25 µs: an honest one takes some hundreds.  Ten lines of a dishonest schema take
# more than there are atoms, and without a reference to itself still a minute, in which nobody gets an answer.
MAX_CHECKS = 20_000
# Checks within checks: a schema without references needs half of it.  Where Python's own limit ends them, a library
# of jsonschema's may panic, which no `except Exception` holds.
MAX_CHECKS_DEPTH = 80
PAIRS_PER_CHECK = 20  # to look whether all parts differ, each is compared with each
TOO_MUCH = "The arguments cannot be checked: there is too much in them, or in the tool's schema."
MAX_FAULTS_NAMED = 5
MAX_FAULT_CHARACTERS = 200
REFERENCE, DIALECT, UNIQUE = "$ref", "$schema", "uniqueItems"
# References whose target depends on the way that led to them.
DYNAMIC = ("$dynamicRef", "$recursiveRef")
# jsonschema checks these by expressions and references of its own count.
UNEVALUATED = ("unevaluatedProperties", "unevaluatedItems")


class SchemaArguments:
    """The arguments of one tool, checked as its schema says.

    Regular expressions in it are told to the model and not checked: a bad one would hold up everybody's answers.
    They reach the tool by name, under names that are its author's: it has to take the caller by position alone.
    """

    def __init__(self, schema: Mapping[str, Any], *, is_checked: bool = False) -> None:
        """Checking a schema takes some 10 ms, which one that was checked before it was stored need not cost again.

        Raises: Refusal, with what is wrong with the schema, and where.
        """
        if not is_checked:
            check_schema(schema)
        self._schema = schema
        self._checks = self._depth = 0

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON schema that the model is told."""
        return self._schema

    def read(self, written: str) -> dict[str, Any]:
        """The arguments by name, from JSON; null stands for what is left out and not required.  Raises: Refusal."""
        from referencing.exceptions import Unresolvable

        required = self._schema.get("required", ())
        passed = json_object(written)
        try:
            sendable(passed)
        except (ValueError, RecursionError) as exc:
            raise Refusal(
                "The arguments hold a number that is not finite, or half a character, or are nested too deep."
            ) from exc
        given = {name: value for name, value in passed.items() if value is not None or name in required}
        self._checks = self._depth = 0
        try:
            faults = sorted(self._validator.iter_errors(given), key=lambda fault: list(map(str, fault.absolute_path)))
        except Unresolvable as exc:
            raise Refusal(f"The tool's own schema refers to something that is not in it: {exc.ref}.") from exc
        except (RecursionError, ArithmeticError) as exc:
            raise Refusal(
                "The arguments cannot be checked: they are nested too deep, or a number is too large."
            ) from exc
        except (TypeError, ValueError, AttributeError) as exc:  # a reference can lead to what is no schema
            raise Refusal("The arguments cannot be checked: the tool's own schema is not right.") from exc
        if faults:
            raise Refusal(f"The arguments are not right. {'; '.join(map(complaint, faults[:MAX_FAULTS_NAMED]))}.")
        return given

    @cached_property
    def _validator(self) -> Any:
        from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it comes without types
        from jsonschema.validators import extend, validator_for  # type: ignore[import-untyped]
        from referencing import Registry

        # A `$schema` would have jsonschema go on with its own keywords instead of these.
        schema = {name: value for name, value in self._schema.items() if name != DIALECT}
        dialect = validator_for(self._schema, default=Draft202012Validator)
        additional = dialect.VALIDATORS["additionalProperties"]

        def counted(keyword: str, check: Any) -> Any:
            def checked(validator: Any, value: Any, instance: Any, within: Any) -> Iterator[Any]:
                pairs = size(instance) ** 2 // PAIRS_PER_CHECK if keyword == UNIQUE else 0
                self._checks += 1 + size(value) + size(instance) + pairs
                self._depth += 1
                try:
                    if self._checks > MAX_CHECKS or self._depth > MAX_CHECKS_DEPTH:
                        raise Refusal(TOO_MUCH)
                    yield from check(validator, value, instance, within) or ()
                finally:
                    self._depth -= 1

            return checked

        def unless_by_pattern(validator: Any, allowed: Any, instance: Any, within: Any) -> Iterator[Any]:
            if "patternProperties" not in within:
                yield from additional(validator, allowed, instance, within)

        unchecked = dict.fromkeys(("pattern", "patternProperties", *UNEVALUATED), leave_alone)
        checks = dialect.VALIDATORS | {"additionalProperties": unless_by_pattern} | unchecked
        # With a registry of its own it fetches nothing from anywhere.
        return extend(dialect, {keyword: counted(keyword, check) for keyword, check in checks.items()})(
            schema, registry=Registry()
        )


def size(value: Any) -> int:
    """How many parts an array or an object has."""
    return len(value) if isinstance(value, list | dict) else 0


def leave_alone(*_: Any) -> None:
    """Finds no fault."""


def sendable(value: Any) -> str:
    """The value as JSON.  Raises: ValueError for what UTF-8 or JSON cannot say, RecursionError."""
    written = json.dumps(value, ensure_ascii=False, allow_nan=False)
    written.encode()  # half of a surrogate pair would break whatever it is sent with
    return written


def check_schema(schema: Mapping[str, Any]) -> None:
    """Raises: Refusal unless it is a JSON schema of an object, of a bearable size, that is whole in itself."""
    from jsonschema import SchemaError

    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise Refusal('The JSON schema has to describe an object: {"type": "object", "properties": {…}}.')
    check_size(schema)
    dialect = dialect_of(schema)
    try:
        dialect.check_schema(schema, format_checker=None)
    except SchemaError as exc:
        raise Refusal(f"This is not a JSON schema. {complaint(exc)}.") from exc


def dialect_of(schema: Mapping[str, Any]) -> Any:
    """How a schema is read.  Raises: Refusal for a dialect that has other words for what is asked of people here."""
    from jsonschema import Draft3Validator, Draft202012Validator
    from jsonschema.validators import validator_for

    try:
        dialect = validator_for(schema, default=Draft202012Validator)
    except (TypeError, ValueError, AttributeError) as exc:
        raise Refusal(f"{DIALECT} has to be the address of a dialect of JSON schemas, or to be left out.") from exc
    if dialect is Draft3Validator:
        raise Refusal(f"The dialect that {DIALECT} names is too old: from draft 4 on they are understood.")
    return dialect


def check_size(schema: Mapping[str, Any]) -> None:
    """Raises: Refusal if it is too large or too deep, or refers to what is not in it."""
    level: list[Any] = [schema]
    for depth in range(MAX_SCHEMA_DEPTH + 1):
        level = [inner for outer in level for inner in parts(outer, is_root=depth == 0)]
        if not level:
            break
    else:
        raise Refusal(f"The JSON schema is nested too deep: {MAX_SCHEMA_DEPTH} levels are the most.")
    try:
        size = len(sendable(schema))
    except ValueError as exc:
        raise Refusal("The JSON schema holds a number that is not finite, or half a character.") from exc
    if size > MAX_SCHEMA_CHARACTERS:
        raise Refusal(f"The JSON schema is too long: {size} characters, of at most {MAX_SCHEMA_CHARACTERS}.")


def parts(value: Any, *, is_root: bool) -> list[Any]:
    """What is directly in an object or an array.  Raises: Refusal for what would lead out of the schema."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict):
        return []
    if not is_root and isinstance(value.get(DIALECT), str):
        raise Refusal(f"{DIALECT} may stand only at the top of the JSON schema.")
    if any(isinstance(value.get(name), str) for name in DYNAMIC):
        raise Refusal(f"The JSON schema may not use {' or '.join(DYNAMIC)}; {REFERENCE} with #/$defs/… works.")
    reference = value.get(REFERENCE)
    if isinstance(reference, str) and not reference.startswith("#"):
        raise Refusal(
            f"{REFERENCE} may only refer to a part of the same schema, such as #/$defs/point, "
            f"not to {one_line(reference, MAX_FAULT_CHARACTERS)}."
        )
    return list(value.values())


def complaint(error: Any) -> str:
    """jsonschema's finding about one place, named by its path."""
    path = ".".join(map(str, error.absolute_path))
    found = one_line(error.message, MAX_FAULT_CHARACTERS)
    return f"{path}: {found}" if path else found
