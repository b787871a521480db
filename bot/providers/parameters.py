"""Every parameter of a request that hosts and moderators may set, in one table; pure.

What a parameter means and may be, and what each API calls it, stands here and nowhere else: commands offer it,
`docs/parameters.md` prints it, requests are made and refused by it.  Sources: the API references of chat completions,
responses and runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.errors import Refusal
from bot.setting import MAX_SAFE_INTEGER, Group, Kind, Setting, understood


class Api(StrEnum):
    """The wire formats that providers speak; the words are those of `providers.toml`."""

    CHAT_COMPLETIONS = "chat_completions"
    RESPONSES = "responses"
    ASSISTANTS = "assistants"
    COMPLETIONS = "completions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter(Setting):
    """One row.

    `paths` says where each API has it in its body, with dots between levels; one that is absent does not have it, and
    where the path is empty it is no field of its own.
    """

    group: Group = Group.WRITING
    paths: Mapping[Api, str]


def _everywhere(name: str) -> Mapping[Api, str]:
    return dict.fromkeys(Api, name)


def _only(**paths: str) -> Mapping[Api, str]:
    return {Api(api): path for api, path in paths.items()}


PARAMETERS: Mapping[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter(
            name="temperature",
            variable="temperature",
            kind=Kind.NUMBER,
            meaning="How freely the model chooses its words. Reasoning models refuse it.",
            example="0.7",
            low=0,
            high=2,
            paths=_everywhere("temperature"),
        ),
        Parameter(
            name="top_p",
            variable="default_top_p",
            kind=Kind.NUMBER,
            meaning="Only the likeliest words that together have this probability are chosen from.",
            example="0.9",
            low=0,
            high=1,
            paths=_everywhere("top_p"),
        ),
        Parameter(
            name="max_output_tokens",
            variable="max_output_tokens",
            kind=Kind.INTEGER,
            meaning="The longest answer, in tokens, thinking included; it can be continued with a button.",
            example="2048",
            low=16,
            high=1_000_000,
            default=1024,
            note="1024 are about two Discord messages, and an eighth of the default window.",
            paths={},  # a field of its own in every request
        ),
        Parameter(
            name="stop",
            variable="default_stop",
            kind=Kind.TEXTS,
            meaning="Texts before which the model ends its answer.",
            example="END",
            high=4,
            paths=_only(chat_completions="stop", completions="stop"),
        ),
        Parameter(
            name="presence_penalty",
            variable="default_presence_penalty",
            kind=Kind.NUMBER,
            meaning="Above 0 the model rather turns to new subjects.",
            example="0.5",
            low=-2,
            high=2,
            paths=_only(chat_completions="presence_penalty", completions="presence_penalty"),
        ),
        Parameter(
            name="frequency_penalty",
            variable="default_frequency_penalty",
            kind=Kind.NUMBER,
            meaning="Above 0 the model repeats its words less.",
            example="0.5",
            low=-2,
            high=2,
            paths=_only(chat_completions="frequency_penalty", completions="frequency_penalty"),
        ),
        Parameter(
            name="logit_bias",
            variable="default_logit_bias",
            kind=Kind.OBJECT,
            meaning="Makes tokens likelier or rarer, by their ids in the model's vocabulary.",
            example='{"50256": -100}',
            low=-100,
            high=100,
            paths=_only(chat_completions="logit_bias", completions="logit_bias"),
        ),
        Parameter(
            name="seed",
            variable="default_seed",
            kind=Kind.INTEGER,
            meaning="The same seed gives the same answer more often.",
            example="7",
            low=0,
            high=MAX_SAFE_INTEGER,
            paths=_only(chat_completions="seed", completions="seed"),
        ),
        Parameter(
            name="n",
            variable="default_n",
            kind=Kind.INTEGER,
            meaning="How many answers are written, to pick one from; each is paid for.",
            example="3",
            low=1,
            high=8,
            paths=_only(chat_completions="n"),
        ),
        Parameter(
            name="response_format",
            variable="default_response_format",
            kind=Kind.OBJECT,
            meaning="The form of the answer: text, any JSON, or JSON by a schema.",
            example='{"type": "json_object"}',
            paths=_only(chat_completions="response_format", responses="text.format", assistants="response_format"),
        ),
        Parameter(
            name="reasoning_effort",
            variable="default_reasoning_effort",
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
            variable="default_verbosity",
            kind=Kind.CHOICE,
            meaning="How much the model writes.",
            example="low",
            choices=("low", "medium", "high"),
            paths=_only(chat_completions="verbosity", responses="text.verbosity"),
        ),
        Parameter(
            name="service_tier",
            variable="default_service_tier",
            kind=Kind.CHOICE,
            meaning="How soon and at which price the provider works: flex is cheaper and slower, priority the reverse.",
            example="flex",
            choices=("auto", "default", "flex", "scale", "priority", "fast"),
            paths=_only(chat_completions="service_tier", responses="service_tier"),
        ),
        Parameter(
            name="server_tools",
            variable="default_server_tools",
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
