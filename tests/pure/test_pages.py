"""Answers as Discord messages: pages, fences, tables, and what must not be parted."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reply.characters import clean, has_content
from bot.reply.pages import paginate

LIMIT = 200

# A busy machine is no failure, and a failure is one on every machine.
PROPERTY = settings(deadline=None, derandomize=True)

WORD = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Zs")), min_size=1, max_size=12
) | st.sampled_from(["the", "word", "ist", "größer", "你好世界", "שלום", "مرحبا", "नमस्ते"])
ATOMS = (
    "[a link](https://example.org/path_(x)?q=1)",
    "https://example.org/a/very/long/path?with=query&and=more",
    "<:custom:123456789012345678>",
    "<a:moving:123456789012345678>",
    "<@123456789012345678>",
    "<#123456789012345678>",
    "<@&123456789012345678>",
    "</ask:123456789012345678>",
    "<t:1700000000:R>",
    "👩‍👩‍👧‍👦",
    "🇩🇪",
    "👍🏽",
    "1️⃣",
    "❤️",
    "\\*",
)
ATOM = st.sampled_from(ATOMS)
SENTENCE = st.lists(WORD | ATOM, min_size=1, max_size=30).map(" ".join)
PARAGRAPH = st.lists(st.from_regex(r"[A-Za-zäöü]{1,12}[.,]?", fullmatch=True), min_size=1, max_size=60).map(" ".join)
LIST = st.lists(PARAGRAPH.map(lambda line: "- " + line[:150]), min_size=1, max_size=5).map("\n".join)
CODE_LINE = st.from_regex(r" {0,8}[a-z(){}=.;]{0,60}", fullmatch=True)
FENCE = st.builds(
    lambda language, lines: "\n".join(["```" + language, *lines, "```"]),
    st.sampled_from(["", "python", "c++"]),
    st.lists(CODE_LINE, max_size=20),
)
TABLE = st.integers(1, 4).flatmap(
    lambda count: st.lists(
        st.lists(st.from_regex(r"[a-z你😀 ]{1,8}", fullmatch=True), min_size=count, max_size=count),
        min_size=1,
        max_size=9,
    ).map(lambda rows: "\n".join("| " + " | ".join(row) + " |" for row in [rows[0], ["---"] * count, *rows[1:]]))
)
HEADING = st.builds(lambda level, title: "#" * level + " " + title[:60], st.integers(1, 6), PARAGRAPH)
MARKDOWN = st.lists(SENTENCE | PARAGRAPH | LIST | FENCE | TABLE | HEADING, max_size=8).map("\n\n".join)
ANY_TEXT = st.text(max_size=600) | st.text("`~|*_-[]()<>#\\ \n\taß你😀\u200d\u0301\u200b:1.!", max_size=900) | MARKDOWN


def units(text: str) -> int:
    """The length as JavaScript has it."""
    return len(text.encode("utf-16-le")) // 2


def squeeze(text: str) -> str:
    """The text without white space and without the characters that a page may leave out or put in."""
    return re.sub(r"[\s\u200b\x1c-\x1f\x85]+", "", text)


def assert_valid(pages: tuple[str, ...], limit: int) -> None:
    """Discord would take every page as it is, and would see its fences as they are meant."""
    for page in pages:
        assert 1 <= units(page) <= limit
        assert has_content(page)
        assert page == page.strip()
        assert page.count("```") % 2 == 0
        page.encode("utf-8")


@PROPERTY
@given(ANY_TEXT, st.booleans())
def test_every_page_is_valid_for_discord(text: str, finished: bool) -> None:
    """No text makes a page that is too long, empty, or leaves a fence open."""
    assert_valid(paginate(text, limit=LIMIT, finished=finished), LIMIT)


@PROPERTY
@given(st.lists(st.text(max_size=80) | SENTENCE, max_size=12).map("\n".join))
def test_nothing_is_lost_and_nothing_doubled_in_plain_text(text: str) -> None:
    """Without anything that Discord draws differently, the pages are the text but for white space."""
    plain = re.sub(r"[`~|#!]", "", text)
    expected = squeeze(clean(plain)) if has_content(plain) else ""
    pages = paginate(plain, limit=LIMIT)
    blank = [character for character in expected if not has_content(character)]
    if blank:  # a page of nothing that can be seen is left out
        expected = "".join(character for character in expected if has_content(character))
        pages = tuple("".join(character for character in page if has_content(character)) for page in pages)
    assert squeeze("".join(pages)) == expected


@PROPERTY
@given(
    st.lists(
        st.sampled_from(["the", "größer", "你好世界", "שלום", "नमस्ते", "e\u0301", "z" * 300]) | ATOM,
        min_size=1,
        max_size=80,
    )
)
def test_atoms_stay_whole(words: list[str]) -> None:
    """A link, a URL, a mention, an emoji or an escape is never parted between two pages."""
    pages = paginate(" ".join(words), limit=LIMIT)
    for atom in ATOMS:
        assert sum(page.count(atom) for page in pages) == " ".join(words).count(atom)


@PROPERTY
@given(st.lists(ATOM, min_size=1, max_size=80))
def test_atoms_stay_whole_without_spaces(words: list[str]) -> None:
    """Where there is no space to break at, a page ends between two atoms."""
    words = [word for word in words if not word.startswith("http")]
    pages = paginate("".join(words), limit=LIMIT)
    for page in pages:
        while words and page.startswith(words[0]):
            page = page.removeprefix(words.pop(0))
        assert not page


@PROPERTY
@given(st.lists(PARAGRAPH | LIST | FENCE, min_size=1, max_size=6).map("\n\n".join), st.data())
def test_finished_pages_of_a_growing_text_stay(text: str, data: st.DataObject) -> None:
    """As paragraphs, lists and code grow, only the last page changes."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    shown: tuple[str, ...] = ()
    for cut in [*cuts, len(text)]:
        pages = paginate(text[:cut], limit=LIMIT, finished=False)
        assert pages[: len(shown[:-1])] == shown[:-1]
        shown = pages
    assert paginate(text, limit=LIMIT)[: len(shown[:-1])] == shown[:-1]


@PROPERTY
@given(st.lists(PARAGRAPH | LIST | FENCE | TABLE | HEADING, min_size=1, max_size=8).map("\n\n".join))
def test_drawing_it_otherwise_loses_and_doubles_no_word(text: str) -> None:
    """Tables, code and headings hold the letters they came with, in their order."""
    (page,) = paginate(text, limit=1_000_000) or ("",)
    assert re.sub(r"\W", "", page) == re.sub(r"\W", "", text)


@PROPERTY
@given(st.lists(CODE_LINE, min_size=1, max_size=60).filter(lambda lines: any(map(str.strip, lines))))
def test_code_is_reopened_with_its_language_and_keeps_its_lines(lines: list[str]) -> None:
    """Each page of a long block is a block of its own; together they hold the same lines."""
    pages = paginate("\n".join(["~~~~python", *lines, "~~~~"]), limit=LIMIT)
    inside = [re.fullmatch(r"```python\n(.*)\n```", page, re.DOTALL) for page in pages]
    assert all(inside)
    shown = [line for match in inside if match for line in match[1].split("\n") if line.strip()]
    assert shown == [line.rstrip() for line in lines if line.strip()]


EXAMPLES = {
    "paragraphs part at the blank line": (
        "one two three four five six seven eight nine.\n\nten eleven twelve. thirteen",
        64,
        ("one two three four five six seven eight nine.", "ten eleven twelve. thirteen"),
    ),
    "sentences part at their end": (
        "One two three four five six seven eight nine. Ten eleven twelve thirteen.",
        64,
        ("One two three four five six seven eight nine.", "Ten eleven twelve thirteen."),
    ),
    "a heading goes with what it heads": (
        "one two three four five six seven eight nine\n\n## Next\nten eleven twelve",
        64,
        ("one two three four five six seven eight nine", "## Next\nten eleven twelve"),
    ),
    "list items stay whole": (
        "- one two three four five\n- six seven eight nine\n- ten eleven twelve",
        64,
        ("- one two three four five\n- six seven eight nine", "- ten eleven twelve"),
    ),
    "a list's number stays with its item": (
        "one two three four five six seven eight nine ten\n12. eleventwelve",
        64,
        ("one two three four five six seven eight nine ten", "12. eleventwelve"),
    ),
    "bold text stays whole where it can": (
        "one two three four five six seven eight nine **ten eleven twelve**",
        64,
        ("one two three four five six seven eight nine", "**ten eleven twelve**"),
    ),
    "inline code stays whole where it can": (
        "one two three four five six seven eight nine `ten eleven twelve nn`",
        64,
        ("one two three four five six seven eight nine", "`ten eleven twelve nn`"),
    ),
    "a deep heading becomes bold": ("#### A **deep** one ##", 100, ("**A deep one**",)),
    "a sharp is no end of a heading": ("#### C#", 100, ("**C#**",)),
    "an image becomes a link": ("See ![a cat](https://a.b/c.png).", 100, ("See [a cat](https://a.b/c.png).",)),
    "an image in inline code stays": ("`![a](b)` ![a](b)", 100, ("`![a](b)` [a](b)",)),
    "an open fence is closed": ("```py\nx = 1", 100, ("```py\nx = 1\n```",)),
    "a fence of tildes becomes one of backticks": ("~~~\nx\n~~~", 100, ("```\nx\n```",)),
    "a fence inside a longer fence is shown": (
        "````md\n```py\nx\n```\n````",
        100,
        ("```md\n``\u200b`py\nx\n``\u200b`\n```",),
    ),
    "an indented fence loses its indent only": (
        "1. First:\n   ```py\n   if x:\n       y\n   ```",
        100,
        ("1. First:\n```py\nif x:\n    y\n```",),
    ),
    "a fence behind a list marker is a fence": ("1. ```py\n   x\n   ```\n2. b", 100, ("1.\n```py\nx\n```\n2. b",)),
    "a fence in a quote is a fence": ("> See\n> ```py\n>   x\n> ```\n> y", 100, ("> See\n```py\n  x\n```\n> y",)),
    "a file name behind the language is kept": ("```py title=a.py\nx\n```", 100, ("title=a.py\n```py\nx\n```",)),
    "inline code of three backticks gets two": ("so ```x``` here", 100, ("so ``x`` here",)),
    "three lonely backticks open nothing": ("type ``` here", 100, ("type ``\u200b` here",)),
    "a table becomes columns": (
        "| Name | Count |\n|:-----|------:|\n| `a|b` | 3 |\n| **你好** | 12 |",
        100,
        ("```\nName | Count\n-----+------\na|b  |     3\n你好 |    12\n```",),
    ),
    "a table in a fence is code": ("```\na | b\n--|--\n```", 100, ("```\na | b\n--|--\n```",)),
    "a table with links becomes a list": (
        "| Site | Link |\n|--|--|\n| A | [a](https://a.b) |\n| B | [b](https://b.c) |",
        200,
        ("**Site**: A\n**Link**: [a](https://a.b)\n\n**Site**: B\n**Link**: [b](https://b.c)",),
    ),
    "a long table repeats its header": (
        "| k | v |\n|---|---|\n" + "\n".join(f"| key{n} | value{n} |" for n in range(4)),
        64,
        (
            "```\nk    | v\n-----+-------\nkey0 | value0\nkey1 | value1\n```",
            "```\nk    | v\n-----+-------\nkey2 | value2\nkey3 | value3\n```",
        ),
    ),
    "right-to-left text is text": ("שלום עולם", 100, ("שלום עולם",)),
    "only spaces are no answer": (" \n\t ", 100, ()),
    "only what cannot be seen is no answer": ("\u200b\u200d\ufeff\u2060\u00ad\u3164", 100, ()),
}


@pytest.mark.parametrize(("text", "limit", "pages"), EXAMPLES.values(), ids=EXAMPLES)
def test_example_reads_well(text: str, limit: int, pages: tuple[str, ...]) -> None:
    """What a person would have done by hand."""
    assert paginate(text, limit=limit) == pages


def test_two_thousand_emoji_fill_pages_without_parting_any() -> None:
    """Discord's clients count an emoji twice, so a page holds half as many."""
    pages = paginate("😀" * 2000)
    assert pages == ("😀" * 1000, "😀" * 1000)
    family = "👩‍👩‍👧‍👦"
    assert all(page == family * (len(page) // len(family)) for page in paginate(family * 700))


GROWING = {
    "the row that grows is left out": ("| a | b |\n|--|--|\n| 1 | 2 |\n| 3", ("```\na | b\n--+--\n1 | 2\n```",)),
    "a header waits for its rule": ("Look:\n| a | b", ("Look:",)),
    "a rule that grows is left out": ("Look:\n| a | b |\n|--", ("Look:",)),
    "an open fence is closed": ("```py\nx = 1\n``", ("```py\nx = 1\n```",)),
    "a fence without code waits": ("Look:\n```py", ("Look:",)),
    "a hidden word does not wait": ("||secret", ("||secret",)),
}


@pytest.mark.parametrize(("text", "pages"), GROWING.values(), ids=GROWING)
def test_growing_text_shows_what_is_known(text: str, pages: tuple[str, ...]) -> None:
    """A last line that would be drawn otherwise when it is whole is not shown yet."""
    assert paginate(text, finished=False) == pages


def test_halves_of_a_surrogate_pair_are_joined_or_replaced() -> None:
    """JSON can carry half a character, UTF-8 and so Discord cannot."""
    assert paginate("a\ud83d\ude00b") == ("a😀b",)
    assert paginate("a\ud83d b") == ("a\ufffd b",)


@pytest.mark.parametrize(
    "piece",
    ["[", "`", "|", "*", "<", "[a](", "[[a]", "![", "|a|\n", "a|b\n-|-\n", "```\nx\n", "\n", " ", "🇩🇪", "\u0301"],
)
def test_no_repetition_takes_long(piece: str) -> None:
    """A hostile text is walked over once; at its square, 100,000 characters would stall the whole suite."""
    pages = paginate("a " + piece * (100_000 // len(piece)))
    assert_valid(pages, 2000)


@pytest.mark.parametrize(
    "blank", [" ", "\n", "\t", "\u200b", "\u200f", "\ufeff", "\u2060", "\u00ad", "\u3164", "\u2800", "\x00"]
)
def test_what_cannot_be_seen_is_no_content(blank: str) -> None:
    """Discord answers such a message with error 50006."""
    assert not has_content(blank * 3)
    assert has_content(blank + "x")


def test_a_page_without_room_for_a_fence_is_refused() -> None:
    """A limit that no code fits in is a mistake of the caller, not an endless answer."""
    with pytest.raises(ValueError, match="at least 64"):
        paginate("text", limit=10)
