"""Whether a text holds what somebody looks for, whatever its case and accents; pure."""

from __future__ import annotations

import re
import unicodedata

QUOTES = '"“”„«»'
# A phrase in any quotes that people's keyboards have, or a word.
TERM = re.compile(f"[{QUOTES}]([^{QUOTES}]+)[{QUOTES}]|(\\S+)")


def folded(text: str) -> str:
    """The text without case, accents and differences in white space: `Ångström` is `angstrom`."""
    if not text.isascii():
        parted = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        text = "".join(sign for sign in parted if unicodedata.category(sign) != "Mn")
    return " ".join(text.casefold().split())


def terms(query: str) -> tuple[str, ...]:
    """The words and the quoted phrases of a query, folded; there may be none."""
    found = (folded(phrase or word.strip(QUOTES)) for phrase, word in TERM.findall(query))
    return tuple(filter(None, found))


def holds(text: str, wanted: tuple[str, ...]) -> bool:
    """Whether all terms are in a text, in any order, also as parts of words: many scripts put no spaces between."""
    among = folded(text)
    return all(term in among for term in wanted)
