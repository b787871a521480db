// What one can do with a message: the bar that appears on it, its menu, and the editor in place.

import { contextCommands } from "./commands.js";
import { copyText, element } from "./dom.js";
import { isEphemeral } from "./history.js";
import { icon } from "./icons.js";
import { decodeMentions, encodeMentions, mentionNames } from "./mentions.js";
import { openMenu } from "./menu.js";
import { rolesItem } from "./upkeep.js";

const QUICK_EMOJI = ["👍", "❤️", "😄", "🎉", "👀", "✅"];
const USER_COMMAND = 2;
const MESSAGE_COMMAND = 3;

/** One bar for the whole list; it moves to the message that is pointed at or focused. */
export class ActionBar {
  constructor(house) {
    this.house = house;
    this.view = null;
    this.element = element("div", { class: "action-bar", role: "toolbar", "aria-label": "Message actions" });
  }

  moveTo(view) {
    if (view === this.view && this.element.isConnected) return;
    this.view = view;
    const { message } = view;
    const own = message.author?.id === this.house.world.me?.id;
    this.element.replaceChildren(
      this.#button("smile", "React", () => this.#pickReaction()),
      this.#button("reply", "Reply", () => this.house.replyTo(message)),
      ...(own ? [this.#button("pencil", "Edit", () => editInPlace(view))] : []),
      this.#button("more", "More", () => openMessageMenu(view, this.element.getBoundingClientRect())),
    );
    this.element.hidden = isEphemeral(message);
    view.element.append(this.element);
  }

  leave() {
    this.view = null;
    this.element.remove();
  }

  #button(name, label, act) {
    return element("button", { type: "button", class: "icon", "aria-label": label, title: label, on: { click: act } }, icon(name));
  }

  #pickReaction() {
    const { house, view } = this;
    const items = QUICK_EMOJI.map((name) => ({ label: name, act: () => house.react(view.message, { name, id: null }, true) }));
    openMenu(this.element.getBoundingClientRect(), "Reactions", items);
  }
}

export function openMessageMenu(view, rectangle) {
  const { house, message } = view;
  if (isEphemeral(message)) return;
  const own = message.author?.id === house.world.me?.id;
  const run = (command) => house.runOnMessage(command.name, message);
  const inChannel = house.world.place(message.channel_id)?.kind === "channel";
  const items = [
    { label: "Reply", hint: "R", act: () => house.replyTo(message) },
    own && { label: "Edit", hint: "E", act: () => editInPlace(view) },
    inChannel && !message.thread && { label: "Start a thread", act: () => house.startThread(message) },
    { label: "Copy text", act: () => copyText(message.content ?? "") },
    appsItem(house, MESSAGE_COMMAND, run),
    (own || house.world.moderates) && "line",
    (own || house.world.moderates) && { label: "Delete", danger: true, act: () => house.remove(message) },
  ];
  openMenu(rectangle, "Message", items.filter(Boolean).map((item) => (item === "line" ? null : item)));
}

/** The menu of somebody's name: mention them, give them roles, or run an app's command on them. */
export function openPersonMenu(house, person, rectangle) {
  const mention = { label: `Mention ${person.display_name}`, act: () => house.mention(person.display_name) };
  const apps = appsItem(house, USER_COMMAND, (command) => house.runOnPerson(command.name, person.id));
  openMenu(rectangle, person.display_name, [mention, rolesItem(house, person), apps].filter(Boolean));
}

/** The item that leads to the apps' commands of a type, or false where there are none. */
function appsItem(house, type, run) {
  const inner = contextCommands(house.world.commands, type).map((command) => ({ label: command.shown, act: () => run(command) }));
  return inner.length > 0 && { label: "Apps", inner };
}

/** Turns the message's text into an editor: Enter saves, Escape leaves it as it was. */
export function editInPlace(view) {
  if (view.editing) return;
  const { house, message, part } = view;
  const names = mentionNames(house.world);
  const input = element("textarea", { class: "edit-text", "aria-label": "Edit the message", rows: 1 });
  input.value = decodeMentions(message.content ?? "", names);
  const finish = () => {
    view.editing = false;
    part.content.replaceChildren();
    view.show(view.message);
    house.focusComposer();
  };
  const save = async () => {
    const content = encodeMentions(input.value.trim(), names);
    finish();
    if (content === (message.content ?? "")) return;
    if (content === "") await house.remove(message);
    else await house.edit(message, content);
  };
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") finish();
    else if (event.key === "Enter" && !event.shiftKey) save();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const fit = () => {
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
  };
  input.addEventListener("input", fit);
  view.editing = true;
  part.content.replaceChildren(input, element("p", { class: "dim edit-hint" }, "Enter saves · Escape cancels"));
  fit();
  input.focus();
}
