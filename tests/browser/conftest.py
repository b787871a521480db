"""One Chromium for the whole run; for each test a sandbox, a discord.py bot in it, and pages that look at it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Protocol

import pytest
import pytest_asyncio
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from sandbox.world import Sandbox
from tests.browser.bot import Housekeeper

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 30_000  # for one step on a machine that is busy with other tests


class OpenPage(Protocol):
    """Opens the sandbox's page as somebody, in a browser context of its own."""

    def __call__(self, user: str = "ada", at: Sandbox | None = None, **context: Any) -> Awaitable[Page]:
        """The page of the test's sandbox or of another one, with channels and messages drawn."""
        ...


def said(page: Page, text: str) -> Locator:
    """The messages in the chat that contain a text."""
    return page.locator(".message .content").filter(has_text=text)


def chromium() -> str | None:
    """Where Chromium is, if it is installed."""
    return next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, started once; the tests are skipped where none is installed."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium is installed")
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox with the default world."""
    async with Sandbox.open() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def bot(sandbox: Sandbox) -> AsyncIterator[Housekeeper]:
    """A discord.py bot that is logged in for the length of the test."""
    async with logged_in(sandbox) as client:
        yield client


@asynccontextmanager
async def logged_in(sandbox: Sandbox) -> AsyncIterator[Housekeeper]:
    """The bot, connected for the length of the block; discord.py gets its own addresses back afterwards."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = sandbox.api_base_url, yarl.URL(sandbox.gateway_url)
    client = Housekeeper()
    try:
        async with client, asyncio.TaskGroup() as tasks:
            tasks.create_task(client.start(sandbox.token))
            await sandbox.bot_ready()
            await client.wait_until_ready()
            yield client
            await client.close()
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, sandbox: Sandbox) -> AsyncIterator[OpenPage]:
    """Pages of this test; an error in the page's own scripts fails the test."""
    faults: list[str] = []
    async with AsyncExitStack() as stack:

        async def open_as(user: str = "ada", at: Sandbox | None = None, **context: Any) -> Page:
            house = at or sandbox
            options = {"viewport": {"width": 1360, "height": 820}, "locale": "en-GB", "timezone_id": "UTC"} | context
            browser_context = await browser.new_context(**options)
            stack.push_async_callback(browser_context.close)
            page = await browser_context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.on("pageerror", lambda error: faults.append(str(error)))
            remember = f"if (!sessionStorage.length) sessionStorage.setItem('parley-user', '{house.users[user]}')"
            await page.add_init_script(remember)
            await page.goto(house.address)
            await page.locator(".place[aria-current]").wait_for(state="attached")
            await page.locator(".welcome, .message").first.wait_for(state="attached")
            return page

        yield open_as
    assert faults == []
