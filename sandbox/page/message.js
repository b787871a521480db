// One message: drawn once, then refreshed part by part.

import { openPersonMenu } from "./actions.js";
import { drawAttachment } from "./attachments.js";
import { clockTime, fullTime, sentAt } from "./clock.js";
import { ComponentTree } from "./components.js";
import { avatar, element, reconcile } from "./dom.js";
import { drawEmbed } from "./embeds.js";
import { isEphemeral, isLoading } from "./history.js";
import { icon } from "./icons.js";
import { drawPoll } from "./poll.js";
import { plainText, showMarkdown } from "./prose.js";

const SUPPRESS_EMBEDS = 1 << 2;
const COMPONENTS_V2 = 1 << 15;
const REPLY = 19;
const NOTICES = {
  6: "pinned a message to this channel.",
  7: "came in.",
  18: "started a thread:",
};

/** The `<li>` of a message; `show(message)` brings it up to date. */
export class MessageView {
  constructor(house, message) {
    this.house = house;
    this.part = {
      reference: element("div", { class: "reference" }),
      face: element("div", { class: "face" }),
      head: element("div", { class: "head" }),
      content: element("div", { class: "content" }),
      attachments: element("div", { class: "attachments" }),
      poll: element("div", { class: "poll-box" }),
      embeds: element("div", { class: "embeds" }),
      components: element("div", { class: "components" }),
      reactions: element("div", { class: "reactions" }),
      foot: element("div", { class: "foot" }),
    };
    const { reference, face, ...body } = this.part;
    this.element = element("li", { class: "message", id: `message-${message.id}`, tabindex: "-1", data: { id: message.id } });
    this.element.append(reference, face, element("div", { class: "body" }, ...Object.values(body)));
    this.componentTree = new ComponentTree(house, this.part.components);
    this.show(message);
  }

  show(message) {
    this.message = message;
    const focused = this.#focusedControl();
    const author = this.house.world.authorOf(message);
    const { classList } = this.element;
    classList.toggle("ephemeral", isEphemeral(message));
    classList.toggle("mentions-me", (message.mentions ?? []).some((user) => user.id === this.house.world.me?.id));
    classList.toggle("notice", message.type in NOTICES);
    this.element.setAttribute("aria-label", `${author.display_name}, ${clockTime(sentAt(message))}`);
    this.#showReference(message);
    reconcile(this.part.face, [author], () => avatar(author));
    this.#showHead(message, author);
    this.#showContent(message);
    reconcile(this.part.attachments, looseAttachments(message), (one) => drawAttachment(one));
    reconcile(this.part.poll, message.poll ? [message.poll] : [], (poll) => drawPoll(poll, (answers) => this.house.vote(this.message, answers)));
    this.#showEmbeds(message);
    this.componentTree.show(message);
    this.#showReactions(message);
    this.#showFoot(message);
    if (focused && !this.element.contains(document.activeElement)) this.#focusAgain(focused);
  }

  /** Whether the head is left out because the message before is by the same author. */
  setGrouped(grouped) {
    this.element.classList.toggle("grouped", grouped);
  }

  #focusedControl() {
    const active = document.activeElement;
    if (active === this.element || !this.element.contains(active)) return null;
    return { customId: active.dataset.customId ?? null };
  }

  /** A bot often changes a message's buttons when one is pressed; the keyboard's place must not be lost by that. */
  #focusAgain({ customId }) {
    const controls = [...this.element.querySelectorAll("[data-custom-id]")];
    const target = controls.find((one) => one.dataset.customId === customId && !one.disabled) ?? this.element;
    target.focus({ preventScroll: true });
  }

  #showReference(message) {
    const { world } = this.house;
    const used = message.interaction_metadata;
    const items = [];
    if (message.type === REPLY) items.push({ reply: message.referenced_message ?? null });
    else if (used && message.interaction?.name) items.push({ user: used.user, name: message.interaction.name, type: used.type });
    else if (used?.user && (message.type === 20 || message.type === 23)) items.push({ user: used.user, name: used.name, type: 2 });
    reconcile(this.part.reference, items, (item) => {
      if ("reply" in item) return this.#drawReply(item.reply);
      const name = world.authorOf({ author: item.user }).display_name;
      const what = item.name ? ["used ", element("span", { class: "mention" }, `/${item.name}`)] : ["asked for this"];
      return element("span", { class: "reply-line" }, element("b", {}, name), " ", ...what);
    });
  }

  #drawReply(original) {
    if (!original) return element("span", { class: "reply-line" }, element("i", {}, "The original message was deleted"));
    const author = this.house.world.authorOf(original);
    const said = plainText(original.content ?? "", this.house) || "See the attachment or the buttons";
    const jump = () => this.house.showMessage(original.id);
    const line = element("button", { type: "button", class: "reply-line", on: { click: jump } });
    line.append(avatar(author, "tiny"), element("b", {}, author.display_name), element("span", { class: "said" }, said));
    return line;
  }

  #showHead(message, author) {
    const isApp = author.role === "bot" || message.author?.bot || Boolean(message.webhook_id);
    reconcile(this.part.head, [[author, isApp, message.timestamp]], () => {
      const date = sentAt(message);
      return element(
        "div",
        { class: "byline" },
        message.webhook_id ? element("span", { class: "author bot" }, author.display_name) : this.#drawName(author),
        isApp && element("span", { class: "badge" }, "APP"),
        element("time", { datetime: date.toISOString(), title: fullTime(date) }, clockTime(date)),
      );
    });
  }

  #drawName(author) {
    const name = element("button", { type: "button", class: `author ${author.role ?? ""}` }, author.display_name);
    name.addEventListener("click", () => openPersonMenu(this.house, author, name.getBoundingClientRect()));
    return name;
  }

  #showContent(message) {
    const content = this.part.content;
    if (this.editing) return;
    if (isLoading(message)) {
      const name = this.house.world.authorOf(message).display_name;
      reconcile(content, ["loading"], () => element("p", { class: "loading" }, dots(), ` ${name} is thinking …`));
      return;
    }
    const v2 = ((message.flags ?? 0) & COMPONENTS_V2) !== 0;
    if (message.type in NOTICES) showMarkdown(content, `${NOTICES[message.type]} ${message.content ?? ""}`, this.house);
    else showMarkdown(content, v2 ? "" : (message.content ?? ""), this.house);
    this.#showEdited(message);
  }

  #showEdited(message) {
    const { content } = this.part;
    content.querySelector(".edited")?.remove();
    if (!message.edited_timestamp) return;
    const last = content.lastElementChild;
    const place = last?.matches("p, small") ? last : content;
    const title = fullTime(new Date(message.edited_timestamp));
    place.append(element("span", { class: "edited", title }, " (edited)"));
  }

  #showEmbeds(message) {
    const suppressed = ((message.flags ?? 0) & SUPPRESS_EMBEDS) !== 0;
    const embeds = suppressed ? [] : (message.embeds ?? []);
    reconcile(this.part.embeds, embeds, (embed) => drawEmbed(embed, this.house));
  }

  #showReactions(message) {
    reconcile(this.part.reactions, message.reactions ?? [], (reaction) => {
      const { emoji, count, me } = reaction;
      const label = emoji.id ? `:${emoji.name}:` : emoji.name;
      return element(
        "button",
        {
          type: "button",
          class: "reaction",
          "aria-pressed": String(Boolean(me)),
          "aria-label": `${label}, ${count}`,
          on: { click: () => this.house.react(this.message, emoji, !me) },
        },
        element("span", {}, label),
        element("span", { class: "count" }, String(count)),
      );
    });
  }

  #showFoot(message) {
    const items = [];
    if (message.thread) items.push({ thread: message.thread.id, name: message.thread.name });
    if (isEphemeral(message)) items.push({ ephemeral: true });
    reconcile(this.part.foot, items, (item) => (item.ephemeral ? this.#drawEphemeral() : this.#drawThread(item)));
  }

  #drawThread({ thread, name }) {
    const open = () => this.house.openChannel(thread);
    return element("button", { type: "button", class: "thread-chip", on: { click: open } }, icon("thread"), element("b", {}, name), " Open ›");
  }

  #drawEphemeral() {
    const dismiss = () => this.house.world.dismiss(this.message);
    const button = element("button", { type: "button", class: "link", on: { click: dismiss } }, "Dismiss message");
    return element("p", { class: "only-you" }, "Only you can see this · ", button);
  }
}

/** Attachments that no V2 component shows itself. */
function looseAttachments(message) {
  const v2 = ((message.flags ?? 0) & COMPONENTS_V2) !== 0;
  return v2 ? [] : (message.attachments ?? []);
}

export function dots() {
  return element("span", { class: "dots", "aria-hidden": "true" }, element("i"), element("i"), element("i"));
}

/** What a screen reader hears of a new message. */
export function spokenMessage(message, house) {
  const text = plainText(message.content ?? "", house);
  const extras = (message.attachments ?? []).length > 0 ? ", with an attachment" : "";
  return `${house.world.authorOf(message).display_name}: ${text || "a message"}${extras}`;
}
