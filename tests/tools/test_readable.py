"""What can be read of pages: their letters in any encoding, their text without what is around it, within bounds."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.errors import Refusal
from bot.tools.readable import MAX_CHARACTERS, Page, Reader, converted, letters
from bot.tools.response import Response

PAGE = """<!DOCTYPE html>
<html lang=en><head><title>Tea &amp;
 biscuits</title><meta name=description content=d><style>p{}</style><script>alert(1)</script></head><body>
<nav><a href=/>Home</a></nav><div role=navigation>Menu</div><aside>Adverts</aside>
<main><header><h1>How to make tea</h1></header>
<p>Boil <b>water</b>, see <a href="../kettle?a=1&b=2">kettles</a>.<!-- a comment --></p>
<form><p>In a form</p><input value=x><button>Send</button><textarea>ta</textarea></form>
<h2>You need</h2><ul><li>tea<li>water<ul><li>hot</ul></ul><ol><li>boil<li>pour</ol>
<pre><code class="language-python">def tea():
    return 1
</code></pre>
<table><tr><th>A<th>B<tr><td>1<td>2</table>
<img src=x alt="A cup"><blockquote>Tea!</blockquote><iframe src=x></iframe><svg><text>svg</text></svg>
<noscript>none</noscript><p hidden>hidden</p>
</main><footer>Copyright</footer></body></html>"""

TEXT = """# How to make tea

Boil **water**, see kettles.

In a form

## You need

- tea
- water
  * hot

1. boil
2. pour

```python
def tea():
    return 1
```

| A | B |
| --- | --- |
| 1 | 2 |
> Tea!"""


def sent(body: bytes, content_type: str = "text/html") -> Response:
    """What a server answered."""
    return Response(
        status=200,
        headers={"content-type": content_type},
        body=body,
        url="https://tea.example/guide/tea",
        content_type=content_type.partition(";")[0],
    )


async def test_page_is_its_title_and_its_text() -> None:
    """Headings, lists, code and tables stay; what is around the text, scripts and pictures go."""
    assert await Reader().read(sent(PAGE.encode()), with_links=False) == Page(title="Tea & biscuits", text=TEXT)


async def test_links_are_whole_addresses_where_they_are_wanted() -> None:
    """A relative address would lead nowhere from here."""
    page = await Reader().read(sent(PAGE.encode()), with_links=True)
    assert "see [kettles](https://tea.example/kettle?a=1&b=2)." in page.text


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "text/csv", "application/rss+xml"])
async def test_other_text_is_left_as_it_is(content_type: str) -> None:
    """Only markup is for browsers."""
    text = '<p>1 < 2</p>\n{"a": [1, 2]}'
    assert await Reader().read(sent(f"\n{text}\n".encode(), content_type), with_links=False) == Page(
        title="", text=text
    )


async def test_bytes_that_are_no_text_are_refused() -> None:
    """A picture that is called a text."""
    with pytest.raises(Refusal, match="no text"):
        await Reader().read(sent(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "text/plain"), with_links=False)


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("žluťoučký".encode(), "text/html", "žluťoučký"),
        ("žluťoučký".encode("cp1250"), "text/html; charset=windows-1250", "žluťoučký"),
        ("žluťoučký".encode("iso8859-2"), 'text/html; charset="ISO-8859-2"', "žluťoučký"),
        ("привет".encode("koi8-r"), "text/plain;charset=KOI8-R", "привет"),
        ("日本".encode("shift_jis"), "text/html; charset=Shift_JIS", "日本"),
        ("日本".encode("euc_jp"), "text/html; charset=EUC-JP", "日本"),
        ("中文".encode("gb18030"), "text/html; charset=gb2312", "中文"),
        ("“quoted”".encode("cp1252"), "text/html; charset=iso-8859-1", "“quoted”"),
        ("“quoted”".encode("cp1252"), "text/html; charset=us-ascii", "“quoted”"),
        ("\ufeffhi".encode(), "text/html; charset=windows-1250", "hi"),
        ("hi".encode("utf-16"), "text/plain", "hi"),
        ("\ufeffhi".encode("utf-16-be"), "text/plain; charset=utf-8", "hi"),
        (b'<meta charset="windows-1250">\x9e', "text/html", '<meta charset="windows-1250">ž'),
        (b"<META CHARSET=windows-1250>\x9e", "text/html", "<META CHARSET=windows-1250>ž"),
        (
            b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1250">\x9e',
            "text/html",
            '<meta http-equiv="Content-Type" content="text/html; charset=windows-1250">ž',
        ),
        (b'<?xml version="1.0" encoding="cp1250"?>\x9e', "text/xml", '<?xml version="1.0" encoding="cp1250"?>ž'),
        (b'<meta charset="windows-1250">\xc5\xbe', "text/html; charset=utf-8", '<meta charset="windows-1250">ž'),
        ("ž".encode(), "text/html; charset=punycode", "ž"),
        ("ž".encode(), "text/html; charset=unicode_escape", "ž"),
        ("ž".encode(), "text/html; charset=rot13", "ž"),
        ("ž".encode(), "text/html; charset=hex", "ž"),
        ("ž".encode(), "text/html; charset=utf-7", "ž"),
        ("ž".encode(), "text/html; charset=../../etc", "ž"),
        ("ž".encode(), "text/html; charset=", "ž"),
        (b"ok \xff\xfe", "text/html", "ok \ufffd\ufffd"),
        (b"", "", ""),
    ],
)
def test_letters_are_those_that_were_meant(body: bytes, content_type: str, text: str) -> None:
    """Mark, header, declaration, UTF-8, in this order; names of what is no encoding of the web count as none."""
    assert letters(body, content_type) == text


@given(some.binary(), some.text())
def test_any_bytes_are_letters(body: bytes, content_type: str) -> None:
    """Whatever a server sends and calls it."""
    assert isinstance(letters(body, content_type), str)


def test_header_that_was_made_to_be_hard_is_not_read() -> None:
    """All of it would take seconds, in which nobody gets an answer."""
    began = time.process_time()
    assert letters("ž".encode(), 'text/html; charset=utf-8; a="' + ";" * 90_000) == "ž"
    assert time.process_time() - began < 1


HOSTILE = {
    "nested": "<div>" * 400_000,
    "lists": "<ul><li>" * 250_000,
    "quotes": "<blockquote>" * 160_000,
    "unclosed": "<a><b>" * 300_000,
    "cells": "<table><tr>" + "<td>" * 400_000,
    "spans": "<table>" + "<tr><td colspan=1000 rowspan=65534>x" * 55_000,
    "attributes": "<p " + " ".join(f"a{number}=1" for number in range(200_000)) + ">",
    "comments": "<!--" * 500_000,
    "brackets": "<" * 2_000_000,
    "entities": "<!DOCTYPE a [<!ENTITY x0 'ha'>"
    + "".join(f"<!ENTITY x{number} '&x{number - 1};&x{number - 1};'>" for number in range(1, 40))
    + "]><p>&x39;</p>",
    "titles": "<title" * 300_000,
}


@pytest.mark.parametrize("page", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_page_takes_no_longer_than_it_may(page: str) -> None:
    """A page that was made to be hard is given up in a sentence, or read; it never grows without end."""
    began = time.monotonic()
    try:
        text = (await Reader(seconds=2).read(sent(page.encode()), with_links=False)).text
    except Refusal as refusal:
        assert str(refusal).startswith("That page is made in a way that ")  # noqa: PT017 - either will do
    else:
        assert len(text) <= MAX_CHARACTERS
    assert time.monotonic() - began < 8


async def test_page_that_takes_too_long_is_given_up() -> None:
    """The program that reads it is ended, in the middle."""
    with pytest.raises(Refusal, match="takes too long to read"):
        await Reader(seconds=0.5).read(sent(b"<table><a>" * 200_000), with_links=False)


async def test_program_that_fails_is_one_sentence() -> None:
    """Whatever ends the program that reads, this one goes on."""
    with pytest.raises(Refusal, match="cannot be read"):
        await converted(b"no JSON", 5)


async def test_program_that_reads_knows_no_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever breaks out of the parser finds an empty environment."""
    spy = tmp_path / "spy"
    spy.write_text("""#!/bin/sh\nprintf '{"title": "", "text": "%s"}' "$(/usr/bin/env | /usr/bin/tr '\\n' ' ')"\n""")
    spy.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(spy))
    monkeypatch.setenv("DISCORD_TOKEN", "hunter2")
    page = await Reader().read(sent(b"<p>x"), with_links=False)
    assert "PWD=" in page.text
    assert "hunter2" not in page.text
