// The pieces the driver's screens are made of.
import { Refusal, Unreached } from "./api.js";
import { announce, el, fill, svg } from "./dom.js";
import { t } from "./words.js";

const SETTLE_MS = 600;
let identifiers = 0;

export function button(text, onClick, { kind = "", ...attributes } = {}) {
  return el("button", { type: "button", class: `button ${kind}`, on: { click: onClick }, ...attributes }, text);
}

/** What has just come under a finger is not meant by its second tap: for a moment these cannot be pressed. */
export function settle(controls) {
  for (const each of controls) each.inert = true;
  window.setTimeout(() => { for (const each of controls) each.inert = false; }, SETTLE_MS);
}

/** A labelled field; `setError(text)` marks it wrong and goes there, `setError("")` right. `name` is "input" or "textarea". */
export function field(label, { hint, name = "input", ...attributes } = {}) {
  identifiers += 1;
  const id = `field-${identifiers}`;
  const error = el("p", { class: "field-error", id: `${id}-error`, role: "alert", hidden: true });
  const input = el(name, { id, class: "input", autocomplete: "off", "aria-describedby": [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(" "), ...attributes });
  const setError = (words) => {
    fill(error, words);
    error.hidden = !words;
    input.toggleAttribute("aria-invalid", Boolean(words));
    if (words) input.focus();
  };
  return { input, setError, block: el("div", { class: "field" }, el("label", { for: id }, label), hint && el("p", { class: "hint", id: `${id}-hint` }, hint), input, error) };
}

/** While `work` runs the button is busy and pressed once; what goes wrong is drawn into `place`. */
export async function busy(pressed, place, work) {
  if (pressed.getAttribute("aria-disabled") === "true") return;
  pressed.setAttribute("aria-disabled", "true");
  fill(place);
  try {
    await work();
  } catch (failure) {
    fill(place, problemBox(failure));
  } finally {
    pressed.removeAttribute("aria-disabled");
  }
}

/** What went wrong, in the API's words or ours, and said aloud. */
export function problemBox(failure) {
  const [title, detail] = wordsFor(failure);
  announce(`${title} ${detail}`, { urgent: true });
  return el("div", { class: "notice bad" }, el("p", { class: "notice-title" }, title), detail && el("p", {}, detail));
}

/** [title, detail] of a failure. */
export function wordsFor(failure) {
  if (failure instanceof Unreached) return [t("no_network"), t("no_network_here")];
  if (failure instanceof Refusal && failure.title) return [failure.title, failure.detail === failure.title ? "" : failure.detail];
  console.error(failure);
  return [t("went_wrong"), t("went_wrong_detail")];
}

/** A dialog over the lower half of the screen, in reach of a thumb; `draw(close)` gives what stands in it. Closes with Escape. */
export function sheet(title, draw) {
  identifiers += 1;
  const id = `sheet-${identifiers}`;
  const dialog = el("dialog", { class: "sheet", "aria-labelledby": id, on: { close: () => dialog.remove() } }, el("h2", { id }, title));
  dialog.append(...[draw(() => dialog.close())].flat(Infinity).filter(Boolean));
  document.body.append(dialog);
  settle(dialog.querySelectorAll("button"));
  dialog.showModal();
  return dialog;
}

const SYMBOLS = {
  in: ["M32 10v30", "M20 30l12 12 12-12", "M12 54h40"],
  out: ["M32 42V12", "M20 24l12-12 12 12", "M12 54h40"],
  rest: ["M14 22h28v18a10 10 0 01-10 10H24a10 10 0 01-10-10z", "M42 26h6a6 6 0 010 14h-6"],
  lost: ["M12 28c12-10 28-10 40 0", "M20 37c8-6 16-6 24 0", "M32 47v1", "M14 12l36 42"],
  stop: ["M32 16v20", "M32 46v2"],
  good: ["M14 34l13 13 24-28"],
};

/** A symbol: in (somebody gets in), out, rest, lost, stop or good. The words beside it say the same. */
export function symbol(name) {
  return svg("svg", { viewBox: "0 0 64 64", class: "symbol", "aria-hidden": "true", focusable: "false" }, SYMBOLS[name].map((d) => svg("path", { d })));
}
