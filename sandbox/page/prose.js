// Draws the tree of markdown.js as DOM nodes.

import { fullTime, timestampText } from "./clock.js";
import { colourCode } from "./code.js";
import { copyText, element, outwardLink, reconcile } from "./dom.js";
import { parseMarkdown } from "./markdown.js";

const COPIED_MS = 1_500;
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\u200d|\ufe0f|\s){1,60}$/u;

/** Shows Markdown in `parent`; what did not change since the last time stays as it is. */
export function showMarkdown(parent, text, house) {
  parent.classList.add("prose");
  parent.classList.toggle("jumbo", ONLY_EMOJI.test(text) && /\p{Extended_Pictographic}/u.test(text));
  reconcile(parent, parseMarkdown(text), (block) => drawBlock(block, house));
}

export function markdown(text, house, className = "") {
  const node = element("div", { class: className });
  showMarkdown(node, text, house);
  return node;
}

/** The text as one line without Markdown, for replies, notices and screen readers. */
export function plainText(text, house) {
  const probe = element("div");
  for (const block of parseMarkdown(text)) probe.append(drawBlock(block, house), " ");
  for (const button of probe.querySelectorAll("button.copy, .code-head")) button.remove();
  return probe.textContent.replace(/\s+/g, " ").trim();
}

function drawBlock(block, house) {
  switch (block.type) {
    case "paragraph":
      return element("p", {}, drawInline(block.children, house));
    case "heading":
      return element(`h${block.level + 1}`, { class: `h${block.level}` }, drawInline(block.children, house));
    case "subtext":
      return element("small", { class: "subtext" }, drawInline(block.children, house));
    case "quote":
      return element("blockquote", {}, block.blocks.map((inner) => drawBlock(inner, house)));
    case "list":
      return drawList(block, house);
    case "code":
      return drawCode(block);
    case "gap":
      return element("div", { class: "gap" });
    default:
      throw new Error(`No drawing for a block of type ${block.type}`);
  }
}

function drawList(list, house) {
  const items = list.items.map((item) =>
    element("li", {}, drawInline(item.children, house), item.lists.map((inner) => drawList(inner, house))),
  );
  return list.ordered ? element("ol", { start: list.start }, items) : element("ul", {}, items);
}

export function drawCode({ language, text }) {
  const copy = element("button", { type: "button", class: "copy" }, "Copy");
  copy.addEventListener("click", async () => {
    await copyText(text);
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), COPIED_MS);
  });
  const head = element("figcaption", { class: "code-head" }, element("span", {}, language || "text"), copy);
  const code = element("code", { data: { language } }, colourCode(text, language));
  return element("figure", { class: "code" }, head, element("pre", { tabindex: "0", "aria-label": "Code" }, code));
}

function drawInline(nodes, house) {
  return nodes.map((node) => drawNode(node, house));
}

function drawNode(node, house) {
  const inner = () => drawInline(node.children, house);
  switch (node.type) {
    case "text":
      return document.createTextNode(node.text);
    case "bold":
      return element("strong", {}, inner());
    case "italic":
      return element("em", {}, inner());
    case "underline":
      return element("u", {}, inner());
    case "strike":
      return element("s", {}, inner());
    case "spoiler":
      return drawSpoiler(inner());
    case "inlineCode":
      return element("code", {}, node.text);
    case "link":
      return outwardLink(node.address, ...inner());
    case "time":
      return drawTime(node);
    case "emoji":
      return element("span", { class: "emoji", title: `:${node.name}:` }, `:${node.name}:`);
    default:
      return drawMention(node, house);
  }
}

function drawMention(node, house) {
  switch (node.type) {
    case "userMention":
      return pill(`@${house.world.nameOf(node.id)}`, { mine: node.id === house.world.me?.id });
    case "roleMention":
      return pill(`@${house.world.roleName(node.id)}`);
    case "everyone":
      return pill(`@${node.name}`);
    case "channelMention":
      return channelPill(node.id, house);
    case "commandMention":
      return pill(`/${node.name}`, { onPress: () => house.startCommand(node.name) });
    default:
      throw new Error(`No drawing for ${node.type}`);
  }
}

function channelPill(id, house) {
  const place = house.world.place(id);
  if (!place) return pill("#unknown");
  return pill(`#${place.name}`, { onPress: () => house.openChannel(id) });
}

function pill(text, { mine = false, onPress = null } = {}) {
  const className = mine ? "mention mine" : "mention";
  if (!onPress) return element("span", { class: className }, text);
  return element("button", { type: "button", class: className, on: { click: onPress } }, text);
}

function drawSpoiler(children) {
  const spoiler = element("span", {
    class: "spoiler",
    role: "button",
    tabindex: "0",
    "aria-label": "Spoiler, hidden",
    "aria-expanded": "false",
  });
  spoiler.append(element("span", {}, ...children));
  const reveal = (event) => {
    if (spoiler.classList.contains("revealed") || (event.type === "keydown" && event.key !== "Enter" && event.key !== " "))
      return;
    event.preventDefault();
    spoiler.classList.add("revealed");
    spoiler.setAttribute("aria-expanded", "true");
    spoiler.removeAttribute("aria-label");
  };
  spoiler.addEventListener("click", reveal);
  spoiler.addEventListener("keydown", reveal);
  return spoiler;
}

function drawTime({ unix, style }) {
  const text = timestampText(unix, style);
  if (text === null) return document.createTextNode(`<t:${unix}:${style}>`);
  const data = style === "R" ? { relative: String(unix) } : {};
  const date = new Date(unix * 1000);
  return element("time", { class: "stamp", datetime: date.toISOString(), title: fullTime(date), data }, text);
}
