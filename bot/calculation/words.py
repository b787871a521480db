"""A calculation as people write it, cut into its numbers, names and signs; pure."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from bot.errors import Refusal

# Longer than anything typed by hand, and short enough that the costliest calculation takes a fraction of a second.
MAX_CHARACTERS = 300

# What is written on paper, and on other keyboards, in the signs that the grammar knows.
SIGNS = str.maketrans(
    {
        **dict.fromkeys("\N{MULTIPLICATION SIGN}\N{ASTERISK OPERATOR}·∙⋅", "*"),
        **dict.fromkeys("÷\N{DIVISION SLASH}\N{FRACTION SLASH}", "/"),
        **dict.fromkeys("\N{MINUS SIGN}\N{EN DASH}—", "-"),
        **dict.fromkeys("[{", "("),
        **dict.fromkeys("]}", ")"),
        "²": "^2",
        "³": "^3",
        "π": " pi ",
        "τ": " tau ",
        "√": " √ ",
    }
)

THOUSANDS = r"[0-9]{1,3}(?:(?P<gap>[%s])[0-9]{3})(?:(?P=gap)[0-9]{3})*(?![0-9])"
NUMBER = r"(?P<number>(?:(?:%s|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?)"
OTHERS = r"|(?P<name>log10|log2|[a-z]+)|(?P<sign>\*\*|//|!+|[-+*/%^()√°,])"
GAPS = "'\u2019_ \u00a0\u2009\u202f"
# Between the brackets of a function a comma stands between what it takes, elsewhere also between thousands.
IN_CALL = re.compile(NUMBER % (THOUSANDS % GAPS) + OTHERS, re.IGNORECASE | re.ASCII)
ELSEWHERE = re.compile(NUMBER % (THOUSANDS % ("," + GAPS)) + OTHERS, re.IGNORECASE | re.ASCII)


class Kind(StrEnum):
    """What a word of a calculation is."""

    NUMBER = "number"
    NAME = "name"
    SIGN = "sign"
    END = "end"


class Word(NamedTuple):
    """One word; a number is written without gaps, a name in small letters."""

    kind: Kind
    text: str


# Names that stand between two numbers; no calculation here has a variable called x.
OPERATORS = {"x": "*", "of": "*", "mod": "mod", "div": "//"}


def words_of(written: str) -> tuple[Word, ...]:
    """The words of a calculation, with END as the last.  Raises: Refusal for what is in none."""
    if len(written) > MAX_CHARACTERS:
        raise Refusal(f"A calculation may have {MAX_CHARACTERS} characters, this one has {len(written):,}.")
    text = written.translate(SIGNS).strip().strip("=").rstrip()
    words: list[Word] = []
    are_calls: list[bool] = []  # of the brackets that are open
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        found = (IN_CALL if are_calls and are_calls[-1] else ELSEWHERE).match(text, position)
        if found is None:
            raise Refusal(f"“{text[position]}” is nothing that can be calculated with.")
        if found[0] == "(":
            are_calls.append(bool(words) and words[-1].kind is Kind.NAME)
        elif found[0] == ")" and are_calls:
            are_calls.pop()
        words.append(_word(found))
        position = found.end()
    return (*words, Word(Kind.END, "the end"))


def _word(found: re.Match[str]) -> Word:
    kind, text = Kind(found.lastgroup or Kind.SIGN), found[0].lower()
    if kind is Kind.NUMBER:
        return Word(kind, re.sub(f"[,{GAPS}]", "", text))
    if text in OPERATORS:
        return Word(Kind.SIGN, OPERATORS[text])
    if text == "!!":
        raise Refusal("Write (5!)! for the factorial of a factorial: !! means different things to different people.")
    return Word(kind, "^" if text == "**" else text)
