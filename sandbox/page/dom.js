// Building and refreshing DOM nodes. Text only ever becomes text nodes; nothing here parses HTML.

const SOURCE = Symbol("what a node was drawn from");

/** A new element. `on` holds listeners, `data` the dataset, `style` custom properties; null and false are left out. */
export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "style") for (const [key, text] of Object.entries(value)) node.style.setProperty(key, text);
    else if (typeof value === "string") node.setAttribute(name === "className" ? "class" : name, value);
    else if (name in node) node[name] = value;
    else node.setAttribute(name, String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Makes the children of `parent` show `items`, keeping every node whose item did not change.
 *
 * That is what lets an answer grow without flicker: finished paragraphs, open previews and selections stay.
 */
export function reconcile(parent, items, draw, describe = JSON.stringify) {
  items.forEach((item, index) => {
    const source = describe(item);
    const present = parent.childNodes[index];
    if (present?.[SOURCE] === source) return;
    const node = draw(item);
    node[SOURCE] = source;
    if (present) present.replaceWith(node);
    else parent.append(node);
  });
  while (parent.childNodes.length > items.length) parent.lastChild.remove();
}

/** The address if it is http(s), else null: everything a link or an image may point to goes through here. */
export function webAddress(text) {
  try {
    const address = new URL(String(text), location.href);
    return address.protocol === "http:" || address.protocol === "https:" ? address.href : null;
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** A link to another site that tells it nothing about us, or plain text where the address is not http(s). */
export function outwardLink(address, ...children) {
  const href = webAddress(address);
  if (href === null) return element("span", {}, ...children);
  return element("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** A round picture of someone: their own, or their initials on their colour. */
export function avatar(user, size = "") {
  const name = user?.display_name ?? "?";
  const initials = name
    .split(/\s+/u)
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("");
  const node = element("span", { class: `avatar ${size}`, "aria-hidden": "true" }, initials.toUpperCase());
  if (user?.picture) {
    const picture = element("img", { src: user.picture, alt: "" });
    picture.addEventListener("error", () => picture.remove()); // the initials are under it
    node.append(picture);
  }
  node.style.setProperty("--avatar", user?.role === "bot" ? "#0f766e" : (user?.avatar_color ?? "#6b7280"));
  return node;
}

export async function copyText(text) {
  await navigator.clipboard.writeText(text);
}
