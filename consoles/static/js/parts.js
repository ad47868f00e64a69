// The pieces several desks are made of.
import { Refusal, Unreached } from "./api.js";
import { announce, el, fill } from "./dom.js";
import { dayText, momentText, t } from "./language.js";
import { NotConfirmed } from "./passkeys.js";

let identifiers = 0;

export function freshId(prefix) {
  identifiers += 1;
  return `${prefix}-${identifiers}`;
}

/** The head of a screen: a way back (none on a desk's first screen) and its one h1. */
export function heading(text, { back, intro } = {}) {
  return el("header", { class: "heading" },
    back && el("a", { class: "back", href: back }, "‹ ", t("back")), el("h1", {}, text), intro && el("p", { class: "hint" }, intro));
}

export function button(text, onClick, { kind = "", ...attributes } = {}) {
  return el("button", { type: "button", class: `button ${kind}`, on: { click: onClick }, ...attributes }, text);
}

/** A notice in a box: `tone` is info, good, warn or bad. */
export function notice(tone, title, ...content) {
  return el("div", { class: `notice ${tone}` }, title && el("p", { class: "notice-title" }, title), content);
}

/** A box with a heading. */
export function card(title, ...content) {
  return el("section", { class: "card" }, title && el("h2", {}, title), content);
}

/** Names and values; empty rows are left out. */
export function facts(rows) {
  return el("dl", { class: "facts" }, rows.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "")
    .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

/** A moment for people, with its exact value for machines. */
export function moment(value) {
  return value && el("time", { datetime: value }, momentText(value));
}

/** A day, with its exact value for machines. */
export function dayOf(value) {
  return value && el("time", { datetime: value }, dayText(value));
}

/**
 * A table that becomes a list of blocks where it is narrow. `columns`: {name, of(row), isNumber}; the first names the row.
 * `total`: a last row of cells, one for each column.
 */
export function table(caption, columns, rows, { total } = {}) {
  const cell = ({ name, isNumber }, content, tag, attributes = {}) => el(tag, {
    "data-label": name, class: isNumber && "number", ...attributes,
  }, el("span", {}, content));
  const line = (contents, attributes = {}) => el("tr", { role: "row", ...attributes }, columns.map((column, place) => (place === 0
    ? cell(column, contents[0], "th", { scope: "row", role: "rowheader" }) : cell(column, contents[place], "td", { role: "cell" }))));
  return el("table", { class: "table", role: "table" },
    el("caption", { class: "unseen" }, caption),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, columns.map(({ name, isNumber }) => el("th", {
      scope: "col", role: "columnheader", class: isNumber && "number",
    }, name)))),
    el("tbody", { role: "rowgroup" }, rows.map((row) => line(columns.map((column) => column.of(row)))),
      total && line(total, { class: "total" })));
}

/** Links of which one is where we are: `options` are [address, words, isCurrent]. */
export function filterLinks(options) {
  return el("nav", { class: "filters", "aria-label": t("filter_label") }, options.map(([href, words, isCurrent]) => el("a", {
    class: "filter", href, "aria-current": isCurrent && "true",
  }, words)));
}

/** A labelled choice of one among `options`, [value, words] each; `setError` as with a field. */
export function choice(label, options, { value = "", ...attributes } = {}) {
  const chosen = field(label, { name: "select", ...attributes });
  fill(chosen.input, options.map(([each, words]) => el("option", { value: each }, words)));
  chosen.input.value = value;
  return chosen;
}

/** A box to tick with its label; `onChange(isChecked)`. */
export function checkBox(label, isChecked, onChange) {
  const input = el("input", { type: "checkbox", checked: Boolean(isChecked), on: { change: () => onChange?.(input.checked) } });
  return { input, block: el("label", { class: "box" }, input, " ", label) };
}

/** Whether all these fields are filled in; the first that is not says so. */
export function allFilled(...fields) {
  for (const each of fields) each.setError("");
  const empty = fields.find((each) => each.input.value.trim() === "");
  if (empty) empty.setError(t("required"));
  return !empty;
}

/** A form in a card that is sent with its one button; `send(pressed, problem)`. */
export function cardForm(title, hint, fields, words, send, { kind = "primary" } = {}) {
  const problem = el("div");
  const pressed = el("button", { type: "submit", class: `button ${kind}` }, words);
  const submit = (event) => { event.preventDefault(); send(pressed, problem); };
  return card(title, hint && el("p", { class: "hint" }, hint),
    el("form", { class: "form", novalidate: true, on: { submit } }, fields, problem, el("div", { class: "actions" }, pressed)));
}

/** A labelled field; `setError(text)` marks it wrong and goes there unless `isQuiet`, `setError("")` right. `name` is "input", "select" or "textarea". */
export function field(label, { name = "input", hint, ...attributes } = {}) {
  const id = freshId("field");
  const error = el("p", { class: "field-error", id: `${id}-error`, hidden: true });
  const described = [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(" ");
  const input = el(name, { id, class: "input", "aria-describedby": described, ...attributes });
  const block = el("div", { class: "field" }, el("label", { for: id }, label), hint && el("p", { class: "hint", id: `${id}-hint` }, hint), input, error);
  const setError = (text, { isQuiet = false } = {}) => {
    fill(error, text);
    error.hidden = !text;
    if (text) {
      input.setAttribute("aria-invalid", "true");
      if (!isQuiet) input.focus();
    } else {
      input.removeAttribute("aria-invalid");
    }
  };
  return { block, input, setError };
}

/** A list that grows by cursor: `load(cursor)` answers {items, next_cursor}; `draw(item)` a list item. */
export function growingList(first, load, draw) {
  const list = el("ul", { class: "list", role: "list" }, first.items.map(draw));
  const problem = el("div");
  const block = el("div", {}, list, problem);
  let cursor = first.next_cursor;
  if (cursor) {
    const more = button(t("load_more"), () => busy(more, problem, async () => {
      const page = await load(cursor);
      list.append(...page.items.map(draw));
      cursor = page.next_cursor;
      if (!cursor) more.remove();
    }));
    block.append(more);
  }
  return block;
}

/** While `work` runs the button is busy and pressed once; what goes wrong is drawn into `place`. */
export async function busy(pressed, place, work) {
  if (pressed.getAttribute("aria-disabled") === "true") return;
  pressed.setAttribute("aria-disabled", "true");
  fill(place);
  try {
    await work();
  } catch (failure) {
    if (failure.name !== "AbortError") fill(place, problemPanel(failure));
  } finally {
    pressed.removeAttribute("aria-disabled");
  }
}

/** Ask yes or no in a dialog. Answers true for yes. */
export function confirmed(title, text, yes, { kind = "primary" } = {}) {
  return new Promise((resolve) => {
    const id = freshId("dialog");
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": id, on: { close: () => { dialog.remove(); resolve(dialog.returnValue === "yes"); } } },
      el("h2", { id }, title), el("p", {}, text),
      el("div", { class: "actions" }, button(yes, () => dialog.close("yes"), { kind }), button(t("cancel"), () => dialog.close("no"))));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** What went wrong, in the words of the API or our own, and said aloud; `retry` adds a button. */
export function problemPanel(failure, { retry } = {}) {
  const { title, detail } = wordsFor(failure);
  announce(`${title} ${detail}`, { urgent: true });
  return el("div", { class: "problem" }, notice("bad", title, detail && el("p", {}, detail), retry && button(t("retry"), () => retry())));
}

function wordsFor(failure) {
  if (failure instanceof Unreached) return { title: t("no_network"), detail: t("no_network_detail") };
  if (failure instanceof NotConfirmed) return { title: t("not_confirmed"), detail: t("not_confirmed_detail") };
  if (failure instanceof Refusal && failure.title) return { title: failure.title, detail: failure.detail };
  console.error(failure);
  return { title: t("went_wrong"), detail: t("went_wrong_detail") };
}
