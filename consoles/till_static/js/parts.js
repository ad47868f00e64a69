// The pieces the till's screens are made of.
import { Refusal, Unreached } from "./api.js";
import { announce, el, fill, svg } from "./dom.js";
import { t } from "./words.js";

let identifiers = 0;

export function button(text, onClick, { kind = "", ...attributes } = {}) {
  return el("button", { type: "button", class: `button ${kind}`, on: { click: onClick }, ...attributes }, text);
}

/** A labelled field; `setError(text)` marks it wrong, `setError("")` right. */
export function field(label, { hint, ...attributes } = {}) {
  identifiers += 1;
  const id = `field-${identifiers}`;
  const error = el("p", { class: "field-error", id: `${id}-error`, role: "alert", hidden: true });
  const input = el("input", { id, class: "input", autocomplete: "off", "aria-describedby": [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(" "), ...attributes });
  const setError = (words) => {
    fill(error, words);
    error.hidden = !words;
    input.toggleAttribute("aria-invalid", Boolean(words));
    if (words) input.focus();
  };
  return { input, setError, block: el("div", { class: "field" }, el("label", { for: id }, label), hint && el("p", { class: "hint", id: `${id}-hint` }, hint), input, error) };
}

/** What a field above the keys asks the device for: no keyboard of its own where fingers press ours. */
export const OVER_KEYS = window.matchMedia("(pointer: coarse)").matches ? "none" : "numeric";

/** Keys for fingers that write into whichever field `current()` is; keyboards write by themselves. */
export function keypad(current) {
  const press = (key) => {
    const input = current();
    if (key === "clear") input.value = "";
    else if (key === "rub_out") input.value = input.value.slice(0, -1);
    else if (input.value.length < (input.maxLength > 0 ? input.maxLength : 99)) input.value += key;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  return el("div", { class: "pad", role: "group", "aria-label": t("pad") }, [..."789456123", "clear", "0", "rub_out"].map((key) => el("button", {
    type: "button", class: "key", "aria-label": key.length > 1 && t(key),
    // The place stays in the field: a scanner or a keyboard goes on there.
    on: { mousedown: (event) => event.preventDefault(), click: () => press(key) },
  }, key === "rub_out" ? "⌫" : key === "clear" ? "C" : key)));
}

/** While `work` runs the button is busy and pressed once; what goes wrong is drawn into `place`. */
export async function busy(pressed, place, work) {
  if (pressed.getAttribute("aria-disabled") === "true") return;
  pressed.setAttribute("aria-disabled", "true");
  fill(place);
  try {
    await work();
  } catch (failure) {
    if (failure.name !== "AbortError") fill(place, problemBox(failure));
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

/** Ask yes or no in a dialog. Answers true for yes. */
export function confirmed(title, text, yes, { kind = "primary" } = {}) {
  return new Promise((resolve) => {
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": "dialog-title", on: { close: () => { dialog.remove(); resolve(dialog.returnValue === "yes"); } } },
      el("h2", { id: "dialog-title" }, title), el("p", {}, text),
      el("div", { class: "actions" }, button(yes, () => dialog.close("yes"), { kind }), button(t("no"), () => dialog.close("no"))));
    document.body.append(dialog);
    dialog.showModal();
  });
}

const SYMBOLS = {
  good: ["M14 34l13 13 24-28"],
  bad: ["M18 18l28 28", "M46 18l-28 28"],
  wait: ["M20 12h24", "M20 52h24", "M23 12c0 12 18 14 18 20s-18 8-18 20", "M41 12c0 12-18 14-18 20s18 8 18 20"],
  stop: ["M32 16v20", "M32 46v2"],
  lost: ["M12 28c12-10 28-10 40 0", "M20 37c8-6 16-6 24 0", "M32 47v1", "M14 12l36 42"],
  back: ["M20 22h20a12 12 0 010 24H22", "M28 12L18 22l10 10"],
};

/** A symbol: good, bad, wait, stop, lost or back. The words beside it say the same. */
export function symbol(name) {
  return svg("svg", { viewBox: "0 0 64 64", class: "symbol", "aria-hidden": "true", focusable: "false" }, SYMBOLS[name].map((d) => svg("path", { d })));
}
