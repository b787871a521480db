"""Discord's Markdown as the page draws it, and what must never come of it."""

from __future__ import annotations

import discord
import pytest
from playwright.async_api import Page, expect

from sandbox.world import Sandbox
from tests.browser.bot import Housekeeper
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Draws with names as fixed as the cases: user 1 is Ada, channel 2 is general, I am user 1.
DRAW = """async (text) => {
    const { markdown } = await import("/page/prose.js");
    const world = {
        me: { id: "9" },
        nameOf: (id) => (id === "1" ? "Ada" : "unknown-user"),
        roleName: () => "Moderator",
        place: (id) => (id === "2" ? { name: "general" } : null),
    };
    return markdown(text, { world }).innerHTML;
}"""
LINK = 'target="_blank" rel="noopener noreferrer"'

CASES = {
    "bold": ("**a**", "<p><strong>a</strong></p>"),
    "italic": ("*a* and _b_", "<p><em>a</em> and <em>b</em></p>"),
    "bold italic": ("***a***", "<p><strong><em>a</em></strong></p>"),
    "underline": ("__a__", "<p><u>a</u></p>"),
    "underline in italic": ("___a___", "<p><u><em>a</em></u></p>"),
    "strike": ("~~a~~", "<p><s>a</s></p>"),
    "nested": ("**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"),
    "stars that are no emphasis": ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
    "snake case": ("a snake_case_name", "<p>a snake_case_name</p>"),
    "escaped": (r"\*a\* \_b\_ \`c\`", "<p>*a* _b_ `c`</p>"),
    "escaped fence": (r"\`\`\`a", "<p>```a</p>"),
    "inline code": ("`a **b**`", "<p><code>a **b**</code></p>"),
    "inline code with a backtick": ("`` a`b ``", "<p><code> a`b </code></p>"),
    "heading": ("# a\n## b\n### c", '<h2 class="h1">a</h2><h3 class="h2">b</h3><h4 class="h3">c</h4>'),
    "no heading without a space": ("#a", "<p>#a</p>"),
    "no fourth heading": ("#### a", "<p>#### a</p>"),
    "subtext": ("-# small", '<small class="subtext">small</small>'),
    "quote": ("> a\n> b\nc", "<blockquote><p>a\nb</p></blockquote><p>c</p>"),
    "quote to the end": (">>> a\n\nb", "<blockquote><p>a\n\nb</p></blockquote>"),
    "quote needs a space": (">a", "<p>&gt;a</p>"),
    "list": ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
    "nested list": ("- a\n  - b\n    - c\n- d", "<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li></ul>"),
    "ordered list keeps its number": ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
    "list in a quote": ("> - a\n> - b", "<blockquote><ul><li>a</li><li>b</li></ul></blockquote>"),
    "bold in a list": ("* **a**: b", "<ul><li><strong>a</strong>: b</li></ul>"),
    "masked link": ("[a](https://example.org/x)", f'<p><a href="https://example.org/x" {LINK}>a</a></p>'),
    "masked link with brackets in it": (
        "[a](https://example.org/x_(y))",
        f'<p><a href="https://example.org/x_(y)" {LINK}>a</a></p>',
    ),
    "bare link": ("see https://example.org/a_b_c.", f'<p>see <a href="https://example.org/a_b_c" {LINK}>'
                  "https://example.org/a_b_c</a>.</p>"),
    "suppressed link": ("<https://example.org/>", f'<p><a href="https://example.org/" {LINK}>https://example.org/</a></p>'),
    "spoiler": ("||a||", '<p><span class="spoiler" role="button" tabindex="0" aria-label="Spoiler, hidden" '
                'aria-expanded="false"><span>a</span></span></p>'),
    "user": ("<@1> <@!1>", '<p><span class="mention">@Ada</span> <span class="mention">@Ada</span></p>'),
    "my name": ("<@9>", '<p><span class="mention mine">@unknown-user</span></p>'),
    "role": ("<@&3>", '<p><span class="mention">@Moderator</span></p>'),
    "channel": ("<#2>", '<p><button type="button" class="mention">#general</button></p>'),
    "unknown channel": ("<#7>", '<p><span class="mention">#unknown</span></p>'),
    "command": ("</tools add:5>", '<p><button type="button" class="mention">/tools add</button></p>'),
    "everyone": ("@everyone", '<p><span class="mention">@everyone</span></p>'),
    "custom emoji": ("<:blob:5>", '<p><span class="emoji" title=":blob:">:blob:</span></p>'),
    "no mention in code": ("`<@1>`", "<p><code>&lt;@1&gt;</code></p>"),
    "an unclosed style": ("**a", "<p>**a</p>"),
    "an unclosed fence": ("```py\na", "<p>```py\na</p>"),
    "text is no markup": ("<b>a</b> &amp;", "<p>&lt;b&gt;a&lt;/b&gt; &amp;amp;</p>"),
    "lines": ("a\n\nb", "<p>a\n\nb</p>"),
}  # fmt: skip


async def draw_all(page: Page) -> dict[str, str]:
    """Every case drawn in the page."""
    return {name: await page.evaluate(DRAW, text) for name, (text, _) in CASES.items()}


async def test_markdown_is_drawn_as_discord_draws_it(open_page: OpenPage) -> None:
    """Each case of the table becomes exactly its DOM."""
    drawn = await draw_all(await open_page())
    assert drawn == {name: html for name, (_, html) in CASES.items()}


async def test_code_block_has_its_language_and_copies(open_page: OpenPage, sandbox: Sandbox) -> None:
    """A fence is drawn with its label, keeps its text, and its button copies that text."""
    page = await open_page(permissions=["clipboard-read", "clipboard-write"])
    text = 'before\n```python\ndef a():\n    return "b"  # c\n```\nafter'
    await sandbox.people.say(sandbox.users["ada"], sandbox.channels["general"], text)
    figure = page.locator("figure.code")
    await expect(figure.locator("figcaption span")).to_have_text("python")
    assert await figure.locator("code").text_content() == 'def a():\n    return "b"  # c'
    await expect(figure.locator(".token-keyword")).to_have_text(["def", "return"])
    await figure.get_by_role("button", name="Copy").click()
    await expect(figure.get_by_role("button")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == 'def a():\n    return "b"  # c'
    await expect(page.locator(".content p").last).to_have_text("after")


async def test_spoiler_opens_by_keyboard(open_page: OpenPage, sandbox: Sandbox) -> None:
    """A spoiler is hidden until Enter is pressed on it."""
    page = await open_page()
    await sandbox.people.say(sandbox.users["ada"], sandbox.channels["general"], "it was ||the butler||")
    spoiler = page.locator(".spoiler")
    await expect(spoiler.locator("span")).to_be_hidden()
    await spoiler.focus()
    await page.keyboard.press("Enter")
    await expect(spoiler.locator("span")).to_be_visible()


async def test_timestamps_are_written_out(open_page: OpenPage) -> None:
    """`<t:...>` becomes a time in the reader's zone and words, `:R` a distance from now."""
    page = await open_page()
    drawn = await page.evaluate(DRAW, "<t:1700000000:D> <t:1700000000:R> <t:99999999999999:R>")
    assert "14 November 2023" in drawn
    assert "years ago" in drawn
    assert 'data-relative="1700000000"' in drawn


async def test_long_hostile_text_does_not_freeze_the_page(open_page: OpenPage) -> None:
    """Each text made of nothing but marks becomes a tree; what would take for ever runs into the page's time-out."""
    page = await open_page()
    marks = ("*", "**", "_", "`", "||", "[", "<", "> ", "- ", "~~", "\\", "```")
    parsed = await page.evaluate(
        """async (texts) => {
            const { parseMarkdown } = await import("/page/markdown.js");
            return texts.filter((text) => parseMarkdown(text)).length;
        }""",
        [mark * (4000 // len(mark)) for mark in marks],
    )
    assert parsed == len(marks)


HOSTILE = (
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "[click](javascript:window.hacked=1)",
    "[click](data:text/html,<script>window.hacked=1</script>)",
    "<javascript:window.hacked=1>",
    "```<img src=x onerror=window.hacked=1>\n<script>window.hacked=1</script>\n```",
    "`<svg onload=window.hacked=1>`",
    '[a](https://example.org/"onmouseover="window.hacked=1)',
    "</ask\"><script>window.hacked=1</script>:5>",
)  # fmt: skip


async def test_hostile_text_stays_text(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """No message, name, embed or file name becomes markup, a script, or a link that is not http(s)."""
    page = await open_page()
    room = sandbox.channels["general"]
    for text in HOSTILE:
        await sandbox.people.say(sandbox.users["linus"], room, text)
    embed = discord.Embed(title=HOSTILE[1], description=HOSTILE[2], url="https://example.org")
    embed.add_field(name=HOSTILE[0], value=HOSTILE[3]).set_footer(text=HOSTILE[1]).set_author(name=HOSTILE[0])
    await bot.room(room).send(embed=embed)
    await sandbox.people.start_thread(sandbox.users["ada"], room, HOSTILE[1])
    await sandbox.people.say(sandbox.users["linus"], room, "the last one")
    await expect(page.locator(".content").last).to_have_text("the last one")
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("#house script, #house [onerror], #house [onload], #house iframe").count() == 0
    hrefs = await page.eval_on_selector_all("#house a", "links => links.map(link => link.protocol)")
    assert set(hrefs) <= {"https:", "http:"}
