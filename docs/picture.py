"""Takes the pictures of the README and of docs/moderators.md: `python -m docs.picture`, with Chromium installed."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

from docs import moderators_pictures
from tests.browser.conftest import CHROMIUM_ARGUMENTS, chromium
from tests.browser.test_demo import demo

PICTURE = Path(__file__).parent / "demo.png"
ROLL = "@Parley Please roll a die with 6 sides."
QUESTION = "@Parley write a python function that adds two numbers, and explain it"


async def take(browser: Browser, address: str) -> None:
    """Let a die be rolled, ask, and take the picture while the answer is being written."""
    page = await browser.new_page(
        base_url=address, viewport={"width": 1200, "height": 760}, color_scheme="dark", device_scale_factor=1.5
    )
    await page.goto("/")
    await page.locator("#composer-text").fill(ROLL)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Regenerate")).to_be_visible(timeout=60_000)
    await page.locator("#composer-text").fill(QUESTION)
    await page.keyboard.press("Enter")
    await expect(page.locator(".message code").filter(has_text="return")).to_be_visible(timeout=60_000)
    await page.screenshot(path=PICTURE)


async def main() -> None:
    """Run the demo in folders of its own and take the pictures."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_ARGUMENTS))
        with tempfile.TemporaryDirectory() as folder:
            async with demo(Path(folder)) as address:
                await take(browser, address)
        with tempfile.TemporaryDirectory() as folder:
            await moderators_pictures.take(browser, Path(folder))
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
