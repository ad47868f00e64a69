// The pieces several screens are made of.
import { Declined, Refusal, Unreached } from "./api.js";
import { announce, el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { sentences, t } from "./language.js";
import { NotConfirmed } from "./passkeys.js";

let identifiers = 0;

export function freshId(prefix) {
  identifiers += 1;
  return `${prefix}-${identifiers}`;
}

/** The head of a screen: a way back (none on the main screens) and its one h1. */
export function heading(text, { back, backText } = {}) {
  return el("header", { class: "heading" },
    back && el("a", { class: "back", href: back }, icon("back"), backText || t("back")),
    el("h1", {}, text));
}

/** A button; `content` is text or a list of text and elements. */
export function button(content, onClick, { kind = "", iconName, ...attributes } = {}) {
  return el("button", { type: "button", class: `button ${kind}`, on: { click: onClick }, ...attributes },
    iconName && icon(iconName), el("span", {}, content));
}

/** A link that looks like a button. */
export function buttonLink(text, href, { kind = "", iconName, ...attributes } = {}) {
  return el("a", { class: `button ${kind}`, href, ...attributes }, iconName && icon(iconName), el("span", {}, text));
}

/** A notice in a box: `tone` is info, good, warn or bad; its icon and its words say the same. */
export function notice(tone, title, ...content) {
  const symbol = { info: "info", good: "check", warn: "clock", bad: "overdue" }[tone];
  return el("div", { class: `notice ${tone}` }, icon(symbol), el("div", {}, title && el("p", { class: "notice-title" }, title), content));
}

/** One word with an icon, coloured by `tone`. */
export function mark(tone, text, iconName) {
  return el("span", { class: `mark ${tone}` }, iconName && icon(iconName), text);
}

/** What went wrong, in the words of the API or our own. */
export function wordsFor(failure) {
  if (failure instanceof Unreached) return { title: t("no_network"), detail: t("no_network_detail") };
  if (failure instanceof NotConfirmed) return { title: t("not_confirmed"), detail: t("not_confirmed_detail") };
  if (failure instanceof Declined) return { title: t("step_up_declined"), detail: t("step_up_declined_detail") };
  if (failure instanceof Refusal && failure.title) {
    const waiting = failure.retryAfterSeconds ? t("retry_after", { n: Math.ceil(failure.retryAfterSeconds / 60) }) : "";
    return { title: failure.title, detail: [failure.detail, waiting].filter(Boolean).join(" ") };
  }
  return { title: t("went_wrong"), detail: t("went_wrong_detail") };
}

/** The same as a panel, said aloud; `retry` adds a button. Errors of our own making also go to the console. */
export function problemPanel(failure, { retry } = {}) {
  if (!(failure instanceof Refusal || failure instanceof Unreached || failure instanceof NotConfirmed || failure instanceof Declined)) {
    console.error(failure);
  }
  const { title, detail } = wordsFor(failure);
  announce(sentences(title, detail), { urgent: true });
  const details = (failure.fields || []).map((field) => el("li", {}, field.detail));
  return el("div", { class: "problem" }, notice("bad", title, detail && el("p", {}, detail), details.length > 0 && el("ul", {}, details)),
    retry && button(t("try_again"), () => retry(), { kind: "quiet" }));
}

/**
 * A labelled field with a hint and a place for its error; `setError(text)` marks it wrong, `setError("")` right.
 * `tag`: "select", where it is a list to choose from, with `children`.
 */
export function field(label, { hint, tag = "input", children = [], ...attributes } = {}) {
  const id = freshId("field");
  const error = el("p", { class: "field-error", id: `${id}-error`, hidden: true });
  const input = el(tag, { id, class: "input", ...attributes }, children);
  const describedBy = [hint && `${id}-hint`].filter(Boolean);
  if (describedBy.length) input.setAttribute("aria-describedby", describedBy.join(" "));
  const block = el("div", { class: "field" }, el("label", { for: id }, label), hint && el("p", { class: "hint", id: `${id}-hint` }, hint), input, error);
  const setError = (text) => {
    fill(error, text && icon("overdue"), text);
    error.hidden = !text;
    if (text) input.setAttribute("aria-invalid", "true"); else input.removeAttribute("aria-invalid");
    input.setAttribute("aria-describedby", [...describedBy, text && `${id}-error`].filter(Boolean).join(" "));
  };
  return { block, input, setError };
}

/** A place for what is wrong with a group of choices: {id, element, say(text)}. */
export function fieldError() {
  const id = freshId("error");
  const element = el("p", { class: "field-error", id, role: "alert", hidden: true });
  return { id, element, say: (text) => { fill(element, text && icon("overdue"), text); element.hidden = !text; } };
}

/** While `work` runs the button is busy; what goes wrong is drawn into `place`. */
export async function busy(pressed, place, work) {
  if (pressed.getAttribute("aria-disabled") === "true") return;
  pressed.setAttribute("aria-disabled", "true");
  pressed.classList.add("busy");
  fill(place);
  try {
    await work();
  } catch (failure) {
    if (failure.name !== "AbortError") fill(place, problemPanel(failure));
  } finally {
    pressed.removeAttribute("aria-disabled");
    pressed.classList.remove("busy");
  }
}

/** Ask yes or no in a dialog. Answers true for yes. */
export function confirmed(title, text, yes, { dangerous = false } = {}) {
  return new Promise((resolve) => {
    const id = freshId("dialog");
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": id, on: { close: () => { dialog.remove(); resolve(dialog.returnValue === "yes"); } } },
      el("h2", { id }, title), el("p", {}, text),
      el("div", { class: "actions" },
        button(yes, () => dialog.close("yes"), { kind: dangerous ? "danger" : "primary" }),
        button(t("cancel"), () => dialog.close("no"), { kind: "quiet" })));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Nothing to show, kindly. */
export function empty(iconName, title, text, ...actions) {
  return el("div", { class: "empty" }, el("div", { class: "empty-icon" }, icon(iconName)), el("p", { class: "empty-title" }, title), text && el("p", {}, text), actions);
}

/** Names and values. */
export function facts(rows, className = "") {
  return el("dl", { class: `facts ${className}` }, rows.filter(Boolean).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

/** A list that grows by cursor: `load(cursor)` answers {items, next_cursor}; `draw(item)` a list item. */
export function growingList(first, load, draw, { className = "list" } = {}) {
  const list = el("ul", { class: className, role: "list" });
  return growing(list, first, load, (items) => list.append(...items.map(draw)));
}

/** The same for any element: `add(items)` puts a page's items into it. */
export function growing(element, first, load, add) {
  add(first.items);
  const problem = el("div");
  const block = el("div", {}, element, problem);
  let cursor = first.next_cursor;
  if (cursor) {
    const more = button(t("load_more"), () => busy(more, problem, async () => {
      const page = await load(cursor);
      add(page.items);
      cursor = page.next_cursor;
      announce(t("loaded_more", { n: page.items.length }));
      if (!cursor) more.remove();
    }), { kind: "quiet wide" });
    block.append(more);
  }
  return block;
}
