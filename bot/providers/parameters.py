"""Every parameter of a request that hosts and moderators may set, in one table; pure.

What a parameter means and may be, and what each API calls it, stands here and nowhere else: commands offer it,
`docs/parameters.md` prints it, requests are made and refused by it.  Sources: the API references of chat completions,
responses and runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeGuard

from bot.errors import Refusal


class Api(StrEnum):
    """The wire formats that providers speak; the words are those of `providers.toml`."""

    CHAT_COMPLETIONS = "chat_completions"
    RESPONSES = "responses"
    ASSISTANTS = "assistants"
    COMPLETIONS = "completions"


class Kind(StrEnum):
    """What a value is."""

    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    TEXTS = "texts"  # written with | in between
    OBJECT = "object"  # written as JSON
    MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One row: `low` and `high` bound a number, or each value of an object, or how many texts there may be.

    `paths` says where each API has it in its body, with dots between levels; one that is absent does not have it, and
    where the path is empty it is no field of its own.
    """

    name: str
    kind: Kind
    meaning: str
    example: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    paths: Mapping[Api, str]

    @property
    def range(self) -> str:
        """What it may be, in words."""
        match self.kind:
            case Kind.NUMBER | Kind.INTEGER:
                whole = "a whole number" if self.kind is Kind.INTEGER else "a number"
                return f"{whole} from {self.low:,.16g} to {self.high:,.16g}" if self.high is not None else whole
            case Kind.BOOLEAN:
                return "true or false"
            case Kind.CHOICE:
                return f"one of {', '.join(self.choices)}"
            case Kind.TEXTS:
                texts = f"of {', '.join(self.choices)}," if self.choices else "texts"
                return f"up to {self.high:,.16g} {texts} with | in between"
            case Kind.OBJECT if self.high is not None:
                return f"a JSON object of numbers from {self.low:,.16g} to {self.high:,.16g}"
            case Kind.OBJECT:
                return "a JSON object"
            case Kind.MODEL:
                return "a model, as it is offered while you type"


def _everywhere(name: str) -> Mapping[Api, str]:
    return dict.fromkeys(Api, name)


def _only(**paths: str) -> Mapping[Api, str]:
    return {Api(api): path for api, path in paths.items()}


# Whole numbers that every JSON reader takes as they are.
MAX_SAFE_INTEGER = 2.0**53 - 1
MAX_TEXT_CHARACTERS = 100
# No provider takes a schema of more, and what is stored has to be written again from wherever a request is made.
MAX_LEVELS = 64
MAX_MODEL_CHARACTERS = 200

PARAMETERS: Mapping[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter(
            name="temperature",
            kind=Kind.NUMBER,
            meaning="How freely the model chooses its words. Reasoning models refuse it.",
            example="0.7",
            low=0,
            high=2,
            paths=_everywhere("temperature"),
        ),
        Parameter(
            name="top_p",
            kind=Kind.NUMBER,
            meaning="Only the likeliest words that together have this probability are chosen from.",
            example="0.9",
            low=0,
            high=1,
            paths=_everywhere("top_p"),
        ),
        Parameter(
            name="max_output_tokens",
            kind=Kind.INTEGER,
            meaning="The longest answer, in tokens, thinking included; it can be continued with a button.",
            example="2048",
            low=16,
            high=1_000_000,
            paths={},  # a field of its own in every request
        ),
        Parameter(
            name="stop",
            kind=Kind.TEXTS,
            meaning="Texts before which the model ends its answer.",
            example="END",
            high=4,
            paths=_only(chat_completions="stop", completions="stop"),
        ),
        Parameter(
            name="presence_penalty",
            kind=Kind.NUMBER,
            meaning="Above 0 the model rather turns to new subjects.",
            example="0.5",
            low=-2,
            high=2,
            paths=_only(chat_completions="presence_penalty", completions="presence_penalty"),
        ),
        Parameter(
            name="frequency_penalty",
            kind=Kind.NUMBER,
            meaning="Above 0 the model repeats its words less.",
            example="0.5",
            low=-2,
            high=2,
            paths=_only(chat_completions="frequency_penalty", completions="frequency_penalty"),
        ),
        Parameter(
            name="logit_bias",
            kind=Kind.OBJECT,
            meaning="Makes tokens likelier or rarer, by their ids in the model's vocabulary.",
            example='{"50256": -100}',
            low=-100,
            high=100,
            paths=_only(chat_completions="logit_bias", completions="logit_bias"),
        ),
        Parameter(
            name="seed",
            kind=Kind.INTEGER,
            meaning="The same seed gives the same answer more often.",
            example="7",
            low=0,
            high=MAX_SAFE_INTEGER,
            paths=_only(chat_completions="seed", completions="seed"),
        ),
        Parameter(
            name="n",
            kind=Kind.INTEGER,
            meaning="How many answers are written, to pick one from; each is paid for.",
            example="3",
            low=1,
            high=8,
            paths=_only(chat_completions="n"),
        ),
        Parameter(
            name="response_format",
            kind=Kind.OBJECT,
            meaning="The form of the answer: text, any JSON, or JSON by a schema.",
            example='{"type": "json_object"}',
            paths=_only(chat_completions="response_format", responses="text.format", assistants="response_format"),
        ),
        Parameter(
            name="reasoning_effort",
            kind=Kind.CHOICE,
            meaning="How long a reasoning model thinks before it answers; which of these a model knows is its own.",
            example="low",
            choices=("none", "minimal", "low", "medium", "high", "xhigh", "max"),
            paths=_only(
                chat_completions="reasoning_effort", responses="reasoning.effort", assistants="reasoning_effort"
            ),
        ),
        Parameter(
            name="verbosity",
            kind=Kind.CHOICE,
            meaning="How much the model writes.",
            example="low",
            choices=("low", "medium", "high"),
            paths=_only(chat_completions="verbosity", responses="text.verbosity"),
        ),
        Parameter(
            name="service_tier",
            kind=Kind.CHOICE,
            meaning="How soon and at which price the provider works: flex is cheaper and slower, priority the reverse.",
            example="flex",
            choices=("auto", "default", "flex", "scale", "priority", "fast"),
            paths=_only(chat_completions="service_tier", responses="service_tier"),
        ),
        Parameter(
            name="server_tools",
            kind=Kind.TEXTS,
            meaning="Which of the provider's own tools the model may use, of those that the host lists.",
            example="web_search",
            high=3,
            # Not image_generation: what it makes could not be shown yet.
            choices=("web_search", "file_search", "code_interpreter"),
            paths=_only(responses=""),  # tools of the request, each as the host describes it
        ),
    )
}


def parsed(name: str, text: str) -> Any:
    """What somebody wrote as the value of a parameter.  Raises: Refusal, which names it, its range and an example."""
    parameter = PARAMETERS.get(name)
    if parameter is None:
        raise Refusal(f"There is no parameter `{name}`: there are {', '.join(PARAMETERS)}.")
    return understood(parameter, text)


def understood(parameter: Parameter, text: str) -> Any:
    """What somebody wrote, as the value it means.  Raises: Refusal, with the parameter's range and an example."""
    try:
        return checked(parameter, _read(parameter.kind, text.strip()))
    except (ValueError, RecursionError):
        raise _complaint(parameter) from None


def written(parameter: Parameter, value: Any) -> str:
    """A value as somebody would write it."""
    match parameter.kind:
        case Kind.NUMBER | Kind.INTEGER | Kind.CHOICE | Kind.MODEL:
            return str(value)
        case Kind.BOOLEAN:
            return "true" if value else "false"
        case Kind.TEXTS:
            return "|".join(value)
        case Kind.OBJECT:
            return json.dumps(value, ensure_ascii=False)


def checked(parameter: Parameter, value: Any) -> Any:
    """The value, if it may be one.  Raises: ValueError."""
    low, high = parameter.low, parameter.high
    match parameter.kind, value:
        case ((Kind.NUMBER | Kind.INTEGER), int() | float()) if not isinstance(value, bool):
            if parameter.kind is Kind.INTEGER and value != int(value):
                raise ValueError
            if (low is None or low <= value) and (high is None or value <= high):
                return int(value) if parameter.kind is Kind.INTEGER else value
        case Kind.BOOLEAN, bool():
            return value
        case Kind.CHOICE, str() if value in parameter.choices:
            return value
        case Kind.TEXTS, list() if 0 < len(value) <= (high or 1):
            if all(_is_text(text, parameter.choices) for text in value):
                return value
        case Kind.MODEL, str() if is_model(value):
            return value
        case Kind.OBJECT, dict() if value and (high is None or all(_is_within(low, n, high) for n in value.values())):
            return value
    raise ValueError


def fields(parameters: Mapping[str, Any], api: Api) -> dict[str, Any]:
    """The parameters as this API has them in its body; those that it does not have are left out."""
    body: dict[str, Any] = {}
    for name, value in parameters.items():
        path = PARAMETERS[name].paths.get(api)
        if not path:
            continue
        *levels, last = path.split(".")
        inner = body
        for level in levels:
            inner = inner.setdefault(level, {})
        inner[last] = value
    return body


def is_model(value: Any) -> TypeGuard[str]:
    """Whether it can be the name of a model: a text on one line, of signs that can be seen."""
    return isinstance(value, str) and 0 < len(value) <= MAX_MODEL_CHARACTERS and value.isprintable()


def _read(kind: Kind, text: str) -> Any:
    match kind:
        case Kind.NUMBER:
            return float(text)
        case Kind.INTEGER:
            return int(text)
        case Kind.BOOLEAN:
            return {"true": True, "false": False}.get(text.lower())
        case Kind.CHOICE:
            return text.lower()
        case Kind.MODEL:
            return text
        case Kind.TEXTS:
            return [part for part in text.split("|") if part]
        case Kind.OBJECT:
            value = json.loads(text)
            if _is_deeper(value, MAX_LEVELS):
                raise ValueError
            json.dumps(value, allow_nan=False)  # Python's reader takes numbers that are none, and no provider does
            return value


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def _is_text(value: Any, choices: tuple[str, ...]) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT_CHARACTERS and (not choices or value in choices)


def _is_within(low: float | None, value: Any, high: float | None) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and (low is None or value >= low) and (high is None or value <= high)


def _complaint(parameter: Parameter) -> Refusal:
    return Refusal(f"`{parameter.name}` has to be {parameter.range}; for example `{parameter.example}`.")
