"""What a newcomer does with tools: the demo with the embedded model, in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.test_demo import ANSWER_MS, ask, demo, open_page

pytestmark = pytest.mark.asyncio(loop_scope="session")


COLOUR = "Please ask me which colour I like."
POLL = 'Please make a poll with the question "Tea or coffee?" and the answers "tea | coffee".'


async def say(page: Page, text: str) -> None:
    """Mention the bot."""
    await page.locator("#composer-text").fill(f"@Parley {text}")
    await page.keyboard.press("Enter")


async def test_newcomer_watches_the_model_use_tools(browser: Browser, tmp_path: Path) -> None:
    """The embedded model rolls a die, asks and is answered, and posts a poll once that is approved, all inspected."""
    async with demo(tmp_path) as address:
        page = await open_page(browser, address)
        messages, call = page.locator(".message .content"), page.locator(".calls > li").first
        await ask(page, "Please roll a die with 6 sides.")
        await expect(messages.last).to_contain_text(re.compile(r"roll.*sides: 6.*1d6: [1-6]", re.DOTALL))
        await expect(call).to_contain_text(re.compile(r"roll.*\"sides\": ?6.*done.*\d+ ms"))
        await call.locator("summary").click()
        await expect(call.locator("dd", has_text="1d6: ")).to_be_visible()

        await say(page, COLOUR)
        await page.get_by_role("button", name="Answer…").click(timeout=ANSWER_MS)
        await expect(call).to_contain_text("waits for an answer")
        form = page.get_by_role("dialog")
        await form.get_by_role("textbox").fill("green")
        await form.get_by_role("button", name="Submit").click()
        await expect(call).to_contain_text(re.compile("answered.*decided byAda.*outputgreen"), timeout=ANSWER_MS)
        await expect(page.get_by_role("button", name="Regenerate")).to_have_count(2, timeout=ANSWER_MS)

        await say(page, POLL)
        await page.get_by_role("button", name="Approve", exact=True).click(timeout=ANSWER_MS)
        poll = page.get_by_role("region", name=re.compile("Poll: Tea or coffee"))
        await poll.get_by_role("button", name="tea").click(timeout=ANSWER_MS)
        await expect(poll).to_contain_text("1 vote")
        await expect(call).to_contain_text(re.compile("poll.*done.*neededapproval.*decided byAda"))
        await page.close()
