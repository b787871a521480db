// A popup menu at a place, all by keyboard: arrows, Home, End, Enter, Escape.

import { element } from "./dom.js";

const MARGIN_PX = 8;

/** Opens a menu near a rectangle; focus returns when it closes.
 *
 * An item is {label, hint, act, danger}, or {label, inner} with the items of the menu that it leads to; null draws a line.
 */
export function openMenu(rectangle, label, items) {
  const back = document.activeElement;
  const menu = element("div", { class: "menu", role: "menu", "aria-label": label });
  const close = ({ refocus = true } = {}) => {
    document.removeEventListener("pointerdown", leave, true);
    menu.remove();
    if (refocus) back?.focus({ preventScroll: true });
  };
  const leave = (event) => menu.contains(event.target) || close({ refocus: false });
  for (const item of items) {
    menu.append(
      item === null
        ? element("hr")
        : element(
            "button",
            {
              type: "button",
              role: "menuitem",
              class: item.danger ? "danger" : null,
              "aria-haspopup": item.inner ? "menu" : null,
              on: {
                click: () => {
                  close();
                  if (item.inner) openMenu(rectangle, item.label, item.inner);
                  else item.act();
                },
              },
            },
            element("span", {}, item.label),
            item.inner ? element("kbd", { "aria-hidden": "true" }, "›") : item.hint && element("kbd", {}, item.hint),
          ),
    );
  }
  menu.addEventListener("keydown", (event) => moveInMenu(event, menu, close));
  document.body.append(menu);
  placeNear(menu, rectangle);
  document.addEventListener("pointerdown", leave, true);
  menu.querySelector("[role=menuitem]")?.focus({ preventScroll: true });
}

function moveInMenu(event, menu, close) {
  const items = [...menu.querySelectorAll("[role=menuitem]")];
  const at = items.indexOf(document.activeElement);
  const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
  if (event.key === "Escape" || event.key === "Tab") close();
  else if (event.key === "ArrowRight" && document.activeElement.hasAttribute("aria-haspopup")) document.activeElement.click();
  else if (event.key in steps) items.at(steps[event.key] % items.length).focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function placeNear(menu, rectangle) {
  const { width, height } = menu.getBoundingClientRect();
  const left = Math.min(rectangle.left, window.innerWidth - width - MARGIN_PX);
  const below = rectangle.bottom + height + MARGIN_PX <= window.innerHeight;
  const top = below ? rectangle.bottom : Math.max(MARGIN_PX, Math.min(rectangle.top, window.innerHeight - MARGIN_PX) - height);
  menu.style.left = `${Math.max(MARGIN_PX, left)}px`;
  menu.style.top = `${Math.max(MARGIN_PX, top)}px`;
}
