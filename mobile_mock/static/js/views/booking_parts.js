// The smaller questions of the booking form: who rides along, what for, pooled or not, stops, repeated or not.
import { el, fill, focusOn } from "../dom.js";
import { t } from "../language.js";
import { button, field, fieldError, freshId } from "../parts.js";
import { placeChoice } from "../place_choice.js";
import { taipeiDay } from "../ride_times.js";

const PURPOSES = ["medical", "work", "school", "other"];
const MOST_COMPANIONS = 4;
const MOST_STOPS = 3;
const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];

/** One of a few, as large radio buttons: `choices` is [[value, text, hint], …]. */
export function choiceOfOne(legend, name, choices, value, onChoose, { hint } = {}) {
  const group = freshId(name);
  const hintId = hint && freshId("hint");
  const block = el("fieldset", { class: "choices", "aria-describedby": hintId }, el("legend", {}, legend), hint && el("p", { class: "hint", id: hintId }, hint),
    choices.map(([code, text, about]) => el("label", { class: "choice" },
      el("input", { type: "radio", class: "radio", name: group, value: code, checked: code === value, on: { change: () => onChoose(code) } }),
      el("span", {}, text, about && el("span", { class: "hint" }, about)))));
  return { block, focus: () => focusOn(block.querySelector("input:checked") || block.querySelector("input")) };
}

export function companionsPart(wish, { keep }) {
  const people = choiceOfOne(t("book_companions"), "companions", Array.from({ length: MOST_COMPANIONS + 1 }, (_, n) => [String(n), t(n === 0 ? "companions_none" : "companions_n", { n })]),
    String(wish.companions), (value) => keep({ companions: Number(value) }));
  people.block.classList.add("in-line");
  for (const choice of people.block.querySelectorAll(".choice")) choice.classList.add("small");
  const dog = el("label", { class: "choice" }, el("input", { type: "checkbox", class: "check", checked: wish.dog, on: { change: (event) => keep({ dog: event.target.checked }) } }),
    el("span", {}, t("book_dog"), el("span", { class: "hint" }, t("book_dog_hint"))));
  return { block: el("div", { class: "form" }, people.block, dog) };
}

export function purposePart(wish, { keep }) {
  return choiceOfOne(t("book_purpose"), "purpose", PURPOSES.map((code) => [code, t(`purpose_${code}`)]), wish.purpose, (value) => keep({ purpose: value }), { hint: t("book_purpose_hint") });
}

/** Whether others may ride along, and what that means, said before one agrees. */
export function poolingPart(wish, { keep }) {
  return choiceOfOne(t("book_shared"), "shared", [["no", t("shared_no"), t("shared_no_hint")], ["yes", t("shared_yes"), t("shared_yes_hint")]],
    wish.shared ? "yes" : "no", (value) => keep({ shared: value === "yes" }));
}

export function notesPart(wish, { keep, usual }) {
  const notes = field(t("book_notes"), { maxlength: "200", value: wish.notes, hint: usual ? t("book_notes_usual", { usual }) : t("book_notes_hint") });
  notes.input.addEventListener("input", () => keep({ notes: notes.input.value }));
  return notes;
}

/** Places on the way: {block, value(), isWrong(), setError(words), focus()}; wrong is one that was added and not chosen. */
export function stopsPart(wish, { own, signal, keep }) {
  const list = el("div", { class: "form" });
  let choices = [];
  const draw = () => {
    choices = wish.stops.map((stop, at) => placeChoice(t("book_stop_n", { n: at + 1 }), { own, place: stop, signal, onChange: (place) => { wish.stops[at] = place; keep({ stops: wish.stops }); } }));
    fill(list, choices.map((choice, at) => el("div", {}, choice.block,
      button(t("stop_remove"), () => { keep({ stops: wish.stops.filter((_, place) => place !== at) }); draw(); focusOn(add); }, { kind: "small quiet", "aria-label": t("stop_remove_n", { n: at + 1 }) }))));
    add.hidden = wish.stops.length >= MOST_STOPS;
  };
  const add = button(t("stop_add"), () => { keep({ stops: [...wish.stops, null] }); draw(); choices.at(-1).focus(); }, { kind: "small quiet", iconName: "plus" });
  draw();
  const unnamed = () => choices.filter((choice) => !choice.value());
  return {
    block: el("div", { class: "stops" }, list, add), value: () => choices.map((choice) => choice.value()).filter(Boolean),
    isWrong: () => unnamed().length > 0, focus: () => unnamed()[0].focus(),
    setError: (words) => { for (const choice of choices) choice.setError(choice.value() ? "" : words); },
  };
}

/** The same ride every week on some days: {block, setError, isWrong, focus}. */
export function repeatingPart(wish, { keep }) {
  const error = fieldError();
  const until = field(t("repeat_until"), { type: "date", min: taipeiDay(1), value: wish.until });
  until.input.addEventListener("change", () => keep({ until: until.input.value }));
  const boxes = WEEKDAYS.map((day) => el("label", { class: "choice small" },
    el("input", { type: "checkbox", class: "check", checked: wish.weekdays.includes(day), on: { change: (event) => keep({ weekdays: event.target.checked ? [...wish.weekdays, day].sort() : wish.weekdays.filter((each) => each !== day) }) } }),
    el("span", {}, t(`weekday_${day}`))));
  const holidays = el("label", { class: "choice small" }, el("input", { type: "checkbox", class: "check", checked: wish.skipsHolidays, on: { change: (event) => keep({ skipsHolidays: event.target.checked }) } }), el("span", {}, t("repeat_skips_holidays")));
  const fold = el("details", { open: wish.weekdays.length > 0 }, el("summary", {}, t("book_repeat")),
    el("fieldset", { "aria-describedby": error.id }, el("legend", { class: "hint" }, t("book_repeat_hint")), el("div", { class: "choices in-line" }, boxes)), until.block, holidays, error.element);
  return {
    block: fold,
    isWrong: () => wish.weekdays.length > 0 && !wish.until,
    setError: error.say,
    focus: () => { fold.open = true; until.input.focus(); },
  };
}
