// What is said: title and text in Chinese and in English side by side, how each looks on a locked phone, the link, and fields to fill in.
import { el, fill } from "./dom.js";
import { t } from "./language.js";
import { lockScreens } from "./lock_screen.js";
import { card, field } from "./parts.js";

const LANGUAGES = [["zh", "zh-TW"], ["en", "en"]];
const FIELD = /\{([a-z][a-z0-9_]*)\}/g;
// What fits, in columns: a Han character takes two.
const MOST_IN_TITLE = 48;
const MOST_IN_BODY = 300;
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/gu;

/**
 * `content` as the API has it; `onChange()` after each change; `above`: what stands above the words (templates). Answers {block, missing(), read(),
 * set(content), setFilledByEvent(names), fields}: `fields` by the pointers of the API, to show what it refused; those fields of the words that an
 * event fills in are not asked for.
 */
export function wordingForm(content, { onChange, above, linkHint }) {
  const fields = {};
  const sides = LANGUAGES.map(([name, lang]) => {
    const side = languageFields(name, lang, content[name]);
    fields[`/content/${name}/title`] = side.title.made;
    fields[`/content/${name}/body`] = side.body.made;
    return side;
  });
  const link = field(t("link_label"), { value: content.link || "", inputmode: "url", maxlength: 500, spellcheck: "false", hint: linkHint });
  fields["/content/link"] = link;
  const screens = lockScreens();
  const slots = slotFields(content.fields || {}, () => changed());
  let filledByEvent = [];
  const words = () => Object.fromEntries(sides.map((side) => [side.name, side.read()]));
  const changed = () => {
    const said = words();
    slots.draw(namesIn(said).filter((name) => !filledByEvent.includes(name)));
    sides.forEach((side) => side.count());
    screens.show(filledIn(said, slots.read()));
    onChange();
  };
  for (const side of sides) for (const each of [side.title, side.body]) each.made.input.addEventListener("input", changed);
  link.input.addEventListener("input", () => onChange());
  const set = (next) => {
    sides.forEach((side) => side.set(next[side.name]));
    link.input.value = next.link || "";
    slots.set(next.fields || {});
    changed();
  };

  const block = card(t("wording_title"), above,
    el("div", { class: "two-languages" }, sides.map(({ block: own }) => own)),
    screens.block, link.block, slots.block);
  const setFilledByEvent = (names) => { filledByEvent = names; changed(); };
  const missing = () => [
    ...sides.flatMap((side) => ["title", "body"].filter((part) => !side.read()[part]).map((part) => `${t(`words_in_${side.name}`)} ${t(`${part}_label`)}`)),
    link.input.value.trim() ? null : t("link_label"), ...slots.missing(),
  ];
  return { block, missing, read: () => ({ ...words(), link: link.input.value.trim(), fields: slots.read() }), set, setFilledByEvent, fields };
}

/** The words with `{fields}` filled in, as the recipient reads them. */
export function filledIn(words, values) {
  const one = (said) => (said || "").replace(FIELD, (whole, name) => values[name] || whole);
  return Object.fromEntries(LANGUAGES.map(([name]) => [name, { title: one(words[name].title), body: one(words[name].body) }]));
}

function namesIn(words) {
  const said = LANGUAGES.map(([name]) => `${words[name].title} ${words[name].body}`).join(" ");
  return [...new Set([...said.matchAll(FIELD)].map(([, name]) => name))];
}

function languageFields(name, lang, words) {
  const title = counted(t("title_label"), MOST_IN_TITLE, { lang }, words?.title);
  const body = counted(t("body_label"), MOST_IN_BODY, { lang, name: "textarea", rows: 4 }, words?.body);
  return {
    name,
    title,
    body,
    block: el("fieldset", { class: "group" }, el("legend", {}, t(`words_in_${name}`)), el("div", { class: "form" }, title.block, body.block)),
    read: () => ({ title: title.made.input.value.trim(), body: body.made.input.value.trim() }),
    set: (next) => { title.made.input.value = next.title; body.made.input.value = next.body; },
    count: () => { title.count(); body.count(); },
  };
}

function counted(label, most, attributes, value) {
  const made = field(label, { autocomplete: "off", maxlength: most * 2, ...attributes });
  made.input.value = value || "";
  const said = el("p", { class: "hint count" });
  made.block.append(said);
  const count = () => {
    const words = made.input.value.trim();
    const columns = [...words].length + (words.match(WIDE) || []).length;
    fill(said, t("columns_n", { n: columns, most }));
    said.classList.toggle("over", columns > most);
  };
  return { made, block: made.block, count };
}

/** A field for each `{name}` in the words: what stands there when nothing better is known of the recipient. */
function slotFields(values, onChange) {
  const known = { ...values };
  const list = el("div", { class: "form" });
  const block = el("fieldset", { class: "group", hidden: true }, el("legend", {}, t("slots_label")), el("p", { class: "hint" }, t("slots_hint")), list);
  let shown = [];
  const draw = (names) => {
    block.hidden = names.length === 0;
    if (String(names) === String(shown)) return;
    shown = names;
    fill(list, names.map((name) => {
      const made = field(`{${name}}`, { value: known[name] || "", maxlength: 100 });
      made.input.addEventListener("input", () => { known[name] = made.input.value.trim(); onChange(); });
      return made.block;
    }));
  };
  return {
    block,
    draw,
    read: () => Object.fromEntries(shown.map((name) => [name, known[name] || ""])),
    missing: () => shown.filter((name) => !known[name]).map((name) => `{${name}}`),
    set: (next) => { Object.assign(known, next); shown = []; fill(list); },
  };
}
