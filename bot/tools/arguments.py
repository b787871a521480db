"""What a model passes to a tool: told to it as a JSON schema, and checked against the same types."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, make_dataclass
from functools import cached_property
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from bot.errors import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a tool's function; `kind` is its type with its limits and description, as pydantic reads it."""

    name: str
    kind: Any
    default: Any = MISSING


class WithoutTitles(GenerateJsonSchema):
    """A schema without the titles that pydantic makes of the names: they cost tokens and say nothing new."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - interface
        """No field has one."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        """What is left out needs no default of null, which would contradict the type."""
        found = super().default_schema(schema)
        return {name: value for name, value in found.items() if name != "default" or value is not None}


class Arguments:
    """The arguments of one tool; the parameters are read when they are first needed, not at start-up, and once."""

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self._parameters = parameters

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        fields = [(each.name, each.kind, field(default=each.default)) for each in self._parameters]
        strict = {"__pydantic_config__": ConfigDict(extra="forbid")}
        return TypeAdapter(make_dataclass("Arguments", fields, kw_only=True, namespace=strict))

    @cached_property
    def schema(self) -> Mapping[str, Any]:
        """The JSON schema that the model is told."""
        schema = self._adapter.json_schema(schema_generator=WithoutTitles)
        return {name: value for name, value in schema.items() if name != "title"}

    def read(self, written: str) -> dict[str, Any]:
        """The arguments by name, from JSON as a model wrote it; null stands for what is left out.  Raises: Refusal."""
        given = {name: value for name, value in json_object(written).items() if value is not None}
        try:
            return dict(vars(self._adapter.validate_python(given)))
        except ValidationError as exc:
            raise Refusal(f"The arguments are not right. {'; '.join(map(complaint, exc.errors()))}.") from exc


def json_object(written: str) -> dict[str, Any]:
    """The object that a model wrote as JSON.  Raises: Refusal."""
    try:
        passed = json.loads(written)
    except (ValueError, RecursionError) as exc:
        raise Refusal(f"The arguments are not JSON: {exc}.") from exc
    if not isinstance(passed, dict):
        raise Refusal("The arguments have to be one JSON object.")
    return passed


def complaint(error: Any) -> str:
    """pydantic's finding about one argument."""
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
