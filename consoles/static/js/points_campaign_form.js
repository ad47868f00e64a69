// The form of a campaign of points. What it does not show of a draft (further conditions) is kept as it was.
import { el } from "./dom.js";
import { t } from "./language.js";
import { allFilled, busy, card, checkBox, choice, field } from "./parts.js";
import { dayBefore } from "./points_words.js";
import { windowsForm } from "./points_windows_form.js";

const PAYMENT = "wallet.payment_captured";
const KINDS = [PAYMENT, "deed.passkey", "deed.ride", "deed.volunteering", "deed.health_check_in"];
const BUREAUS = ["treasury", "economic", "health", "transport", "environment", "social_affairs", "rdec"];
const ON_TIME = "due_before";

/** `known` a draft or null; `send(body)` with what POST and PUT take. */
export function campaignForm(known, send) {
  const value = (name, otherwise = "") => known?.[name] ?? otherwise;
  const number = (key, name, { otherwise = "", hint } = {}) => field(t(key), { inputmode: "numeric", maxlength: 13, value: value(name, otherwise), hint: hint && t(hint) });
  const code = field(t("pts_code"), { value: value("code"), readonly: known !== null, maxlength: 41, spellcheck: "false", hint: t("pts_code_hint") });
  const zh = field(t("pts_name_zh"), { value: known?.name.zh ?? "", maxlength: 80 });
  const en = field(t("pts_name_en"), { value: known?.name.en ?? "", maxlength: 120, lang: "en" });
  const bureau = choice(t("pts_bureau"), BUREAUS.map((each) => [each, t(`pts_bureau_${each}`)]), { value: value("bureau", "economic") });
  const kind = choice(t("pts_kind"), KINDS.map((each) => [each, t(`pts_event_${each.replace(/.*\./, "")}`)]), { value: value("event_kind", PAYMENT) });
  const each = number("pts_per_event", "points_per_event", { otherwise: 10 });
  const perStep = number("pts_per_step", "points_per_step", { otherwise: 0, hint: "pts_per_step_hint" });
  const step = number("pts_step", "step", { otherwise: 100 });
  const aDay = number("pts_cap_day", "points_per_person_and_day", { hint: "pts_no_cap" });
  const inAll = number("pts_cap_all", "points_per_person", { hint: "pts_no_cap" });
  const times = number("pts_cap_times", "times_per_person", { hint: "pts_no_cap" });
  const months = number("pts_lifetime", "lifetime_months", { otherwise: 12 });
  const budget = number("pts_budget", "budget_points", { hint: "pts_budget_hint" });
  const from = field(t("pts_runs_from"), { type: "date", value: known ? day(known.valid_from) : dayBefore(-7) });
  const until = field(t("pts_last_day"), { type: "date", value: known ? day(known.valid_until, -1) : dayBefore(-97) });
  const onTime = checkBox(t("pts_on_time"), (known?.conditions || []).some(({ fact }) => fact === ON_TIME));
  const windows = windowsForm(known?.windows || []);
  const problem = el("div");
  const numbers = [each, perStep, step, aDay, inAll, times, months, budget];
  const submit = (event) => {
    event.preventDefault();
    if (!allFilled(code, zh, en, each, perStep, step, months, budget, from, until) || !windows.isRight()) return;
    const wrong = numbers.find(({ input }) => !/^[0-9]*$/.test(clean(input)));
    if (wrong) { wrong.setError(t("pts_whole")); return; }
    if (!/^[a-z0-9][a-z0-9-]{1,40}$/.test(code.input.value.trim())) { code.setError(t("pts_code_hint")); return; }
    if (from.input.value > until.input.value) { until.setError(t("pts_ends_before")); return; }
    const isPayment = kind.input.value === PAYMENT;
    busy(event.submitter, problem, () => send({
      code: code.input.value.trim(), name: { zh: zh.input.value.trim(), en: en.input.value.trim() }, bureau: bureau.input.value, event_kind: kind.input.value,
      rail: isPayment ? value("rail", null) : null,
      points_per_event: wholeOf(each), points_per_step: wholeOf(perStep), step: wholeOf(step), points_per_person_and_day: wholeOf(aDay),
      points_per_person: wholeOf(inAll), times_per_person: wholeOf(times), lifetime_months: wholeOf(months), budget_points: wholeOf(budget),
      week_days: value("week_days", []), valid_from: `${from.input.value}T00:00:00+08:00`, valid_until: `${next(until.input.value)}T00:00:00+08:00`,
      conditions: [...(known?.conditions || []).filter(({ fact }) => fact !== ON_TIME), ...(isPayment && onTime.input.checked ? [{ fact: ON_TIME, equal: true }] : [])],
      windows: windows.windows(),
    }));
  };
  return el("form", { class: "form", novalidate: true, on: { submit } },
    card(t("pts_part_what"), group(zh, en, code, bureau)),
    card(t("pts_part_earn"), group(kind, each, perStep, step), onTime.block, windows.block),
    card(t("pts_part_caps"), group(aDay, inAll, times)),
    card(t("pts_part_run"), group(from, until, months, budget)),
    problem, el("div", { class: "actions" }, el("button", { type: "submit", class: "button primary" }, t("pts_keep_draft"))));
}

function group(...fields) {
  return el("div", { class: "columns form" }, fields.map(({ block }) => block));
}

function clean(input) {
  return input.value.replace(/[,\s]/g, "");
}

function wholeOf({ input }) {
  return clean(input) === "" ? null : Number(clean(input));
}

/** The day of a moment in Taipei, or so many days later. */
function day(at, later = 0) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Taipei", year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date(Date.parse(at) + later * 86_400_000));
}

function next(on) {
  return day(`${on}T00:00:00+08:00`, 1);
}
