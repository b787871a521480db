// The page's few signs, drawn so that they look the same whatever fonts there are.

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  plus: "M12 5v14M5 12h14",
  slash: "M15.5 4.5l-7 15",
  send: "M4.5 12h13M12 5.5l6.5 6.5-6.5 6.5",
  close: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  lines: "M4 7h16M4 12h16M4 17h16",
  smile: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM8.5 14.2c1.8 2.6 5.2 2.6 7 0M9 9.4v.3M15 9.4v.3",
  reply: "M9.5 6L4.5 11l5 5M5 11h8.5a6 6 0 0 1 6 6v1",
  pencil: "M4.5 19.5l1-4L16 5l3 3L8.5 18.5z",
  more: "M5 11.6h.8v.8H5zM11.6 11.6h.8v.8h-.8zM18.2 11.6h.8v.8h-.8z",
  thread: "M5 5v7a4 4 0 0 0 4 4h10M15.5 12.5L19 16l-3.5 3.5",
  file: "M6.5 3.5h7l4 4v13h-11zM13.5 3.5v4h4",
};

/** An icon by its name; it takes the colour and the size of the text around it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "glyph");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
