"""Messages on the page: as they come, change and go, and what one does with them."""

from __future__ import annotations

import base64
from pathlib import Path

import discord
import pytest
from playwright.async_api import expect

from sandbox.world import Sandbox
from tests.browser.bot import Housekeeper
from tests.browser.conftest import OpenPage, said

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_answer_grows_in_place(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """An edit changes the text of the same element and keeps the paragraphs that did not change."""
    page = await open_page()
    answer = await bot.room(sandbox.channels["general"]).send("# Title\none")
    shown = page.locator(f"#message-{answer.id}")
    await expect(shown.locator(".content p")).to_have_text("one")
    await shown.locator(".h1").evaluate("node => { node.marked = true; }")
    await answer.edit(content="# Title\none two")
    await expect(shown.locator(".content p")).to_have_text("one two (edited)")
    assert await shown.locator(".h1").evaluate("node => node.marked") is True
    await expect(shown.locator(".badge")).to_have_text("APP")
    await expect(shown.locator(".author")).to_have_text("Parley")


async def test_page_stays_at_the_bottom_only_when_it_was_there(
    open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper
) -> None:
    """A growing message is followed from the bottom, and does not move somebody who reads above."""
    page = await open_page()
    room = bot.room(sandbox.channels["general"])
    for number in range(4):
        await sandbox.people.say(sandbox.users["linus"], room.id, f"line {number}\n" * 20)
    answer = await room.send("start")
    await expect(page.locator(f"#message-{answer.id}")).to_be_visible()
    below = "node => node.scrollHeight - node.scrollTop - node.clientHeight"
    scroller = page.locator(".scroller")
    await answer.edit(content="grown\n" * 30)
    await expect(page.locator(f"#message-{answer.id} .edited")).to_be_in_viewport()
    assert await scroller.evaluate(below) < 2
    await scroller.evaluate("node => { node.scrollTop = 200; }")
    await answer.edit(content="grown\n" * 60 + "done")
    await expect(page.locator(f"#message-{answer.id}")).to_contain_text("done")
    assert await scroller.evaluate("node => node.scrollTop") == 200
    await room.send("something newer")
    await page.get_by_role("button", name="Jump to the newest").click()
    await expect(said(page, "something newer")).to_be_in_viewport()
    await expect(page.get_by_role("button", name="Jump to the newest")).to_be_hidden()


async def test_person_writes_replies_edits_and_deletes(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """Enter sends with mentions resolved, the menu replies, Up edits the last own message, the menu deletes it."""
    page = await open_page("linus")
    room, linus = sandbox.channels["general"], sandbox.users["linus"]
    text = page.locator("#composer-text")
    await text.fill("hello @parl")
    await expect(page.get_by_role("option", name="Parley")).to_be_visible()
    await page.keyboard.press("Enter")
    await page.keyboard.type("and `@Parley`")
    await page.keyboard.press("Enter")
    sent = await sandbox.wait_for(lambda: sandbox.messages(room, linus) or None)
    assert sent[0]["content"] == f"hello <@{sandbox.bot_id}> and `@Parley`"
    await expect(page.locator(".message .mention").first).to_have_text("@Parley")

    answer = await bot.room(room).send("what is it?")
    shown = page.locator(f"#message-{answer.id}")
    await shown.hover()
    await page.get_by_role("toolbar").get_by_role("button", name="Reply").click()
    await page.keyboard.type("nothing")
    await page.keyboard.press("Enter")
    await expect(page.locator(".reply-line .said")).to_have_text("what is it?")
    assert sandbox.messages(room, linus)[-1]["message_reference"]["message_id"] == str(answer.id)

    await page.keyboard.press("ArrowUp")
    editor = page.get_by_role("textbox", name="Edit the message")
    await expect(editor).to_have_value("nothing")
    await editor.fill("something")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message").last).to_contain_text("something (edited)")
    assert sandbox.messages(room, linus)[-1]["content"] == "something"

    await page.locator(".message").last.click(button="right")
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.locator(".message")).to_have_count(2)
    assert len(sandbox.messages(room, linus)) == 2


async def test_only_moderators_may_delete_what_others_wrote(open_page: OpenPage, sandbox: Sandbox) -> None:
    """The menu offers Delete for another's message to Grace and not to Linus."""
    await sandbox.people.say(sandbox.users["ada"], sandbox.channels["general"], "mine")
    for user, offers in (("linus", 0), ("grace", 1)):
        page = await open_page(user)
        await page.locator(".message").click(button="right")
        await expect(page.get_by_role("menuitem", name="Reply")).to_be_visible()
        assert await page.get_by_role("menuitem", name="Delete").count() == offers


async def test_typing_shows_until_the_message_comes(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """The bot's typing is a line that its message ends; what a person types reaches the bot as typing."""
    page = await open_page()
    room = bot.room(sandbox.channels["general"])
    await room.typing()
    await expect(page.locator("#typing")).to_contain_text("Parley is typing")
    await room.send("there")
    await expect(page.locator("#typing")).to_have_text("")
    async with page.expect_request("**/sandbox/api/typing"):
        await page.locator("#composer-text").press_sequentially("hm")


async def test_reactions_are_added_and_taken_back(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """A press on a reaction joins it and counts on everybody's page; a second press takes it back."""
    message = await bot.room(sandbox.channels["general"]).send("like it?")
    page, other = await open_page("ada"), await open_page("linus")
    await message.add_reaction("👍")
    reaction = page.locator(".reaction")
    await expect(reaction.locator(".count")).to_have_text("1")
    await reaction.click()
    await expect(reaction.locator(".count")).to_have_text("2")
    await expect(reaction).to_have_attribute("aria-pressed", "true")
    await expect(other.locator(".reaction .count")).to_have_text("2")
    await expect(other.locator(".reaction")).to_have_attribute("aria-pressed", "false")
    await reaction.click()
    await expect(other.locator(".reaction .count")).to_have_text("1")


async def test_files_are_sent_by_choice_by_drop_and_shown(
    open_page: OpenPage, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A chosen file and a dropped one go out with one message; the text file shows its first lines."""
    page = await open_page()
    chosen = tmp_path / "notes.txt"
    chosen.write_text("first line\nsecond line", encoding="utf-8")
    await page.locator("#composer input[type=file]").set_input_files(chosen)
    await page.evaluate(
        """() => {
            const carried = new DataTransfer();
            carried.items.add(new File(["a,b"], "table.csv", { type: "text/csv" }));
            const target = document.querySelector("main");
            for (const type of ["dragover", "drop"])
                target.dispatchEvent(new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true }));
        }"""
    )
    await expect(page.locator(".tray li")).to_have_count(2)
    await page.locator("#composer-text").fill("two files")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message .preview").first).to_have_text("first line\nsecond line")
    [message] = sandbox.messages(sandbox.channels["general"], sandbox.users["ada"])
    assert [file["filename"] for file in message["attachments"]] == ["notes.txt", "table.csv"]
    assert message["content"] == "two files"


async def test_embed_shows_all_its_parts(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """Title, description, fields, footer and the colour of the bar are drawn."""
    page = await open_page()
    embed = discord.Embed(title="Usage", description="of **today**", colour=0x123456, url="https://example.org/")
    embed.add_field(name="Runs", value="42", inline=True).set_footer(text="since midnight")
    await bot.room(sandbox.channels["general"]).send(embed=embed)
    card = page.locator(".embed")
    await expect(card.locator(".embed-title a")).to_have_attribute("href", "https://example.org/")
    await expect(card.locator("strong")).to_have_text("today")
    await expect(card.locator(".field")).to_have_text("Runs42")
    await expect(card.locator(".embed-footer")).to_have_text("since midnight")
    await expect(card).to_have_css("border-left-color", "rgb(18, 52, 86)")


async def test_long_channel_loads_as_one_scrolls_up(open_page: OpenPage, sandbox: Sandbox) -> None:
    """Fifty messages come first, the older ones as one scrolls, in order, and one's place is kept."""
    room, linus = sandbox.channels["general"], sandbox.users["linus"]
    for number in range(520):
        await sandbox.people.say(linus, room, f"number {number}")
    page = await open_page()
    await expect(page.locator(".message").last).to_have_text("number 519", use_inner_text=True)
    assert await page.locator(".message").count() == 50
    first = page.locator(".message").first
    before = await page.locator(".message .content").first.text_content()
    await page.locator(".scroller").evaluate("node => { node.scrollTop = 0; }")
    await expect(page.locator(".message")).to_have_count(100)
    await expect(page.locator(".content", has_text=before or "").first).to_be_in_viewport()
    while await page.locator(".message").count() < 520:
        shown = await page.locator(".message").count()
        await page.locator(".scroller").evaluate("node => { node.scrollTop = 0; }")
        await expect(page.locator(".message")).not_to_have_count(shown)
    texts = await page.eval_on_selector_all(".message .content", "nodes => nodes.map(node => node.textContent)")
    assert texts == [f"number {number}" for number in range(520)]
    await expect(first).to_contain_text("number 0")


async def test_webhook_shows_its_masks(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """Each name of a webhook has its own head with the APP tag and its picture."""
    page = await open_page()
    room = bot.room(sandbox.channels["general"])
    webhook = await room.create_webhook(name="Mask", avatar=PIXEL)
    await webhook.send("Elementary.", username="Holmes")
    await webhook.send("My dear Holmes!", username="Dr Watson")
    heads = page.locator(".message .byline")
    await expect(heads.locator(".author")).to_have_text(["Holmes", "Dr Watson"])
    await expect(heads.locator(".badge")).to_have_text(["APP", "APP"])
    for face in await page.locator(".message .face img").all():
        await expect(face).to_have_js_property("naturalWidth", 1)
