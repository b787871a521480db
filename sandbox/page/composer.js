// Where one writes: text, files, replies, mentions; "/" opens the commands.

import { CommandForm, findCommands, listCommands } from "./commands.js";
import { fileSize } from "./attachments.js";
import { avatar, element } from "./dom.js";
import { icon } from "./icons.js";
import { encodeMentions, mentionBefore, mentionNames } from "./mentions.js";
import { plainText } from "./prose.js";
import { Suggestions } from "./suggestions.js";

const TYPING_EVERY_MS = 8_000; // Discord shows one typing event for ten seconds
const MAX_CONTENT_CHARS = 2_000; // what Discord lets people send
const COUNT_FROM_CHARS = 1_800;
const MAX_FILES = 10;

export class Composer {
  constructor(house, root) {
    this.house = house;
    this.files = [];
    this.reply = null;
    this.typedAt = 0;
    this.text = element("textarea", { id: "composer-text", rows: 1, "aria-label": "Message" });
    this.suggestions = new Suggestions(this.text, "Suggestions");
    this.replyBar = element("div", { class: "reply-bar", hidden: true });
    this.tray = element("ul", { class: "tray", "aria-label": "Files to send" });
    this.count = element("span", { class: "count-left", hidden: true });
    this.fileInput = element("input", { type: "file", multiple: true, class: "unseen", tabindex: "-1", "aria-label": "Choose files" });
    const attach = element("button", { type: "button", class: "icon", "aria-label": "Attach files", title: "Attach files" }, icon("plus"));
    const commands = element("button", { type: "button", class: "icon", "aria-label": "Commands", title: "Commands" }, icon("slash"));
    this.sendButton = element("button", { type: "button", class: "icon send", "aria-label": "Send", title: "Send (Enter)", disabled: true }, icon("send"));
    this.row = element("div", { class: "composer-row" }, attach, this.fileInput, commands, this.text, this.count, this.sendButton);
    this.form = element("div", { class: "command-slot" });
    root.append(this.suggestions.element, this.replyBar, this.tray, this.form, this.row);
    attach.addEventListener("click", () => this.fileInput.click());
    commands.addEventListener("click", () => this.#type("/"));
    this.sendButton.addEventListener("click", () => this.send());
    this.fileInput.addEventListener("change", () => {
      this.attach([...this.fileInput.files]);
      this.fileInput.value = "";
    });
    this.text.addEventListener("input", () => this.#changed());
    this.text.addEventListener("keydown", (event) => this.#key(event));
    this.text.addEventListener("blur", () => this.suggestions.hide());
    this.text.addEventListener("paste", (event) => this.#paste(event));
  }

  /** Writes to this place from now on. */
  setPlace(place) {
    const sign = place.kind === "dm" ? "@" : "#";
    const lead = place.kind === "thread" ? place.name : `${sign}${place.name}`;
    this.text.placeholder = `Message ${lead}`;
    this.setReply(null);
    this.closeCommand({ focus: false });
  }

  focus() {
    this.text.focus();
  }

  setReply(message) {
    this.reply = message;
    this.replyBar.hidden = message === null;
    if (message === null) return this.replyBar.replaceChildren();
    const name = this.house.world.authorOf(message).display_name;
    const cancel = element("button", { type: "button", class: "icon", "aria-label": "Cancel the reply" }, icon("close"));
    cancel.addEventListener("click", () => this.setReply(null));
    const said = plainText(message.content ?? "", this.house);
    this.replyBar.replaceChildren("Replying to ", element("b", {}, name), element("span", { class: "said" }, said), cancel);
    return this.focus();
  }

  attach(files) {
    const room = MAX_FILES - this.files.length;
    if (files.length > room) this.house.notify(`A message takes ${MAX_FILES} files at most.`);
    this.files.push(...files.slice(0, room));
    this.#showTray();
    this.focus();
  }

  startCommand(name) {
    const command = listCommands(this.house.world.commands).find((one) => one.name === name);
    if (!command) return this.house.notify(`There is no command /${name} here.`);
    this.suggestions.hide();
    this.text.value = "";
    this.#changed();
    this.command = new CommandForm(this.house, command, { close: () => this.closeCommand({ focus: true }) });
    this.form.replaceChildren(this.command.element);
    this.row.hidden = true;
    return this.command.focus();
  }

  closeCommand({ focus }) {
    this.command = null;
    this.form.replaceChildren();
    this.row.hidden = false;
    if (focus) this.focus();
  }

  /** Sends what is written; where that is refused, the text comes back with the reason. */
  async send(text = this.text.value) {
    const content = encodeMentions(text.trim(), mentionNames(this.house.world));
    const { files, reply } = this;
    if (content === "" && files.length === 0) return;
    if (content.length > MAX_CONTENT_CHARS) {
      this.house.notify(`That is ${content.length} characters; a message holds ${MAX_CONTENT_CHARS}.`);
      return;
    }
    this.text.value = "";
    this.files = [];
    this.typedAt = 0;
    this.setReply(null);
    this.#showTray();
    this.#changed();
    try {
      await this.house.say(content, { files, replyTo: reply?.id ?? null });
    } catch (refusal) {
      this.house.notify(refusal.message);
      this.files = files;
      this.#showTray();
      if (this.text.value === "") this.#type(text);
    }
  }

  /** Adds a mention of somebody to what is written. */
  mention(name) {
    const { value } = this.text;
    this.#type(`${value}${value === "" || value.endsWith(" ") ? "" : " "}@${name} `);
  }

  #type(text) {
    this.text.value = text;
    this.focus();
    this.#changed();
  }

  #changed() {
    const { value } = this.text;
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
    this.count.hidden = value.length < COUNT_FROM_CHARS;
    this.count.textContent = String(MAX_CONTENT_CHARS - value.length);
    this.count.classList.toggle("over", value.length > MAX_CONTENT_CHARS);
    this.sendButton.disabled = value.trim() === "" && this.files.length === 0;
    this.#suggest();
    if (value !== "" && !value.startsWith("/") && Date.now() - this.typedAt > TYPING_EVERY_MS) {
      this.typedAt = Date.now();
      this.house.typing();
    }
  }

  #suggest() {
    const { value, selectionStart } = this.text;
    if (/^\/[^\n]*$/.test(value)) return this.#suggestCommands(value.slice(1));
    const mention = mentionBefore(value, selectionStart);
    if (!mention) return this.suggestions.hide();
    const found = (mention.sign === "@" ? this.#people() : this.#channels()).filter(({ label }) =>
      label.toLowerCase().includes(mention.word),
    );
    return this.suggestions.show(found.slice(0, 8), (item) => this.#insert(mention.from, `${mention.sign}${item.label} `));
  }

  #suggestCommands(typed) {
    const found = findCommands(this.house.world.commands, typed).slice(0, 30);
    const items = found.map((command) => ({ label: `/${command.shown}`, detail: command.description, value: command.name }));
    return this.suggestions.show(items, (item) => this.startCommand(item.value), { title: "Commands" });
  }

  #people() {
    return this.house.world.state.users.map((user) => ({ label: user.display_name, detail: user.name, icon: avatar(user, "tiny") }));
  }

  #channels() {
    return this.house.world.textChannels().map((channel) => ({ label: channel.name, detail: channel.topic, icon: "#" }));
  }

  #insert(from, text) {
    this.text.setRangeText(text, from, this.text.selectionStart, "end");
    this.#changed();
  }

  #key(event) {
    if (this.suggestions.key(event) || event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && this.text.value === "") {
      event.preventDefault();
      this.house.editLastOwn();
    } else if (event.key === "Escape" && this.reply) {
      event.preventDefault();
      this.setReply(null);
    }
  }

  #paste(event) {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    event.preventDefault();
    this.attach(files);
  }

  #showTray() {
    this.tray.replaceChildren(
      ...this.files.map((file) => {
        const remove = element("button", { type: "button", class: "icon", "aria-label": `Remove ${file.name}` }, icon("close"));
        remove.addEventListener("click", () => {
          this.files = this.files.filter((one) => one !== file);
          this.#showTray();
        });
        return element("li", {}, file.name, element("span", { class: "dim" }, fileSize(file.size)), remove);
      }),
    );
    this.sendButton.disabled = this.text.value.trim() === "" && this.files.length === 0;
  }
}
