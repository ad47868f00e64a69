// Until when: as the topic ends by itself, or sooner, on a day of one's own choosing.
import { announce, el } from "../dom.js";
import { dateText, dayOf } from "../format.js";
import { t } from "../language.js";
import { icon } from "../icons.js";
import { busy, button, freshId } from "../parts.js";
import { endLine, endOn } from "../subscribing.js";

const MONTHS = [1, 3, 6];

/** How a live subscription ends, and behind it the choice of another day; `changed(subscription)` draws what it is then. */
export function endEditor(subscription, changed) {
  const { ends_on: standing, latest_end: latest } = subscription;
  const problem = el("div");
  const ends = endChoice({ chosen: standing === latest ? null : standing, latest });
  const save = button(t("ends_save"), () => busy(save, problem, async () => {
    const current = await endOn(subscription.id, ends.value());
    announce(endLine(current));
    changed(current);
  }), { kind: "small primary" });
  return el("details", { class: "until" }, el("summary", {}, icon("wait"), el("span", {}, endLine(subscription), " ", el("span", { class: "until-change" }, t("ends_change")))),
    el("div", { class: "form" }, ends.block, problem, save));
}

/**
 * {block, value()}: `value()` is a date ("2026-11-05"), or null: as the topic ends by itself. `chosen`: what stands now where
 * the person chose it; `latest`: the last day that the topic allows, or null.
 */
function endChoice({ chosen = null, latest = null } = {}) {
  const name = freshId("ends");
  const today = dayOf(Date.now());
  const day = el("input", { type: "date", class: "input", id: `${name}-day`, min: laterBy(today, { days: 1 }), max: latest || laterBy(today, { months: 24 }), value: chosen });
  const own = el("div", { class: "field", hidden: !chosen }, el("label", { for: day.id }, t("ends_day")), day);
  const pick = (kind) => { own.hidden = kind !== "day"; };
  const choice = (kind, label, isChosen) => el("label", { class: "choice small" },
    el("input", { type: "radio", class: "radio", name, value: kind, checked: isChosen, on: { change: () => pick(kind) } }), el("span", {}, label));
  const sooner = MONTHS.map((months) => [months, laterBy(today, { months })]).filter(([, date]) => !latest || date < latest);
  const block = el("fieldset", { class: "choices in-line" }, el("legend", {}, t("ends_choice")),
    choice("", latest ? [t("ends_by_itself"), el("span", { class: "hint" }, t("ends_latest", { date: dateText(latest) }))] : t("ends_by_itself"), !chosen),
    sooner.map(([months, date]) => choice(date, [t("ends_in_months", { n: months }), el("span", { class: "hint" }, dateText(date))], false)),
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
