"""Which tools a model is told of at once, and `find_tool`, by which it gets at the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, replace
from functools import lru_cache
from math import inf
from typing import Annotated

from pydantic import Field

from bot.messages import ToolSpec, one_line
from bot.tools.arguments import Arguments, Parameter

FIND_TOOL = "find_tool"
DESCRIPTION = "Find further tools, to be called next."
MAX_HINTS = 20  # names of such tools, so that a model knows what to look for; more would cost what is to be saved
MAX_QUERY_CHARACTERS = 200
MAX_FOUND = 5  # more than one is needed at once rarely, and each takes its part of the window
MAX_DESCRIPTION_CHARACTERS = 200  # to choose by; the whole comes with the tool
# Models choose worse among more: OpenAI advises fewer than 20, and none that is in use can take more than 128.
MAX_OFFERED = 25
# What a tool says is the same in each step, and to count 200 of them anew takes 40 ms.
MAX_COUNTED = 2048
# What a match is worth by where it is.
IN_NAME, IN_DESCRIPTION, IN_PARAMETERS = 4.0, 2.0, 1.0
SHORTEST_STEM = 3  # "roll" finds "rolls", and "a" not everything

FOUND = re.compile(r"^- ([A-Za-z0-9_-]{1,64}): ", re.MULTILINE)
WORD = re.compile(r"[^\W_]+")

QUERY = Arguments(
    [Parameter(name="query", kind=Annotated[str, Field(description="What it should do")], default=MISSING)]
)


class Room:
    """How many tokens of a request the tools may take."""

    def __init__(self, *, max_tokens: float = inf, count_tokens: Callable[[str], int] = len) -> None:
        self._max_tokens = max_tokens
        self._count = lru_cache(MAX_COUNTED)(count_tokens)

    def for_all(self, specs: Sequence[ToolSpec]) -> bool:
        """Whether a model can be told of all of these at once."""
        return len(specs) <= MAX_OFFERED and sum(map(self._cost, specs)) <= self._max_tokens

    def beside(self, finder: ToolSpec, specs: Iterable[ToolSpec]) -> list[ToolSpec]:
        """As many of these as there is room for beside the function that finds the rest: the shortest."""
        room, fitting = self._max_tokens - self._cost(finder), list[ToolSpec]()
        for spec in sorted(specs, key=lambda spec: (self._cost(spec), spec.name))[: MAX_OFFERED - 1]:
            room -= self._cost(spec)
            if room < 0:
                break
            fitting.append(spec)
        return fitting

    def _cost(self, spec: ToolSpec) -> int:
        return self._count(spec.words)


def announcing(finder: ToolSpec, further: Sequence[str]) -> ToolSpec:
    """The function that finds the rest, with the names of some that it finds."""
    more = ["and more"] if len(further) > MAX_HINTS else []
    hints = ", ".join([*further[:MAX_HINTS], *more])
    return replace(finder, description=f"{finder.description} There are: {hints}.")


def listed(specs: Iterable[ToolSpec], query: str) -> str:
    """What a model is told of the tools that fit its words best."""
    found = best(specs, query[:MAX_QUERY_CHARACTERS])
    if not found:
        return "No tool fits these words. Try others, one or two that say what it should do."
    lines = (f"- {spec.name}: {one_line(spec.description, MAX_DESCRIPTION_CHARACTERS)}" for spec in found)
    return "\n".join(["These can be called now:", *lines])


def found_in(outputs: Iterable[str]) -> tuple[str, ...]:
    """The names of the tools that a model was told of in these outputs, each once, in their order."""
    return tuple(dict.fromkeys(name for output in outputs for name in FOUND.findall(output)))


def best(specs: Iterable[ToolSpec], query: str) -> list[ToolSpec]:
    """The tools that fit some words best; a word that fits few of them counts more than one that fits many."""
    asked = words(query)
    worths = {spec.name: worth(spec, asked) for spec in specs}
    fits = {word: sum(1 for each in worths.values() if each[word]) for word in asked}
    scores = {name: sum(each[word] / fits[word] for word in asked if fits[word]) for name, each in worths.items()}
    ranked = sorted((spec for spec in specs if scores[spec.name]), key=lambda spec: (-scores[spec.name], spec.name))
    return ranked[:MAX_FOUND]


def worth(spec: ToolSpec, asked: set[str]) -> dict[str, float]:
    """How well a tool fits each of the words."""
    parameters = json.dumps(dict(spec.parameters), ensure_ascii=False)
    places = ((spec.name, IN_NAME), (spec.description, IN_DESCRIPTION), (parameters, IN_PARAMETERS))
    there = [(words(text), value) for text, value in places]
    return {word: max((value for said, value in there if is_among(word, said)), default=0.0) for word in asked}


def is_among(word: str, said: set[str]) -> bool:
    """Whether a word, or one that begins like it, is among others."""
    return word in said or any(
        min(len(word), len(other)) >= SHORTEST_STEM and (word.startswith(other) or other.startswith(word))
        for other in said
    )


def words(text: str) -> set[str]:
    """The words of a text, in lower case."""
    return set(WORD.findall(text.casefold()))
