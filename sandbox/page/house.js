// What one can do on the page: every part calls these, none calls another part.

import { Refusal } from "./api.js";
import { translated } from "./language.js";
import { confirmStep, askText, showModal } from "./modals.js";

const USER_KEY = "parley-user";
const CHANNEL_KEY = "parley-channel";
const THREAD_NAME_CHARS = 60;

export class Actions {
  constructor(world, api) {
    this.world = world;
    this.api = api;
  }

  /** Gets the parts that show things: layout, sidebar, messages, composer, inspector, live. */
  connect(parts) {
    this.parts = parts;
  }

  /** Who one was in this tab; another tab may be somebody else. */
  rememberedUser() {
    return sessionStorage.getItem(USER_KEY);
  }

  /** Shows a world that just came in, and the channel that was open, or the first. */
  async settle() {
    const { world, parts } = this;
    const before = this.api.userId;
    this.api.userId = world.me.id;
    sessionStorage.setItem(USER_KEY, world.me.id);
    const wanted = world.openChannelId ?? sessionStorage.getItem(CHANNEL_KEY);
    const target = world.place(wanted) ? wanted : (world.textChannels()[0]?.id ?? null);
    parts.layout.showGateway();
    if (target !== null && (target !== world.openChannelId || before !== world.me.id)) return this.openChannel(target);
    parts.sidebar.show();
    parts.layout.showPlace(world.place(target));
    if (target !== null && !world.history(target).loaded) await parts.messages.refresh();
    return undefined;
  }

  async openChannel(id) {
    const place = this.world.place(id);
    if (!place) return this.notify("That channel is not open to you.");
    sessionStorage.setItem(CHANNEL_KEY, id);
    this.world.open(id);
    const { sidebar, layout, composer, inspector, messages } = this.parts;
    sidebar.show();
    layout.showPlace(place);
    layout.showTyping();
    layout.closeSidebar();
    composer.setPlace(place);
    inspector.watch(id);
    return messages.show(id);
  }

  /** Goes on as another person. */
  become(userId) {
    if (userId === this.world.me?.id) return;
    this.world.forget();
    this.api.userId = null;
    this.parts.live.listen(userId);
  }

  say(content, { files = [], replyTo = null } = {}) {
    const fields = { channel: this.world.openChannelId, content };
    if (replyTo !== null) fields.reply_to = replyTo;
    return this.api.act("say", fields, files);
  }

  /** Sends a text as if it had been written in the composer: names become mentions. */
  send(text) {
    return this.parts.composer.send(text);
  }

  edit(message, content) {
    return this.#try(this.api.act("edit", { channel: message.channel_id, message: message.id, content }));
  }

  async remove(message) {
    const name = this.world.authorOf(message).display_name;
    const text = `The message by ${name} will be gone for everyone.`;
    if (!(await confirmStep({ title: "Delete this message?", text, action: "Delete" }))) return;
    await this.#try(this.api.act("delete", { channel: message.channel_id, message: message.id }));
    this.focusComposer();
  }

  react(message, emoji, on) {
    const code = emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name;
    return this.#try(this.api.act("react", { channel: message.channel_id, message: message.id, emoji: code, on }));
  }

  vote(message, answers) {
    return this.#try(this.api.act("vote", { channel: message.channel_id, message: message.id, answers }));
  }

  async typing() {
    try {
      await this.api.act("typing", { channel: this.world.openChannelId });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error; // a typing sign that is refused is no news to who types
    }
  }

  /** Changes the server: its roles, its channels, and what one may do in them. */
  keep(action, fields) {
    return this.#try(this.api.act(action, fields));
  }

  /** Goes on in another language. */
  chooseLocale(locale) {
    return this.#try(this.api.act("locale", { locale }));
  }

  async openDirect(userId) {
    const answer = await this.#try(this.api.act("dm", { recipient: userId }));
    if (answer) await this.#openWhenKnown(String(answer.channel));
  }

  async startThread(message) {
    const value = (message.content ?? "").replace(/<[^>]*>/g, "").replace(/\s+/g, " ").trim().slice(0, THREAD_NAME_CHARS);
    const name = await askText({ title: "Start a thread", label: "Name", value: value || "New thread", action: "Start" });
    if (!name) return;
    const fields = { channel: message.channel_id, name, message: message.id };
    const answer = await this.#try(this.api.act("thread", fields));
    if (answer) await this.#openWhenKnown(String(answer.channel));
  }

  /** Presses, chooses, submits, or runs something of the bot's; throws a Refusal where the bot failed to answer. */
  async interact(action, fields, files = []) {
    const outcome = await this.api.act(action, fields, files);
    if (outcome.status === "failed") throw new Refusal(outcome.error ?? "The application did not respond");
    if (outcome.status === "modal") showModal(this, outcome);
    return outcome;
  }

  runCommand(name, options, files) {
    return this.interact("command", { channel: this.world.openChannelId, name, type: 1, options }, files);
  }

  runOnMessage(name, message) {
    return this.#try(this.interact("context", { channel: message.channel_id, name, type: 3, target: message.id }));
  }

  runOnPerson(name, userId) {
    return this.#try(this.interact("context", { channel: this.world.openChannelId, name, type: 2, target: userId }));
  }

  async autocomplete(name, options, focused) {
    try {
      const fields = { channel: this.world.openChannelId, name, options, focused };
      const { choices } = await this.api.act("autocomplete", fields);
      return choices.map((choice) => translated(choice, this.world.me.locale));
    } catch (error) {
      if (error instanceof Refusal) return []; // one can type on without suggestions
      throw error;
    }
  }

  startCommand(name) {
    this.parts.composer.startCommand(name);
  }

  replyTo(message) {
    this.parts.composer.setReply(message);
  }

  mention(name) {
    this.parts.composer.mention(name);
  }

  attach(files) {
    this.parts.composer.attach(files);
  }

  editLastOwn() {
    this.parts.messages.editLastOwn();
  }

  showMessage(id) {
    if (!this.parts.messages.reveal(id)) this.notify("That message is further up; scroll to load it.");
  }

  focusComposer() {
    this.parts.composer.focus();
  }

  toggleInspector(shown) {
    this.parts.layout.toggleInspector(shown);
  }

  notify(text) {
    this.parts.layout.notify(text);
  }

  announce(text) {
    this.parts.layout.announce(text);
  }

  /** A new thread or DM is in the answer a moment before the world that lists it comes in. */
  async #openWhenKnown(id) {
    while (!this.world.place(id)) await new Promise((resolve) => this.world.addEventListener("world", resolve, { once: true }));
    await this.openChannel(id);
  }

  async #try(pending) {
    try {
      return await pending;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.notify(error.message);
      return null;
    }
  }
}
