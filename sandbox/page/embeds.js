// Embeds: a card with a coloured bar.

import { fullTime } from "./clock.js";
import { element, outwardLink, webAddress } from "./dom.js";
import { markdown } from "./prose.js";

export function drawEmbed(embed, house) {
  const { title, description, url, color, author, fields = [], footer, timestamp, image, thumbnail } = embed;
  const main = element(
    "div",
    { class: "embed-main" },
    author?.name && element("div", { class: "embed-author" }, author.url ? outwardLink(author.url, author.name) : author.name),
    title && element("div", { class: "embed-title" }, drawTitle(title, url, house)),
    description && markdown(description, house),
    fields.length > 0 && element("div", { class: "embed-fields" }, fields.map((field) => drawField(field, house))),
    drawImage(image, "embed-image"),
    drawFooter(footer, timestamp),
  );
  const card = element("article", { class: "embed" }, main, drawImage(thumbnail, "embed-thumbnail"));
  card.style.setProperty("--bar", cssColour(color) ?? "var(--line-strong)");
  return card;
}

/** A colour from Discord's integer; null where none is set. */
export function cssColour(number) {
  return Number.isInteger(number) ? `#${number.toString(16).padStart(6, "0")}` : null;
}

function drawTitle(title, url, house) {
  const text = markdown(title, house);
  return url ? outwardLink(url, text) : text;
}

function drawField({ name, value, inline }, house) {
  return element(
    "div",
    { class: inline ? "field inline" : "field" },
    markdown(name, house, "field-name"),
    markdown(value, house, "field-value"),
  );
}

function drawImage(image, className) {
  const source = image?.url ? webAddress(image.url) : null;
  return source && element("img", { class: className, src: source, alt: image.description ?? "", loading: "lazy" });
}

function drawFooter(footer, timestamp) {
  if (!footer?.text && !timestamp) return null;
  const parts = [footer?.text, timestamp && fullTime(new Date(timestamp))].filter(Boolean);
  return element("div", { class: "embed-footer" }, parts.join(" · "));
}
