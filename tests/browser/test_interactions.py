"""Commands, buttons, menus and forms of a real bot, used through the page."""

from __future__ import annotations

import io
from datetime import timedelta

import discord
import pytest
from playwright.async_api import Page, expect

from sandbox.drawing import picture
from sandbox.world import Sandbox
from tests.browser.bot import Housekeeper, Panel
from tests.browser.conftest import PATIENCE_MS, OpenPage, said

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def open_panel(page: Page, bot: Housekeeper, channel_id: int) -> None:
    """Let the bot post its panel and wait until the page shows it."""
    await bot.room(channel_id).send("the panel", view=Panel())
    await expect(page.get_by_role("button", name="Count")).to_be_visible()


@pytest.mark.usefixtures("bot")
async def test_command_is_found_filled_in_and_run_by_keyboard(open_page: OpenPage, sandbox: Sandbox) -> None:
    """Slash, the command, its options with autocomplete, choices, numbers and people: the bot gets what was entered."""
    page = await open_page()
    keyboard = page.keyboard
    await page.locator("#composer-text").focus()
    await keyboard.type("/as")
    await expect(page.get_by_role("option", name="/ask")).to_have_attribute("aria-selected", "true")
    await keyboard.press("Enter")
    await expect(page.get_by_label("question, required")).to_be_focused()
    await keyboard.type("why so")
    for option, typed, wanted in (
        ("model", "lar", "DEMO/LARGE"),
        ("tone", "wa", "warm"),
        ("whom", "gra", "Grace"),
    ):
        await page.get_by_role("button", name=f"+ {option}").press("Enter")
        await keyboard.type(typed)
        choice = page.get_by_role("option", name=wanted)
        await expect(choice).to_have_count(1)
        if option == "model":
            await expect(page.get_by_role("option")).to_have_count(1)
            await keyboard.press("ArrowDown")
        await keyboard.press("Enter")
        await expect(page.get_by_label(option, exact=True)).to_have_value(wanted)
    await page.get_by_role("button", name="+ times").press("Enter")
    await keyboard.type("3")
    await keyboard.press("Enter")
    await expect(page.locator(".message .content")).to_have_text("why so|demo/large|3|warm|Grace")
    await expect(page.locator("#composer-text")).to_be_focused()
    assert len(sandbox.messages(sandbox.channels["general"])) == 1


@pytest.mark.usefixtures("bot")
async def test_command_says_what_is_wrong_with_an_option(open_page: OpenPage, sandbox: Sandbox) -> None:
    """A missing, a too short and a too large value are named before anything is sent."""
    page = await open_page()
    await page.locator("#composer-text").fill("/ask")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    fault = page.locator(".command-form .interaction-fault")
    await expect(fault).to_have_text('"question" is required.')
    await page.keyboard.type("hm")
    await page.keyboard.press("Enter")
    await expect(fault).to_have_text('"question" takes 3 characters at least.')
    await page.keyboard.type("mm")
    await page.get_by_role("button", name="+ times").click()
    await page.keyboard.type("10")
    await page.keyboard.press("Enter")
    await expect(fault).to_have_text('"times" is 9 at most.')
    await page.keyboard.press("Escape")
    await expect(page.locator("#composer-text")).to_be_focused()
    assert sandbox.messages(sandbox.channels["general"], sandbox.users["ada"]) == []


async def test_ephemeral_answer_is_for_its_user_only(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """Linus sees the private answer, marked as such, and can dismiss it; Ada never sees it."""
    page, other = await open_page("linus"), await open_page("ada")
    await page.locator("#composer-text").fill("/ping")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Run the command").click()
    await expect(page.locator(".message.ephemeral")).to_contain_text("Only you can see this")
    await bot.room(sandbox.channels["general"]).send("for all")
    await expect(said(other, "for all")).to_be_visible()
    assert await other.locator(".message").count() == 1
    await page.get_by_role("button", name="Dismiss message").click()
    await expect(page.locator(".message")).to_have_count(1)


async def test_button_changes_its_message(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """A press reaches the bot as that user, the message changes in place, and the keyboard keeps its place."""
    page = await open_page("linus")
    await open_panel(page, bot, sandbox.channels["general"])
    await page.get_by_role("button", name="Count").press("Enter")
    await expect(page.locator(".message .content")).to_contain_text("pressed by linus")
    await expect(page.get_by_role("button", name="Counted")).to_be_focused()
    await expect(page.get_by_role("button", name="Off")).to_be_disabled()
    await expect(page.get_by_role("link", name="Elsewhere")).to_have_attribute("href", "https://example.org/")


async def test_menus_send_what_was_chosen(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """Two options of a string menu go out together when it closes; a user menu lists the people."""
    page = await open_page()
    await open_panel(page, bot, sandbox.channels["general"])
    await page.get_by_role("button", name="A fruit").press("ArrowDown")
    await expect(page.get_by_role("option", name="Pear")).to_be_focused()
    for key in ("Enter", "ArrowDown", "ArrowDown", "Enter", "Escape"):
        await page.keyboard.press(key)
    await expect(page.locator(".message.ephemeral .content")).to_contain_text("fruit: Pear and Plum")
    await page.get_by_role("button", name="Somebody").click()
    await page.get_by_role("option", name="Edsger").click()
    await expect(said(page, "chose Edsger")).to_be_visible()


async def test_form_is_filled_in_and_submitted(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """A modal opens as a dialog, holds to its limits, and its values reach the bot; Escape leaves it."""
    page = await open_page()
    await open_panel(page, bot, sandbox.channels["general"])
    note = page.locator(".message").get_by_role("button", name="Note")
    await note.click()
    dialog = page.get_by_role("dialog", name="Leave a note")
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await note.click()
    subject = dialog.get_by_label("Subject")
    await expect(subject).to_be_focused()
    await page.keyboard.type("x" * 25)
    await expect(subject).to_have_value("x" * 20)
    await dialog.get_by_label("Text").fill("two\nlines")
    await dialog.get_by_role("button", name="Mood").click()
    await dialog.get_by_role("option", name="Merry").click()
    await dialog.get_by_role("button", name="Submit").click()
    await expect(said(page, f"{'x' * 20}|two\nlines|Merry")).to_be_visible()
    await expect(dialog).to_have_count(0)


async def test_message_command_gets_its_message(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """An app's entry in a message's menu runs with that message."""
    page = await open_page("grace")
    await bot.room(sandbox.channels["general"]).send("well said")
    await page.locator(".message").click(button="right")
    await page.get_by_role("menuitem", name="Apps").press("ArrowRight")
    await page.get_by_role("menuitem", name="Quote this").press("Enter")
    await expect(page.locator(".message").last).to_contain_text("quoted: well said")


async def test_message_command_opens_a_form(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """A form that a message's command opens is filled in and sent like any other."""
    page = await open_page("linus")
    await bot.room(sandbox.channels["general"]).send("worth a note")
    await page.locator(".message").click(button="right")
    await page.get_by_role("menuitem", name="Apps").click()
    await page.get_by_role("menuitem", name="Annotate").click()
    dialog = page.get_by_role("dialog", name="Leave a note")
    await dialog.get_by_label("Subject").fill("Seen")
    await dialog.get_by_role("button", name="Mood").click()
    await dialog.get_by_role("option", name="Calm").click()
    await dialog.get_by_role("button", name="Submit").click()
    await expect(said(page, "Seen||Calm")).to_be_visible()


async def test_commands_are_offered_only_where_and_to_whom_they_belong(
    open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper
) -> None:
    """A moderators' command of servers is in a moderator's menu there, not in a member's and not in direct messages."""
    await bot.room(sandbox.channels["general"]).send("in the server")
    direct = await sandbox.people.open_dm(sandbox.users["grace"], sandbox.bot_id)
    await bot.get_partial_messageable(direct).send("between us")
    for user, place, offers in (("grace", None, 1), ("linus", None, 0), ("grace", direct, 0)):
        page = await open_page(user)
        if place is not None:
            await page.locator(f"[data-place='{place}']").click()
            await expect(said(page, "between us")).to_be_visible()
        await page.locator(".message").click(button="right")
        await page.get_by_role("menuitem", name="Apps").click()
        await expect(page.get_by_role("menuitem", name="Quote this")).to_be_visible()
        assert await page.get_by_role("menuitem", name="Tidy up").count() == offers


@pytest.mark.usefixtures("bot")
async def test_person_can_be_mentioned_and_is_given_to_a_command(open_page: OpenPage, sandbox: Sandbox) -> None:
    """The menu of a name mentions that person, or runs an app's command with them."""
    page = await open_page("grace")
    await sandbox.people.say(sandbox.users["linus"], sandbox.channels["general"], "here I am")
    await page.locator(".author").click()
    await page.get_by_role("menuitem", name="Mention Linus").click()
    await expect(page.locator("#composer-text")).to_have_value("@Linus ")
    await page.locator(".author").click()
    await page.get_by_role("menuitem", name="Apps").click()
    await page.get_by_role("menuitem", name="Greet").click()
    await expect(said(page, "hello Linus")).to_be_visible()


async def test_silent_application_is_reported_at_the_button(
    open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper
) -> None:
    """A press that nobody answers ends in a sentence at the message, not in silence."""
    page = await open_page()
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Nobody", custom_id="nobody-listens"))
    await bot.room(sandbox.channels["general"]).send("press", view=view)
    view.stop()
    await page.get_by_role("button", name="Nobody").click()
    fault = page.locator(".message .interaction-fault")
    await expect(fault).to_contain_text("did not respond", timeout=PATIENCE_MS)


async def test_second_generation_components_are_drawn(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """A container with sections, text, a separator and a working button is one card."""
    page = await open_page()
    view = discord.ui.LayoutView(timeout=None)
    box: discord.ui.Container[discord.ui.LayoutView] = discord.ui.Container(accent_colour=0x123456)
    button: discord.ui.Button[discord.ui.LayoutView] = discord.ui.Button(label="Change", custom_id="change")
    box.add_item(discord.ui.Section("### Settings\nof **here**", accessory=button))
    box.add_item(discord.ui.Separator()).add_item(discord.ui.TextDisplay("-# small words"))
    view.add_item(box)
    await bot.room(sandbox.channels["general"]).send(view=view)
    card = page.locator(".v2-container")
    await expect(card.locator(".h3")).to_have_text("Settings")
    await expect(card.locator("strong")).to_have_text("here")
    await expect(card.locator(".subtext")).to_have_text("small words")
    await expect(card.get_by_role("button", name="Change")).to_be_enabled()
    await expect(card).to_have_css("border-left-color", "rgb(18, 52, 86)")


async def test_people_vote_in_a_poll(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """A press votes and another takes it back; everybody sees the count, and an ended poll takes no votes."""
    page, other = await open_page("linus"), await open_page("grace")
    poll = (
        discord.Poll("Tea or coffee?", timedelta(hours=2)).add_answer(text="tea").add_answer(text="coffee", emoji="☕")
    )
    message = await bot.room(sandbox.channels["general"]).send(poll=poll)
    tea, coffee = (page.locator(".poll").get_by_role("button", name=name) for name in ("tea", "coffee"))
    await tea.click()
    await expect(tea).to_have_attribute("aria-pressed", "true")
    await coffee.press("Enter")
    await expect(coffee).to_have_attribute("aria-pressed", "true")
    await expect(coffee).to_be_focused()
    await expect(tea).to_have_attribute("aria-pressed", "false")
    await expect(other.locator(".poll")).to_contain_text("1 vote · ends in")
    await expect(other.locator(".poll-answer[aria-pressed=true]")).to_have_count(0)
    await coffee.click()
    await expect(other.locator(".poll")).to_contain_text("0 votes")
    await message.end_poll()
    await expect(tea).to_be_disabled()
    await expect(page.locator(".poll")).to_contain_text("ended")


@pytest.mark.usefixtures("bot")
async def test_options_take_things_of_the_server(open_page: OpenPage) -> None:
    """A channel, a role, a member, yes or no, a number and a file are filled in and reach the bot."""
    page = await open_page()
    await page.locator("#composer-text").fill("/gather")
    await page.keyboard.press("Enter")
    for option, typed, wanted in (
        ("where", "ques", "#questions"),
        ("role", "mod", "@Moderator"),
        ("anything", "lin", "Linus"),
        ("really", "tr", "True"),
    ):
        field = page.get_by_label(f"{option}, required")
        await field.press_sequentially(typed)
        await page.get_by_role("option", name=wanted).click()
        await expect(field).to_have_value(wanted)
    await page.get_by_label("much, required").fill("2.5")
    paper = page.get_by_label("paper, required")
    await paper.set_input_files({"name": "note.txt", "mimeType": "text/plain", "buffer": b"written"})
    await page.get_by_role("button", name="Run the command").click()
    await expect(said(page, "questions|Moderator|Linus|True|2.5|note.txt")).to_be_visible()


@pytest.mark.usefixtures("bot")
async def test_commands_of_a_server_appear_and_go_while_one_looks(
    open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper
) -> None:
    """A command that the bot adds is in the list at once, and is gone from it when it is removed."""
    page = await open_page("linus")
    made = await bot.http.upsert_guild_command(
        sandbox.application_id, sandbox.guild_id, {"name": "weather", "description": "The weather"}
    )
    await page.locator("#composer-text").fill("/wea")
    await expect(page.get_by_role("option", name="/weather")).to_be_visible()
    await bot.http.delete_guild_command(sandbox.application_id, sandbox.guild_id, int(made["id"]))
    await page.locator("#composer-text").fill("/we")
    await expect(page.get_by_role("option")).to_have_count(0)


async def test_form_of_five_fields_comes_filled_in(open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper) -> None:
    """A form can show what was there before, five fields of it, and what is changed is sent with the rest."""
    page = await open_page()
    await open_panel(page, bot, sandbox.channels["general"])
    await page.get_by_role("button", name="Long form").click()
    dialog = page.get_by_role("dialog", name="Five lines")
    await expect(dialog.get_by_role("textbox")).to_have_count(5)
    await expect(dialog.get_by_label("Line 5")).to_have_value("was 5")
    await dialog.get_by_label("Line 2").fill("is 2")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(said(page, "was 1|is 2|was 3|was 4|was 5")).to_be_visible()


async def test_commands_speak_the_language_that_one_chose(
    open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper
) -> None:
    """In Chinese a command, its options, choices and menu entries are Chinese, and the bot gets its own names."""
    page = await open_page("linus")
    await page.get_by_role("button", name="Language: American English").click()
    await page.get_by_role("menuitem", name="zh-CN").click()
    await expect(page.get_by_role("button", name="Language: 中文")).to_be_visible()
    message = await bot.room(sandbox.channels["general"]).send("well said")
    await page.locator(f"#message-{message.id}").click(button="right")
    await page.get_by_role("menuitem", name="Apps").click()
    await page.get_by_role("menuitem", name="引用").click()
    await expect(said(page, "quoted: well said")).to_be_visible()
    await page.locator("#composer-text").fill("/提")
    await expect(page.get_by_role("option", name="/提问")).to_contain_text("问点什么")
    await page.keyboard.press("Enter")
    await page.keyboard.type("为什么")
    await page.get_by_role("button", name="+ 语气").press("Enter")
    await page.get_by_role("option", name="冷淡").click()
    await page.get_by_role("button", name="Run the command").click()
    await expect(said(page, "为什么|None|None|dry|None")).to_be_visible()
    assert sandbox.engine.locale_of(sandbox.users["linus"]) == "zh-CN"


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_pictures_are_shown_in_messages_panels_and_private_answers(
    open_page: OpenPage, sandbox: Sandbox, bot: Housekeeper, scheme: str
) -> None:
    """A PNG is shown at its size in a private answer, and fills the gallery of a panel, whose words stand out."""
    page = await open_page("linus", color_scheme=scheme)
    await sandbox.people.command(sandbox.users["linus"], sandbox.channels["general"], "chart")
    private = page.locator(".message.ephemeral .picture")
    await expect(private).to_have_js_property("naturalWidth", 256)
    await expect(private).to_have_attribute("width", "256")
    view = discord.ui.LayoutView(timeout=None)
    box: discord.ui.Container[discord.ui.LayoutView] = discord.ui.Container()
    box.add_item(discord.ui.TextDisplay("### Usage"))
    box.add_item(discord.ui.MediaGallery(discord.MediaGalleryItem("attachment://chart.png")))
    view.add_item(box)
    file = discord.File(io.BytesIO(picture("usage", "256x128")), "chart.png")
    await bot.room(sandbox.channels["general"]).send(view=view, file=file)
    card = page.locator(".v2-container")
    shown = card.locator(".picture")
    await expect(shown).to_have_js_property("naturalHeight", 128)
    assert await shown.evaluate("node => node.clientWidth") > 500
    await expect(card).to_have_css("border-left-width", "1px")
    brightness = "node => getComputedStyle(node).%s.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0)"
    words, ground = [await card.evaluate(brightness % part) for part in ("color", "backgroundColor")]
    assert (words > ground) == (scheme == "dark")
    assert abs(words - ground) > 400
