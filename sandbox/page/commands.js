// Slash commands: finding one, and the form with its options.

import { element } from "./dom.js";
import { icon } from "./icons.js";
import { OptionField } from "./options.js";

const CHAT_INPUT = 1;
const SUBCOMMAND = 1;
const SUBCOMMAND_GROUP = 2;

/** Every command that can be run, subcommands by their whole name ("tools add"); `shown` is that in one's language. */
export function listCommands(commands) {
  return commands.filter((command) => (command.type ?? CHAT_INPUT) === CHAT_INPUT).flatMap((command) => expand(command, { name: "", shown: "" }));
}

function expand(command, before) {
  const name = `${before.name}${command.name}`;
  const shown = `${before.shown}${command.shown}`;
  const options = command.options ?? [];
  const inner = options.filter((option) => option.type === SUBCOMMAND || option.type === SUBCOMMAND_GROUP);
  if (inner.length > 0) return inner.flatMap((option) => expand(option, { name: `${name} `, shown: `${shown} ` }));
  return [{ name, shown, description: command.description ?? "", options }];
}

/** The commands for what is typed after the slash: those that start with it in either language, then those that contain it. */
export function findCommands(commands, typed) {
  const words = typed.trim().toLowerCase();
  const all = listCommands(commands).sort((a, b) => a.shown.localeCompare(b.shown));
  const either = (command, test) => test(command.shown) || test(command.name);
  const starting = all.filter((command) => either(command, (name) => name.startsWith(words)));
  const holding = all.filter((command) => either(command, (name) => name.includes(words)));
  return [...starting, ...holding.filter((command) => !starting.includes(command))];
}

/** Context-menu commands: type 2 for people, 3 for messages. */
export function contextCommands(commands, type) {
  return commands.filter((command) => command.type === type);
}

export class CommandForm {
  constructor(house, command, { close }) {
    this.house = house;
    this.command = command;
    this.close = close;
    this.fields = [];
    this.fault = element("p", { class: "interaction-fault", role: "alert", hidden: true });
    this.slots = element("div", { class: "option-slots" });
    this.more = element("div", { class: "option-more" });
    this.hint = element("p", { class: "option-hint" }, command.description);
    this.run = element("button", { type: "submit", class: "icon send", "aria-label": "Run the command" }, icon("send"));
    const cancel = element("button", { type: "button", class: "icon", "aria-label": "Leave the command" }, icon("close"));
    cancel.addEventListener("click", close);
    this.element = element(
      "form",
      { class: "command-form", "aria-label": `Command ${command.shown}` },
      this.hint,
      this.fault,
      element("div", { class: "command-row" }, cancel, element("b", { class: "command-name" }, `/${command.shown}`), this.slots, this.more, this.run),
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.element.addEventListener("keydown", (event) => this.#key(event));
    for (const option of command.options) if (option.required) this.#add(option);
    this.#showMore();
  }

  focus() {
    const first = this.fields.find((field) => field.isEmpty) ?? this.fields[0];
    (first ?? this.run).focus();
  }

  async submit() {
    const options = {};
    const files = [];
    try {
      for (const field of this.fields) {
        const value = field.read(files);
        if (value !== undefined) options[field.option.name] = value;
      }
      this.run.disabled = true;
      this.element.classList.add("waiting");
      const running = this.house.runCommand(this.command.name, options, files);
      this.close();
      await running;
    } catch (refusal) {
      this.fault.textContent = refusal.message;
      this.fault.hidden = false;
      this.run.disabled = false;
      if (!this.element.isConnected) this.house.notify(`/${this.command.shown}: ${refusal.message}`);
    }
  }

  /** What is filled in so far, for the bot's autocomplete. */
  filled() {
    return Object.fromEntries(this.fields.filter((field) => !field.isEmpty).map((field) => [field.option.name, field.raw]));
  }

  #add(option) {
    const field = new OptionField(this.house, option, {
      complete: (focused) => this.house.autocomplete(this.command.name, this.filled(), focused),
      chosen: () => this.#next(field),
      explain: () => (this.hint.textContent = `${option.shown}: ${option.description ?? ""}`),
    });
    this.fields.push(field);
    this.slots.append(field.element);
    return field;
  }

  #showMore() {
    const left = this.command.options.filter((option) => !this.fields.some((field) => field.option.name === option.name));
    this.more.replaceChildren(
      ...left.map((option) => {
        const add = element("button", { type: "button", class: "option-add", title: option.description ?? "" }, `+ ${option.shown}`);
        add.addEventListener("click", () => {
          this.#add(option).focus();
          this.#showMore();
        });
        return add;
      }),
    );
  }

  #next(field) {
    const after = this.fields.slice(this.fields.indexOf(field) + 1).find((one) => one.isEmpty);
    if (after) after.focus();
  }

  #key(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    } else if (event.key === "Backspace" && event.target.value === "") {
      const at = this.fields.findIndex((field) => field.element.contains(event.target));
      if (at === 0) this.close();
      else if (at > 0) this.#drop(at);
      event.preventDefault();
    }
  }

  /** Backspace in an empty field leaves it for the one before; an optional one goes back to the chips. */
  #drop(at) {
    const field = this.fields[at];
    if (!field.option.required) {
      this.fields.splice(at, 1);
      field.element.remove();
      this.#showMore();
    }
    this.fields[at - 1].focus();
  }
}
