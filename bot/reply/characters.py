"""What Discord and a screen make of characters: their count, their columns, where they may be parted; pure."""

from __future__ import annotations

import re
import unicodedata

_SURROGATE = re.compile("[\ud800-\udfff]")

# Drawn as nothing although Unicode calls them letters or symbols: the Hangul fillers and the empty Braille cell.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# Unicode asks to draw all of these as nothing, even those that it has not assigned.
_IGNORED = range(0xE0000, 0xE1000)
_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_HANGUL_LEADS = range(0x1100, 0x1160)
_HANGUL_TAILS = range(0x1160, 0x1200)
_VIRAMA_CLASS = 9

# Kinds of characters that no line begins with: closing brackets and quotes, stops, marks of repetition and length.
_CLOSING = frozenset({"Pe", "Pf", "Po", "Lm"})


def clean(text: str) -> str:
    """The text with `\\n` as its only line end and without halves of surrogate pairs, which UTF-8 cannot carry.

    Two halves that meet, as after two pieces of a stream, become the character they stand for.
    """
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def units(text: str) -> int:
    """The length in UTF-16 code units: what Discord's clients count, never less than the code points its API counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def reach(text: str, start: int, limit: int) -> int:
    """The furthest index such that `text[start:index]` has at most `limit` UTF-16 code units."""
    chunk = text[start : start + limit]
    if not text.isascii():
        chunk = chunk.encode("utf-16-le")[: 2 * limit].decode("utf-16-le", "ignore")
    return start + len(chunk)


def has_content(text: str) -> bool:
    """Whether Discord would take the text as a message: whether anything in it can be seen.

    Discord refuses white space and most invisible characters (error 50006) without saying which, so every
    separator, control and format character counts as nothing here, and so do the marks that only change a neighbour.
    """
    return not all(map(_is_blank, text))


def _is_blank(character: str) -> bool:
    return (
        character.isspace()
        or character in _FILLERS
        or ord(character) in _IGNORED
        or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Mn", "Me", "Zs", "Zl", "Zp"}
    )


def is_wide(character: str) -> bool:
    """Whether a character takes two columns, as ideographs and emoji do; text of these has no spaces to break at."""
    return unicodedata.east_asian_width(character) in "WF"


def columns(text: str) -> int:
    """How many columns of a fixed-width font the text takes."""
    if text.isascii():
        return len(text)
    total, previous, last = 0, "", 0
    for character in text:
        width = _columns_after(previous, character, last)
        total, previous, last = total + width, character, width or last
    return total


def _columns_after(previous: str, character: str, last: int) -> int:
    if character == _EMOJI_STYLE:
        return 1 if last == 1 else 0
    if previous == _JOINER or ord(character) in _SKIN_TONES:
        return 0
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if is_wide(character) else 1


def may_part(text: str, index: int, start: int = 0) -> bool:
    """Whether the characters on both sides of an index may be parted: the boundary of a grapheme cluster.

    Follows the rules of UAX 29 that chat text meets: marks, joiners, flags, skin tones, tags, Hangul, conjuncts.
    `start` is an earlier such boundary; flags are counted in pairs of letters from there.
    """
    if not start < index < len(text):
        return True
    left, right = text[index - 1], text[index]
    if right < "\u0300":
        return left != _JOINER or right.isspace()
    if right == _JOINER or left == _JOINER or _extends(right) or unicodedata.combining(left) == _VIRAMA_CLASS:
        return False
    if ord(right) in _FLAG_LETTERS:
        return _flag_letters_before(text, index, start) % 2 == 0
    return not (ord(right) in _HANGUL_TAILS or (ord(left) in _HANGUL_LEADS and _is_hangul(right)))


def may_break_line(text: str, index: int, start: int = 0) -> bool:
    """Whether a line may end before this index although there is no space: behind an ideograph, an emoji, a flag."""
    left = text[index - 1]
    return (
        (is_wide(left) or ord(left) in _FLAG_LETTERS or left == _EMOJI_STYLE)
        and (index == len(text) or unicodedata.category(text[index]) not in _CLOSING)
        and may_part(text, index, start)
    )


def _extends(character: str) -> bool:
    code = ord(character)
    return unicodedata.category(character)[0] == "M" or code in _SKIN_TONES or code in _TAGS


def _flag_letters_before(text: str, index: int, start: int) -> int:
    first = index
    while first > start and ord(text[first - 1]) in _FLAG_LETTERS:
        first -= 1
    return index - first


def _is_hangul(character: str) -> bool:
    return ord(character) in _HANGUL_LEADS or "\uac00" <= character <= "\ud7a3"
