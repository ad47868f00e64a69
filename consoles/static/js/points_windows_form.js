// When a campaign of points gives more: days of the week, from when until when, and how much. An end before the beginning is on the next day.
import { el, fill } from "./dom.js";
import { t } from "./language.js";
import { button, checkBox, field } from "./parts.js";

const DAYS = [1, 2, 3, 4, 5, 6, 7];
const MOST = 10;
const WEEKEND = [6, 7];

/** `known` the windows of a draft. Answers {block, isRight(), windows()}; the dates of a window are kept as they were. */
export function windowsForm(known) {
  const rows = [];
  const list = el("div", { class: "form", "aria-live": "polite" });
  const add = button(t("pts_window_add"), () => {
    rows.push(row({ percent: 200, week_days: rows.length ? [] : WEEKEND, from_time: "00:00", until_time: null }, remove));
    draw();
    rows.at(-1).days[0].input.focus();
  }, { kind: "small" });
  function remove(gone) {
    rows.splice(rows.indexOf(gone), 1);
    draw();
    add.focus();
  }
  function draw() {
    fill(list, rows.map((each, place) => each.block(place + 1)));
    add.hidden = rows.length >= MOST;
  }
  for (const each of known) rows.push(row(each, remove));
  draw();
  return {
    block: el("fieldset", { class: "group" }, el("legend", {}, t("pts_windows")), el("p", { class: "hint" }, t("pts_windows_hint")), list, el("div", { class: "actions" }, add)),
    isRight: () => rows.every((each) => each.isRight()),
    windows: () => rows.map((each) => each.window()),
  };
}

function row(known, onRemove) {
  const days = DAYS.map((each) => checkBox(t(`weekday_${each}`), known.week_days.includes(each)));
  const from = field(t("pts_window_from"), { type: "time", value: known.from_time === "00:00" ? "" : known.from_time });
  const until = field(t("pts_window_until"), { type: "time", value: known.until_time ?? "" });
  const percent = field(t("pts_window_percent"), { inputmode: "numeric", maxlength: 4, value: known.percent });
  const night = el("p", { class: "hint" });
  const say = () => { fill(night, until.input.value && until.input.value < (from.input.value || "00:00") ? t("pts_window_night") : ""); };
  for (const each of [from, until]) each.input.addEventListener("input", say);
  say();
  const dates = known.from_day || known.until_day ? t("pts_window_dates", { from: known.from_day ?? "", until: known.until_day ?? "" }) : "";
  const made = {
    days,
    block: (number) => el("div", { role: "group", "aria-label": t("pts_window_number", { n: number }), class: "form points-window" },
      el("div", { class: "boxes" }, days.map(({ block }) => block)), el("div", { class: "form-row" }, from.block, until.block, percent.block),
      dates && el("p", { class: "hint" }, dates), night, el("div", { class: "actions" }, button(t("pts_window_remove", { n: number }), () => onRemove(made), { kind: "small" }))),
    isRight() {
      from.setError("");
      percent.setError("");
      if (until.input.value && until.input.value === (from.input.value || "00:00")) from.setError(t("pts_window_empty"));
      const share = Number(percent.input.value.trim());
      if (!Number.isInteger(share) || share < 101 || share > 1000) percent.setError(t("pts_window_percent_wrong"));
      return [from, percent].every(({ input }) => !input.hasAttribute("aria-invalid"));
    },
    window: () => ({
      percent: Number(percent.input.value.trim()), week_days: DAYS.filter((_, place) => days[place].input.checked),
      from_time: from.input.value || "00:00", until_time: until.input.value || null, from_day: known.from_day ?? null, until_day: known.until_day ?? null,
    }),
  };
  return made;
}
