// A bot's modal as a <dialog>, and the small dialogs of the page itself.

import { element } from "./dom.js";
import { pickerOf } from "./picker.js";
import { markdown } from "./prose.js";

const PARAGRAPH = 2;

/** Shows a modal and submits it; resolves when it is closed. */
export function showModal(house, { interaction, modal }) {
  const fields = [];
  const parts = modal.components.map((component) => drawPart(component, house, fields));
  return openDialog({
    title: modal.title,
    parts,
    action: "Submit",
    submit: async () => {
      const values = {};
      const files = [];
      for (const field of fields) values[field.customId] = field.read(files);
      await house.interact("submit", { interaction, custom_id: modal.custom_id, fields: values }, files);
    },
  });
}

/** Asks for one line of text; resolves with it, or null when the dialog was left. */
export async function askText({ title, label, value = "", action, most = 100 }) {
  const input = element("input", { type: "text", value, maxLength: most, required: true });
  input.value = value;
  let answer = null;
  await openDialog({
    title,
    parts: [element("label", { class: "field-box" }, element("span", {}, label), input)],
    action,
    submit: async () => {
      answer = input.value.trim();
    },
  });
  return answer;
}

/** Asks whether to do something that cannot be undone. */
export async function confirmStep({ title, text, action }) {
  let agreed = false;
  await openDialog({
    title,
    parts: [element("p", {}, text)],
    action,
    danger: true,
    submit: async () => {
      agreed = true;
    },
  });
  return agreed;
}

function openDialog({ title, parts, action, submit, danger = false }) {
  const fault = element("p", { class: "interaction-fault", role: "alert", hidden: true });
  const confirm = element("button", { type: "submit", class: danger ? "button danger" : "button primary" }, action);
  const cancel = element("button", { type: "button", class: "button plain" }, "Cancel");
  const form = element(
    "form",
    { method: "dialog" },
    element("h2", { id: "dialog-title" }, title),
    ...parts,
    fault,
    element("div", { class: "dialog-buttons" }, cancel, confirm),
  );
  const dialog = element("dialog", { "aria-labelledby": "dialog-title" }, form);
  cancel.addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    confirm.disabled = true;
    try {
      await submit();
      dialog.close();
    } catch (refusal) {
      fault.textContent = refusal.message;
      fault.hidden = false;
    } finally {
      confirm.disabled = false;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  form.querySelector("input, textarea, .picker-button")?.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve();
    });
  });
}

/** Draws one part of a modal and notes the fields in it as {customId, read(files)}. */
function drawPart(component, house, fields) {
  if (component.type === 1) return element("div", {}, component.components.map((one) => drawPart(one, house, fields)));
  if (component.type === 10) return markdown(component.content, house);
  if (component.type === 18) return labelled(component.label, component.description, component.component, house, fields);
  return labelled(component.label ?? "", null, component, house, fields);
}

function labelled(label, description, component, house, fields) {
  const required = component.required !== false;
  const { node, read } = drawField(component, label, house);
  fields.push({ customId: component.custom_id, read });
  return element(
    node instanceof HTMLFieldSetElement || component.type !== 4 ? "div" : "label",
    { class: "field-box" },
    element("span", {}, label, required && element("b", { class: "required", title: "Required" }, " *")),
    description && element("small", { class: "dim" }, description),
    node,
  );
}

function drawField(component, label, house) {
  const required = component.required !== false;
  switch (component.type) {
    case 4:
      return drawTextInput(component, required);
    case 19: {
      const input = element("input", { type: "file", required, multiple: (component.max_values ?? 1) > 1, "aria-label": label });
      return { node: input, read: (files) => [...input.files].map((file) => `file${files.push(file) - 1}`) };
    }
    case 21:
      return drawChoices(component, "radio", required);
    case 22:
      return drawChoices(component, "checkbox", required);
    case 23: {
      const input = element("input", { type: "checkbox", "aria-label": label });
      input.checked = component.default === true;
      return { node: input, read: () => input.checked };
    }
    default:
      return drawModalSelect(component, label, required, house);
  }
}

function drawTextInput(component, required) {
  const { style, placeholder, value, min_length: least, max_length: most } = component;
  const input = style === PARAGRAPH ? element("textarea", { rows: 5 }) : element("input", { type: "text" });
  input.required = required;
  input.placeholder = placeholder ?? "";
  if (Number.isInteger(least) && least > 0) input.minLength = least;
  input.maxLength = most ?? 4000;
  input.value = value ?? "";
  input.dataset.customId = component.custom_id;
  return { node: input, read: () => input.value };
}

function drawChoices(component, type, required) {
  const inputs = component.options.map((option) => {
    const input = element("input", { type, name: component.custom_id, value: option.value });
    input.required = required && type === "radio";
    input.checked = option.default === true;
    return { input, row: element("label", { class: "choice" }, input, option.label, option.description && element("small", {}, option.description)) };
  });
  const read = () => {
    const values = inputs.filter(({ input }) => input.checked).map(({ input }) => input.value);
    return type === "radio" ? (values[0] ?? null) : values;
  };
  return { node: element("fieldset", { class: "choices" }, inputs.map(({ row }) => row)), read };
}

function drawModalSelect(component, label, required, house) {
  const picker = pickerOf({ ...component, min_values: required ? (component.min_values ?? 1) : 0 }, house.world, { label });
  const read = () => {
    if (picker.values.length < picker.least) throw new Error(`Choose something for "${label}".`);
    return picker.values;
  };
  return { node: picker.element, read };
}

