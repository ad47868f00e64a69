// What the city owes in points at the end of a day, what lapses unused, and what points cost whom.
import { call } from "../api.js";
import { bars, columns } from "../charts.js";
import { el } from "../dom.js";
import { dayText, money, nameOf, t } from "../language.js";
import { card, facts, field, filterLinks, heading, notice, table } from "../parts.js";
import { dayBefore, numberText, pointsText } from "../points_words.js";
import { go } from "../router.js";

const DAY = /^\d{4}-\d{2}-\d{2}$/;

export const desk = {
  path: "/desk/points", name: "pts_reports", roles: ["points_officer", "finance", "auditor"], screens: { "/desk/points": overview },
};

async function overview({ query, signal }) {
  const valid = (name, otherwise) => (DAY.test(query.get(name) || "") ? query.get(name) : otherwise);
  const on = valid("on", dayBefore());
  const [from, to] = [valid("from", dayBefore(30)), valid("to", dayBefore())];
  const by = query.get("by") === "campaign" ? "campaign" : "bureau";
  const [liability, breakage, costs] = await Promise.all([
    call("GET", `/v1/points-desk/liability?on=${on}`, { signal }),
    call("GET", `/v1/points-desk/breakage?from=${dayBefore(550)}&to=${dayBefore()}`, { signal }),
    call("GET", `/v1/points-desk/costs?from=${from}&to=${to}&by=${by}`, { signal }),
  ]);
  return {
    title: t("pts_reports"),
    content: [heading(t("pts_reports"), { intro: t("pts_reports_intro") }), dates({ on, from, to, by }), owed(liability), lapses(breakage.items), cost(costs, { from, to, by, on })],
  };
}

function dates({ on, from, to, by }) {
  const fields = { on: field(t("pts_on"), { type: "date", value: on }), from: field(t("pts_from"), { type: "date", value: from }), to: field(t("pts_to"), { type: "date", value: to }) };
  const submit = (event) => {
    event.preventDefault();
    const wanted = new URLSearchParams({ by });
    for (const [name, { input }] of Object.entries(fields)) if (input.value) wanted.set(name, input.value);
    go(`/desk/points?${wanted}`);
  };
  return el("form", { class: "filter-form", "aria-label": t("filter_label"), on: { submit } }, Object.values(fields).map(({ block }) => block), el("button", { type: "submit", class: "button" }, t("apply")));
}

function owed(found) {
  const parts = [["people", found.people], ["set_aside", found.set_aside], ["to_settle", found.to_settle]];
  const lines = parts.map(([key, value]) => ({ name: t(`pts_owed_${key}`), value: Math.max(0, value), figure: pointsText(value) }));
  return card(t("pts_liability", { day: dayText(found.on) }),
    el("p", { class: "side-figure" }, t("pts_liability_is", { points: pointsText(found.liability), money: money(found.liability) })),
    !found.is_balanced && notice("bad", t("pts_unbalanced"), el("p", {}, t("pts_unbalanced_detail"))),
    bars(t("pts_owed_says", { parts: lines.map(({ name, figure }) => `${name} ${figure}`).join(t("and")) }), lines),
    facts([[t("pts_owed_in_budgets"), pointsText(found.in_budgets)], [t("pts_owed_by"), found.owed_by_people > 0 && pointsText(found.owed_by_people)], [t("pts_lapsed_ever"), pointsText(found.lapsed)]]),
    csv(`/v1/points-desk/liability?on=${found.on}&format=csv`));
}

function lapses(items) {
  const share = (value) => `${(100 * value).toFixed(1)}%`;
  const shown = items.map((each) => ({ name: each.month, value: each.breakage, figure: share(each.breakage) }));
  return card(t("pts_breakage"), el("p", { class: "hint" }, t("pts_breakage_hint")),
    items.length === 0 ? el("p", { class: "empty" }, t("pts_none")) : [
      columns(t("pts_breakage_says", { from: shown[0].name, first: shown[0].figure, to: shown.at(-1).name, last: shown.at(-1).figure }), shown, { most: 1 }),
      table(t("pts_breakage"), [
        { name: t("pts_month"), of: (each) => each.month },
        { name: t("pts_issued"), of: (each) => numberText(each.issued), isNumber: true },
        { name: t("pts_lapsed"), of: (each) => numberText(each.lapsed), isNumber: true },
        { name: t("pts_left"), of: (each) => numberText(each.left), isNumber: true },
        { name: t("pts_share"), of: (each) => share(each.breakage), isNumber: true },
      ], [...items].reverse())],
    csv(`/v1/points-desk/breakage?from=${dayBefore(550)}&to=${dayBefore()}&format=csv`));
}

function cost(found, { from, to, by, on }) {
  const address = (each) => `/desk/points?${new URLSearchParams({ on, from, to, by: each })}`;
  const name = (each) => (by === "bureau" ? each.name || nameOf(each.code) : each.name);
  return card(t("pts_costs"), filterLinks(["bureau", "campaign"].map((each) => [address(each), t(`pts_by_${each}`), each === by])),
    notice(found.is_reconciled ? "good" : "bad", t(found.is_reconciled ? "pts_reconciled" : "pts_not_reconciled")),
    found.items.length === 0 ? el("p", { class: "empty" }, t("pts_none")) : [
      bars(t("pts_costs_say"), found.items.map((each) => ({ name: name(each), value: Math.max(0, each.cost_twd), figure: money(each.cost_twd) }))),
      table(t("pts_costs"), [
        { name: t(`pts_by_${by}`), of: name },
        { name: t("pts_granted"), of: (each) => numberText(each.granted), isNumber: true },
        { name: t("pts_paid_bills"), of: (each) => numberText(each.paid_bills), isNumber: true },
        { name: t("pts_at_merchants"), of: (each) => numberText(each.at_merchants), isNumber: true },
        { name: t("pts_exchanged"), of: (each) => numberText(each.exchanged), isNumber: true },
        { name: t("pts_lapsed"), of: (each) => numberText(each.lapsed), isNumber: true },
        { name: t("pts_cost"), of: (each) => money(each.cost_twd), isNumber: true },
      ], found.items)],
    csv(`/v1/points-desk/costs?from=${from}&to=${to}&by=${by}&format=csv`));
}

function csv(href) {
  return el("div", { class: "actions" }, el("a", { class: "button small", href, download: true }, t("pts_csv")));
}
