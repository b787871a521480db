// Attachments: pictures inline, text with a preview, anything else to download.

import { element, outwardLink, webAddress } from "./dom.js";
import { icon } from "./icons.js";

const PREVIEW_CHARS = 2_000;
const PREVIEW_MAX_BYTES = 512 * 1024; // larger text files are only offered for download
const TEXT_NAMES = /\.(?:md|txt|log|csv|json|py|js|ts|html|css|ya?ml|toml|ini|sh|sql|rs|go|c|h|java)$/i;

export function drawAttachment(attachment) {
  const { content_type: type = "", filename, size = 0 } = attachment;
  if (/^image\/(?:png|jpe?g|gif|webp|avif)/.test(type ?? "")) return drawPicture(attachment);
  const isText = (type ?? "").startsWith("text/") || TEXT_NAMES.test(filename);
  return isText && size <= PREVIEW_MAX_BYTES ? drawTextFile(attachment) : drawFile(attachment);
}

export function drawPicture({ url, filename, description, width, height }) {
  const source = webAddress(url);
  if (source === null) return element("span", {}, filename ?? "");
  const alt = description || filename || "";
  const picture = element("img", { src: source, alt, loading: "lazy", class: "picture" });
  if (width && height) Object.assign(picture, { width, height });
  return outwardLink(source, picture);
}

function drawFile(attachment) {
  return element("div", { class: "file" }, fileHead(attachment));
}

function drawTextFile(attachment) {
  const preview = element("pre", { class: "preview", tabindex: "0", "aria-label": `Preview of ${attachment.filename}` });
  const box = element("div", { class: "file" }, preview, fileHead(attachment));
  readPreview(attachment.url).then(
    (text) => (preview.textContent = text),
    () => preview.remove(), // without a preview the file can still be downloaded
  );
  return box;
}

async function readPreview(url) {
  const address = new URL(url, location.href);
  // The sandbox names itself 127.0.0.1; the page may have been opened as localhost.
  if (address.port !== location.port) throw new Error("not one of the sandbox's files");
  const response = await fetch(`${address.pathname}${address.search}`);
  if (!response.ok) throw new Error(`The file answers ${response.status}`);
  const text = await response.text();
  return text.length > PREVIEW_CHARS ? `${text.slice(0, PREVIEW_CHARS)}\n…` : text;
}

function fileHead({ url, filename, size = 0 }) {
  const link = outwardLink(url, filename);
  if (link.tagName === "A") link.download = filename;
  return element("div", { class: "file-head" }, icon("file"), link, element("span", { class: "dim" }, fileSize(size)));
}

export function fileSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
