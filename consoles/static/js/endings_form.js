// How subscriptions of a topic end by themselves: up to five rules, each of which is enough.
import { el, fill } from "./dom.js";
import { t } from "./language.js";
import { button, choice, field } from "./parts.js";

const MOST = 5;
const RULES = ["date", "silence", "need_passed", "moved_away", "count"];
// What passes, and the kind of thing that it happens to.
export const NEEDS = {
  bill_settled: "bill", vehicle_removed: "vehicle", case_closed: "case", ride_completed: "ride", permit_expired: "permit", school_finished: "child", roadworks_done: "roadworks",
};
const FIRST = { date: { days: 90 }, silence: { sends: 6, answer_days: 14 }, need_passed: { event: "roadworks_done" }, moved_away: {}, count: { most: 20 } };

/** `endings` as the API has them. Answers {block, read()}. */
export function endingsForm(endings) {
  const list = el("div", { class: "form" });
  const rows = [];
  const add = button(t("ending_add"), () => { put({ rule: "date", ...FIRST.date }); draw(); rows[rows.length - 1].focus(); }, { kind: "small" });
  const put = (ending) => {
    const row = endingRow(ending, () => { rows.splice(rows.indexOf(row), 1); draw(); add.focus(); });
    rows.push(row);
  };
  const draw = () => {
    fill(list, rows.map(({ block }) => block));
    add.hidden = rows.length >= MOST;
  };
  endings.forEach(put);
  draw();
  return {
    block: el("fieldset", { class: "group" }, el("legend", {}, t("endings_label")), el("p", { class: "hint" }, t("endings_hint")), list, el("div", { class: "actions" }, add)),
    read: () => rows.map((row) => row.read()),
  };
}

function endingRow(ending, onRemove) {
  const rule = choice(t("ending_rule"), RULES.map((each) => [each, t(`ending_${each}`)]), { value: ending.rule });
  const place = el("div", { class: "form-row" });
  let fields = {};
  const number = (name, value) => field(t(`ending_${name}`), { type: "number", min: 1, value: value ?? "" });
  const draw = (values) => {
    const made = {
      date: () => ({ days: number("days", values.days), on: field(t("ending_on"), { type: "date", value: values.on || "" }) }),
      silence: () => ({ sends: number("sends", values.sends), days: number("silent_days", values.days), answer_days: number("answer_days", values.answer_days ?? 14) }),
      need_passed: () => ({ event: choice(t("ending_event"), Object.keys(NEEDS).map((each) => [each, t(`need_${each}_passed`)]), { value: values.event }) }),
      moved_away: () => ({}),
      count: () => ({ most: number("most", values.most) }),
    };
    fields = made[rule.input.value]();
    fill(place, Object.values(fields).map(({ block }) => block));
  };
  rule.input.addEventListener("input", () => draw(FIRST[rule.input.value]));
  draw(ending);
  const read = () => {
    const filled = Object.entries(fields).map(([name, { input }]) => [name, input.type === "number" ? Number(input.value) || null : input.value]).filter(([, value]) => value);
    // A last day for everybody is instead of so many days each.
    const values = Object.fromEntries(filled);
    if (values.on) delete values.days;
    return { rule: rule.input.value, ...values };
  };
  return {
    block: el("div", { class: "ending" }, el("div", { class: "form-row" }, rule.block), place, el("div", { class: "actions" }, button(t("ending_remove"), onRemove, { kind: "small" }))),
    read,
    focus: () => rule.input.focus(),
  };
}
