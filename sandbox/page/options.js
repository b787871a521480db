// One option of a slash command: a field that knows its type, its choices and its limits.

import { avatar, element } from "./dom.js";
import { Suggestions } from "./suggestions.js";

const INTEGER = 4;
const BOOLEAN = 5;
const NUMBER = 10;
const ATTACHMENT = 11;
const MOST_SHOWN = 25; // as many choices as Discord shows

export class OptionField {
  constructor(house, option, { complete, chosen, explain }) {
    Object.assign(this, { house, option, complete, chosen });
    this.choice = null; // the choice that was picked, {name, value}
    this.asked = 0;
    const isFile = option.type === ATTACHMENT;
    this.input = element("input", { type: isFile ? "file" : "text", "aria-label": label(option), "aria-required": String(option.required === true), autocomplete: "off" });
    if (option.type === INTEGER || option.type === NUMBER) this.input.inputMode = "decimal";
    if (option.max_length) this.input.maxLength = option.max_length;
    this.suggestions = new Suggestions(this.input, `Choices for ${option.shown}`);
    if (!this.#hasChoices) this.input.removeAttribute("role");
    const mark = option.required ? element("b", { class: "required", title: "Required" }, "*") : null;
    this.element = element("label", { class: "option" }, element("span", { class: "option-name" }, option.shown, mark), this.input, this.suggestions.element);
    this.input.addEventListener("focus", () => {
      explain();
      this.#suggest();
    });
    this.input.addEventListener("blur", () => this.suggestions.hide());
    this.input.addEventListener("input", () => {
      this.choice = null;
      this.element.classList.remove("wrong");
      this.#suggest();
    });
    this.input.addEventListener("keydown", (event) => this.suggestions.key(event));
  }

  get isEmpty() {
    return this.input.value === "";
  }

  /** The value as the bot's autocomplete sees it while one types. */
  get raw() {
    return this.choice ? this.choice.value : this.input.value;
  }

  focus() {
    this.input.focus();
  }

  /** The value to send, undefined where an optional field is empty; a file is added to `files`.  Throws a sentence. */
  read(files) {
    const { shown: name, required, type } = this.option;
    if (this.isEmpty) {
      if (required) throw this.#wrong(`"${name}" is required.`);
      return undefined;
    }
    if (type === ATTACHMENT) return `file${files.push(this.input.files[0]) - 1}`;
    if (this.choice) return this.choice.value;
    if (this.#isStrict) {
      const typed = this.input.value.trim().toLowerCase();
      const match = this.#fixedChoices().find((choice) => nameOf(choice).toLowerCase() === typed);
      if (!match) throw this.#wrong(`Choose one of the list for "${name}".`);
      return match.value;
    }
    return type === INTEGER || type === NUMBER ? this.#readNumber() : this.#readText();
  }

  #readNumber() {
    const { shown: name, type, min_value: least, max_value: most } = this.option;
    const value = Number(this.input.value);
    if (!Number.isFinite(value)) throw this.#wrong(`"${name}" takes a number.`);
    if (type === INTEGER && !Number.isInteger(value)) throw this.#wrong(`"${name}" takes a whole number.`);
    if (least !== undefined && value < least) throw this.#wrong(`"${name}" is ${least} at least.`);
    if (most !== undefined && value > most) throw this.#wrong(`"${name}" is ${most} at most.`);
    return value;
  }

  #readText() {
    const { shown: name, min_length: least } = this.option;
    if (least && this.input.value.length < least) throw this.#wrong(`"${name}" takes ${least} characters at least.`);
    return this.input.value;
  }

  #wrong(sentence) {
    this.element.classList.add("wrong");
    this.focus();
    return new Error(sentence);
  }

  get #hasChoices() {
    return this.#isStrict || this.option.autocomplete === true;
  }

  /** Whether only a choice of the list will do. */
  get #isStrict() {
    return (this.option.choices ?? []).length > 0 || (this.option.type >= BOOLEAN && this.option.type < NUMBER);
  }

  #fixedChoices() {
    const { state } = this.house.world;
    const users = () => state.users.map((user) => ({ name: user.display_name, value: user.id, icon: avatar(user, "tiny") }));
    const roles = () => (state.roles ?? []).map((role) => ({ name: `@${role.name}`, value: role.id }));
    const kinds = this.option.channel_types ?? [];
    const channels = () =>
      state.channels
        .filter((channel) => kinds.length === 0 || kinds.includes(channel.type ?? 0))
        .map((channel) => ({ name: `#${channel.name}`, value: channel.id }));
    const byType = {
      5: () => [
        { name: "True", value: true },
        { name: "False", value: false },
      ],
      6: users,
      7: channels,
      8: roles,
      9: () => [...users(), ...roles()],
    };
    return this.option.choices ?? byType[this.option.type]?.() ?? [];
  }

  async #suggest() {
    if (this.#isStrict) {
      const typed = this.choice ? "" : this.input.value.trim().toLowerCase();
      return this.#show(this.#fixedChoices().filter((choice) => nameOf(choice).toLowerCase().includes(typed)), true);
    }
    if (!this.option.autocomplete) return undefined;
    this.asked += 1;
    const asked = this.asked;
    const choices = await this.complete(this.option.name);
    if (asked === this.asked && document.activeElement === this.input) this.#show(choices, false);
    return undefined;
  }

  #show(choices, first) {
    const items = choices.slice(0, MOST_SHOWN).map((choice) => ({ label: nameOf(choice), icon: choice.icon, choice }));
    const pick = ({ choice }) => {
      this.choice = choice;
      this.input.value = nameOf(choice);
      this.chosen();
    };
    this.suggestions.show(items, pick, { first });
  }
}

function label(option) {
  return option.required ? `${option.shown}, required` : option.shown;
}

/** A choice of the bot has a name in one's language; those of the server have one name only. */
function nameOf(choice) {
  return choice.shown ?? choice.name;
}
