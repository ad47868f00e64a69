// Return files of other banks, and days on which nothing is cleared.
import { call } from "../api.js";
import { el } from "../dom.js";
import { dayText, momentText, money, t } from "../language.js";
import { actsForFinance } from "../officer.js";
import { allFilled, busy, card, cardForm, confirmed, dayOf, field, heading, moment, notice, table } from "../parts.js";
import { redraw } from "../router.js";

export const desk = { path: "/desk/clearing", name: "clearing", roles: ["finance", "auditor"], screens: { "/desk/clearing": overview } };

async function overview({ signal }, { said } = {}) {
  const [files, days] = await Promise.all([call("GET", "/v1/return-files", { signal }), call("GET", "/v1/closed-days", { signal })]);
  const again = (words) => redraw(overview, { signal }, words);
  return {
    title: t("clearing"),
    content: [heading(t("clearing"), { intro: t("clearing_intro") }), said && notice("good", said), files.problems.length > 0 && problems(files.problems),
      card(t("return_files"), el("p", {}, t("still_provisional", { n: files.provisional, amount: money(files.provisional_total) })),
        files.items.length ? filesTable(files.items) : el("p", { class: "hint" }, t("no_return_files"))),
      card(t("typhoon_days"), days.items.length ? daysTable(days.items) : el("p", { class: "hint" }, t("no_typhoon_days"))),
      actsForFinance() && dayForm(again)],
  };
}

function problems(items) {
  return notice("bad", t("return_problems"),
    el("ul", { class: "problem-list" }, items.map((each) => el("li", {}, t("return_problem_line", {
      day: dayText(each.day), detail: each.detail, n: each.times, at: momentText(each.first_seen_at),
    })))), el("p", {}, t("return_problem_detail")));
}

function filesTable(items) {
  return table(t("return_files"), [
    { name: t("file_day"), of: (each) => dayOf(each.day) },
    { name: t("answers_on"), of: (each) => dayOf(each.answers_on) },
    { name: t("returns_n"), of: (each) => each.entries, isNumber: true },
    { name: t("amount"), of: (each) => money(each.total), isNumber: true },
    { name: t("read_at"), of: (each) => moment(each.read_at) },
  ], items);
}

function daysTable(items) {
  return table(t("typhoon_days"), [
    { name: t("the_day"), of: (each) => dayOf(each.day) },
    { name: t("closed_why"), of: (each) => each.reason },
    { name: t("closed_says"), of: (each) => each.source },
    { name: t("received_at"), of: (each) => moment(each.learnt_at) },
  ], items);
}

function dayForm(again) {
  const day = field(t("the_day"), { type: "date", hint: t("the_day_hint") });
  const reason = field(t("closed_why"), { maxlength: 100 });
  const source = field(t("closed_says"), { maxlength: 200 });
  return cardForm(t("enter_day"), t("closed_text"), [day.block, reason.block, source.block], t("enter_day"), async (pressed, problem) => {
    if (!allFilled(day, reason, source)) return;
    if (!await confirmed(t("closed_confirm", { day: dayText(day.input.value) }), t("closed_text"), t("enter_day"))) return;
    await busy(pressed, problem, async () => {
      const body = { day: day.input.value, reason: reason.input.value.trim(), source: source.input.value.trim() };
      const made = await call("POST", "/v1/closed-days", { body });
      await again(t("day_entered", { n: made.payments_shifted }));
    });
  });
}
