"""Which names somebody means who writes patterns; pure."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

NOT = "!"


@dataclass(frozen=True, slots=True)
class Patterns:
    """Names in which * stands for anything, in any order: those that one matches, but none that one with ! matches.

    Where all have an !, every other name is meant; where there are none, no name is.
    """

    texts: tuple[str, ...] = ()

    def cover(self, *names: str) -> bool:
        """Whether something is meant that goes by these names."""
        excluded = [text.removeprefix(NOT) for text in self.texts if text.startswith(NOT)]
        if matched(names, excluded):
            return False
        included = [text for text in self.texts if not text.startswith(NOT)]
        return matched(names, included) if included else bool(excluded)


def matched(names: tuple[str, ...], patterns: list[str]) -> bool:
    """Whether one of the patterns matches one of the names."""
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


EVERYTHING, NOTHING = Patterns(("*",)), Patterns()
