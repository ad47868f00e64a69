// Until when: as the topic ends by itself, or sooner, on a day of one's own choosing.
import { el } from "../dom.js";
import { dateText, dayOf } from "../format.js";
import { t } from "../language.js";
import { freshId } from "../parts.js";

const MONTHS = [1, 3, 6];

/** {block, value()}: `value()` is a date ("2026-11-05"), or null: by its rules alone. `chosen` is what stands now. */
export function endChoice(chosen = null, { changed = () => {} } = {}) {
  const name = freshId("ends");
  const today = dayOf(Date.now());
  const day = el("input", { type: "date", class: "input", id: `${name}-day`, min: laterBy(today, { days: 1 }), max: laterBy(today, { months: 24 }), value: chosen, on: { change: () => changed() } });
  const own = el("div", { class: "field", hidden: !chosen }, el("label", { for: day.id }, t("ends_day")), day);
  const pick = (kind) => { own.hidden = kind !== "day"; changed(); };
  const choice = (kind, label, isChosen) => el("label", { class: "choice small" },
    el("input", { type: "radio", class: "radio", name, value: kind, checked: isChosen, on: { change: () => pick(kind) } }), el("span", {}, label));
  const block = el("fieldset", { class: "choices in-line" }, el("legend", {}, t("ends_choice")),
    choice("", t("ends_by_itself"), !chosen),
    MONTHS.map((months) => { const date = laterBy(today, { months }); return choice(date, [t("ends_in_months", { n: months }), el("span", { class: "hint" }, dateText(date))], false); }),
    choice("day", t("ends_own_day"), Boolean(chosen)), own);
  const value = () => {
    const kind = block.querySelector("input[type=radio]:checked").value;
    return (kind === "day" ? day.value : kind) || null;
  };
  return { block, value };
}

/** A date so many months or days after another; the 31st becomes the last day of a shorter month. */
function laterBy(isoDate, { months = 0, days = 0 }) {
  const [year, month, day] = isoDate.split("-").map(Number);
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(day, last) + days)).toISOString().slice(0, 10);
}
