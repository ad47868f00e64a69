// How a message looks on a locked phone, in both languages: long words are cut where phones cut them.
import { el, fill } from "./dom.js";
import { t } from "./language.js";
import { button, freshId } from "./parts.js";

// How many lines of the text each shows before it is opened; the title always has one.
const PHONES = ["iphone", "android"];
const LANGUAGES = [["zh", "zh-TW"], ["en", "en"]];

/** Answers {block, show(words)}; `words`: {zh: {title, body}, en: {title, body}}, with fields already filled in. */
export function lockScreens() {
  const id = freshId("lock");
  const cards = LANGUAGES.map(([name, lang]) => phoneCard(name, lang));
  const screens = el("div", { class: "lock-screens", "data-phone": PHONES[0] }, cards.map(({ block }) => block));
  const choose = (phone) => {
    screens.dataset.phone = phone;
    buttons.forEach((each, place) => each.setAttribute("aria-pressed", String(PHONES[place] === phone)));
    cards.forEach((each) => each.measure());
  };
  const buttons = PHONES.map((phone, place) => button(t(`lock_${phone}`), () => choose(phone), { kind: "small", "aria-pressed": String(place === 0) }));
  const show = (words) => cards.forEach((each) => each.show(words[each.name]));
  const block = el("section", { class: "lock", "aria-labelledby": id }, el("h3", { id }, t("lock_title")),
    el("div", { class: "lock-choice" }, buttons), screens);
  new ResizeObserver(() => cards.forEach((each) => each.measure())).observe(screens);
  return { block, show };
}

function phoneCard(name, lang) {
  const title = el("p", { class: "lock-words-title" });
  const body = el("p", { class: "lock-words-body" });
  const verdict = el("p", { class: "lock-verdict" });
  const measure = () => {
    const isCut = isOver(title) || isOver(body);
    fill(verdict, t(isOver(title) ? "lock_title_cut" : isOver(body) ? "lock_body_cut" : "lock_fits"));
    verdict.classList.toggle("cut", isCut);
  };
  const block = el("figure", { class: "lock-phone" },
    el("figcaption", {}, t(`words_in_${name}`)),
    el("div", { class: "lock-glass", lang },
      el("p", { class: "lock-time", "aria-hidden": "true" }, "9:41"),
      el("div", { class: "lock-card" }, el("span", { class: "lock-icon", "aria-hidden": "true" }),
        el("p", { class: "lock-app" }, el("span", {}, lang === "en" ? "My Kaohsiung" : "我的高雄"), el("span", {}, lang === "en" ? "now" : "現在")), title, body)),
    verdict);
  const show = (words) => {
    fill(title, words.title || (lang === "en" ? "Title" : "標題"));
    fill(body, words.body || (lang === "en" ? "What happens, where, until when" : "什麼事、在哪裡、到什麼時候"));
    block.classList.toggle("blank", !words.title && !words.body);
    measure();
  };
  return { name, block, show, measure };
}

/** Whether not all of it is shown. A line more than a pixel of rounding. */
function isOver(element) {
  return element.scrollHeight > element.clientHeight + 2 || element.scrollWidth > element.clientWidth + 2;
}
