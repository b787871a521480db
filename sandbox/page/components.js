// Message components, both generations: action rows with buttons and selects, and Components V2.

import { drawAttachment, drawPicture } from "./attachments.js";
import { element, outwardLink, reconcile, webAddress } from "./dom.js";
import { cssColour } from "./embeds.js";
import { emojiText, pickerOf } from "./picker.js";
import { markdown } from "./prose.js";

const BUTTON_STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "outward", 6: "secondary" };
const LINK_STYLE = 5;
const ATTACHMENT = "attachment://";

/** Shows the components of a message in `parent` and carries presses and choices to the bot. */
export class ComponentTree {
  constructor(house, parent) {
    this.house = house;
    this.parent = parent;
    this.fault = element("p", { class: "interaction-fault", role: "alert", hidden: true });
    this.rows = element("div", { class: "component-rows" });
    parent.append(this.rows, this.fault);
  }

  show(message) {
    this.message = message;
    reconcile(this.rows, message.components ?? [], (component) => this.#draw(component));
    this.parent.hidden = this.rows.childNodes.length === 0;
  }

  #draw(component) {
    switch (component.type) {
      case 1:
        return element("div", { class: "row" }, this.#drawAll(component.components));
      case 2:
        return this.#drawButton(component);
      case 3:
      case 5:
      case 6:
      case 7:
      case 8:
        return this.#drawSelect(component);
      case 9:
        return element(
          "div",
          { class: "v2-section" },
          element("div", { class: "v2-text" }, this.#drawAll(component.components)),
          component.accessory && this.#draw(component.accessory),
        );
      case 10:
        return markdown(component.content, this.house, "v2-text");
      case 11:
        return this.#drawMedia(component, "v2-thumbnail");
      case 12:
        return element("div", { class: "v2-gallery" }, component.items.map((item) => this.#drawMedia(item, "v2-picture")));
      case 13:
        return this.#drawFile(component);
      case 14:
        return element("hr", { class: `v2-separator ${component.spacing === 2 ? "wide" : ""} ${component.divider === false ? "bare" : ""}` });
      case 17:
        return this.#drawContainer(component);
      default:
        return element("p", { class: "dim" }, `A component of type ${component.type} that this page does not know`);
    }
  }

  #drawAll(components) {
    return components.map((component) => this.#draw(component));
  }

  #drawButton(component) {
    const { style, label, emoji, url, disabled, custom_id: customId } = component;
    const face = [emoji && element("span", { class: "button-emoji" }, emojiText(emoji)), label].filter(Boolean);
    if (style === LINK_STYLE) {
      const link = outwardLink(url, ...face, " ↗");
      link.classList.add("button", "outward");
      return link;
    }
    const button = element("button", {
      type: "button",
      class: `button ${BUTTON_STYLES[style] ?? "secondary"}`,
      disabled: disabled === true,
      data: customId ? { customId } : {},
    });
    button.append(...face);
    button.addEventListener("click", () => this.#interact(button, "press", { custom_id: customId }));
    return button;
  }

  #drawSelect(component) {
    const picker = pickerOf(component, this.house.world, {
      choose: (values) => this.#interact(picker.button, "choose", { custom_id: component.custom_id, values }),
    });
    return picker.element;
  }

  async #interact(control, action, fields) {
    this.fault.hidden = true;
    control.classList.add("waiting");
    control.setAttribute("aria-busy", "true");
    try {
      await this.house.interact(action, { channel: this.message.channel_id, message: this.message.id, ...fields });
    } catch (refusal) {
      this.fault.textContent = refusal.message;
      this.fault.hidden = false;
    } finally {
      control.classList.remove("waiting");
      control.removeAttribute("aria-busy");
    }
  }

  #drawContainer(component) {
    const box = element("div", { class: "v2-container" }, this.#drawAll(component.components));
    const colour = cssColour(component.accent_color);
    if (colour) {
      box.classList.add("barred");
      box.style.setProperty("--bar", colour);
    }
    return hideBehindSpoiler(box, component.spoiler);
  }

  #drawMedia(item, className) {
    const file = this.#attachmentOf(item.media);
    const picture = drawPicture({ ...item.media, url: file?.url ?? item.media?.url, description: item.description });
    picture.classList.add(className);
    return hideBehindSpoiler(picture, item.spoiler);
  }

  #drawFile(component) {
    const media = component.file ?? {};
    const known = this.#attachmentOf(media);
    const filename = component.name ?? known?.filename ?? String(media.url ?? "file").split("/").at(-1).split("?")[0];
    const file = known ?? { url: webAddress(media.url) ?? "", filename, size: component.size ?? 0 };
    return hideBehindSpoiler(drawAttachment({ ...file, filename }), component.spoiler);
  }

  /** A V2 component names a file of its own message as attachment://name. */
  #attachmentOf(media) {
    const url = String(media?.url ?? "");
    if (!url.startsWith(ATTACHMENT)) return null;
    return (this.message.attachments ?? []).find((file) => file.filename === url.slice(ATTACHMENT.length)) ?? null;
  }
}

function hideBehindSpoiler(node, spoiler) {
  if (!spoiler) return node;
  return element("details", { class: "v2-spoiler" }, element("summary", {}, "Spoiler"), node);
}
