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


async def fill_in_the_sample(page: Page) -> None:
    """Copy what the page says of the sandbox's own tool into the form of /tools add."""
    await page.get_by_text("Add one without code").click()
    sample = page.locator(".sample")
    await expect(sample.locator("dt")).to_have_count(5)
    names, values = await sample.locator("dt").all_inner_texts(), await sample.locator("dd").all_inner_texts()
    await page.locator("#composer-text").fill("/tools add")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Run the command").click()
    form = page.get_by_role("dialog", name="Add a tool")
    for name, value in zip(names, values, strict=True):
        await form.get_by_label(name.capitalize()).fill(value)
    await form.get_by_role("button", name="Submit").click()
    await expect(page.locator(".message.ephemeral").last).to_contain_text("/weather")


async def test_newcomer_adds_a_tool_and_sees_both_its_faces(browser: Browser, tmp_path: Path) -> None:
    """A form makes the sandbox's weather a command at once, and a function that the model calls after an approval."""
    async with demo(tmp_path) as address:
        page = await open_page(browser, address)
        await fill_in_the_sample(page)
        await page.locator("#composer-text").fill("/weather")
        await page.keyboard.press("Enter")
        await page.get_by_label("city, required").fill("Paris")
        await page.keyboard.press("Enter")
        weather = re.compile(r"Paris: -?\d+ °C and .*, all invented")
        await expect(page.locator(".message .content").filter(has_text=weather)).to_have_count(1)

        await say(page, "What is the weather in Paris?")
        await page.get_by_role("button", name="Approve", exact=True).click(timeout=ANSWER_MS)
        call = page.locator(".calls > li").first
        await expect(call).to_contain_text(re.compile(f"weather.*done.*output{weather.pattern}"), timeout=ANSWER_MS)
        await expect(page.locator(".message .content").filter(has_text=weather)).to_have_count(2, timeout=ANSWER_MS)
        await page.close()


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
