"""What a newcomer does: the demo with the embedded model, in a browser, stopped and started again."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
ANSWER_MS = 180_000  # the embedded model on a core that it shares: alone it takes a few seconds


@asynccontextmanager
async def demo(folder: Path, **variables: str) -> AsyncIterator[str]:
    """`python -m sandbox demo`, with its data in a folder: its address; ended as by Ctrl+C."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PROVIDER_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", "demo", "--port", "0"),
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT), **variables},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield await asyncio.wait_for(address_of(process), START_SECONDS)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.communicate()
    assert process.returncode == 0


async def address_of(process: asyncio.subprocess.Process) -> str:
    """The address that the demo prints once everything runs."""
    assert process.stdout is not None
    while line := await process.stdout.readline():
        if found := re.search(rb"Open (http://127\.0\.0\.1:\d+)", line):
            return found[1].decode()
    raise AssertionError("the demo ended without an address")


async def open_page(browser: Browser, address: str) -> Page:
    """The demo's page, ready to be written in."""
    page = await browser.new_page(base_url=address)
    page.set_default_timeout(PATIENCE_MS)
    await page.goto("/")
    return page


async def ask(page: Page, text: str) -> None:
    """Mention the bot, and wait until its answer has ended."""
    answers = page.get_by_role("button", name="Regenerate")
    before = await answers.count()
    await page.locator("#composer-text").fill(f"@Parley {text}")
    await page.keyboard.press("Enter")
    await expect(answers).to_have_count(before + 1, timeout=ANSWER_MS)


async def test_newcomer_chats_with_the_embedded_model_and_goes_on_after_a_restart(
    browser: Browser, tmp_path: Path
) -> None:
    """A mention is answered by the model in the browser; after a restart the messages are there, and it goes on."""
    async with demo(tmp_path) as address:
        page = await open_page(browser, address)
        await ask(page, "Hello! Who are you?")
        first = await page.locator(".message .content").last.inner_text()
        assert first.strip()
        await page.close()
    async with demo(tmp_path) as address:
        page = await open_page(browser, address)
        await expect(page.locator(".message .content").filter(has_text="Who are you?")).to_be_visible()
        await ask(page, "And what can you do?")
        await page.close()


@pytest.mark.parametrize("api", ["chat_completions", "responses"])
async def test_embedded_model_uses_a_tool_over_each_of_its_apis(browser: Browser, tmp_path: Path, api: str) -> None:
    """PROVIDER_API alone changes how the model is spoken to; it rolls a die and says what came of it."""
    async with demo(tmp_path, PROVIDER_API=api) as address:
        page = await open_page(browser, address)
        await ask(page, "Please roll a die with 6 sides.")
        answer = await page.locator(".message .content").last.inner_text()
        assert "1d6" in answer
        assert "roll" in answer.splitlines()[-1]
        await page.close()
