// What merchants are paid for points: settlements by week, the bank's days, and where its statement differs.
import { call, keyForEach } from "../api.js";
import { bars } from "../charts.js";
import { el } from "../dom.js";
import { dayText, money, t } from "../language.js";
import { officer } from "../officer.js";
import { allFilled, busy, button, card, dayOf, facts, field, filterLinks, growingList, heading, moment, notice, table } from "../parts.js";
import { numberText } from "../points_words.js";
import { redraw } from "../router.js";

const STATUSES = ["stopped", "waiting", "ordered", "carried", "paid"];
const TONES = { stopped: "bad", waiting: "warn", ordered: "info", carried: "", paid: "good" };

export const desk = {
  path: "/desk/settlements", name: "pts_settlements", roles: ["points_officer", "auditor"],
  screens: { "/desk/settlements": list, "/desk/settlements/:id": one },
};

async function list({ query, signal }, { said } = {}) {
  const status = STATUSES.includes(query.get("status")) ? query.get("status") : "";
  const load = (cursor) => call("GET", `/v1/points-desk/settlements?limit=30${status && `&status=${status}`}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { signal });
  const [first, days, differences] = await Promise.all([load(), call("GET", "/v1/points-desk/payout-days?limit=7", { signal }),
    call("GET", "/v1/points-desk/payout-differences?limit=30", { signal })]);
  const again = (words) => redraw(list, { query, signal }, words);
  return {
    title: t("pts_settlements"),
    content: [heading(t("pts_settlements"), { intro: t("pts_settlements_intro") }), said && notice("good", said),
      differences.items.length > 0 && el("h2", {}, t("pts_differences", { n: differences.items.length })), differences.items.map((each) => difference(each, again)),
      filterLinks([["/desk/settlements", t("status_all"), status === ""], ...STATUSES.map((each) => [`/desk/settlements?status=${each}`, t(`pts_settled_${each}`), each === status])]),
      first.items.length ? growingList(first, load, row) : el("p", { class: "empty" }, t("pts_none")),
      days.items.length > 0 && card(t("pts_bank_days"), bankDays(days.items))],
  };
}

function row(item) {
  return el("li", { class: "row" }, el("a", { class: "row-link", href: `/desk/settlements/${item.id}` },
    el("span", { class: "row-words" }, el("span", { class: "row-title" }, item.merchant),
      el("span", { class: "hint" }, t("pts_from_to", { from: dayText(item.first_day), to: dayText(item.last_day) }))),
    el("span", { class: "figure" }, money(item.amount)), el("span", { class: `mark ${TONES[item.status]}` }, item.status_name)));
}

function bankDays(items) {
  return table(t("pts_bank_days"), [
    { name: t("the_day"), of: (each) => dayOf(each.day) },
    { name: t("pts_paid"), of: (each) => money(each.paid), isNumber: true },
    { name: t("pts_stated"), of: (each) => (each.stated === null ? t("pts_no_statement") : money(each.stated)), isNumber: true },
    { name: t("pts_agrees"), of: (each) => (each.stated === null ? "" : el("span", { class: `mark ${each.stated === each.paid ? "good" : "bad"}` }, t(each.stated === each.paid ? "pts_yes" : "pts_no"))) },
  ], items);
}

function difference(each, again) {
  const reason = field(t("pts_explain"), { maxlength: 400, minlength: 4 });
  const problem = el("div");
  return card(`${dayText(each.day)} · ${t(`pts_diff_${each.kind}`)} · ${money(each.amount)}`, facts([[t("pts_reference"), el("span", { class: "mono" }, each.reference)], [t("detail"), each.details], [t("opened_at"), moment(each.opened_at)]]),
    officer().roles.includes("points_officer") && [reason.block, problem, el("div", { class: "actions" }, button(t("pts_close"), (event) => allFilled(reason) && busy(event.target, problem, async () => {
      await call("POST", `/v1/points-desk/payout-differences/${each.id}/resolution`, { body: { reason: reason.input.value.trim() } });
      await again(t("pts_closed"));
    })))]);
}

async function one({ path, signal }, { said } = {}) {
  const found = await call("GET", `/v1/points-desk/settlements/${encodeURIComponent(path.id)}`, { signal });
  const again = (words) => redraw(one, { path, signal }, words);
  const problem = el("div");
  const key = keyForEach();
  const costs = found.costs.filter(({ cost }) => cost !== 0);
  return {
    title: found.merchant,
    content: [heading(found.merchant, { back: "/desk/settlements", intro: t("pts_from_to", { from: dayText(found.first_day), to: dayText(found.last_day) }) }), said && notice("good", said),
      card(null, facts([
        [t("status"), el("span", { class: `mark ${TONES[found.status]}` }, found.status_name)],
        [t("pts_bank_code"), found.reason],
        [t("pts_redeemed"), t("pts_times", { n: numberText(found.redemptions), points: numberText(found.redeemed_points) })],
        [t("pts_given_back"), t("pts_times", { n: numberText(found.refunds), points: numberText(found.refunded_points) })],
        [t("pts_carried"), found.carried !== 0 && money(found.carried)],
        [t("amount"), money(found.amount)],
        [t("pts_carried_on"), found.carried_on !== 0 && money(found.carried_on)],
        [t("pts_account"), found.account],
        [t("pts_settled_at"), moment(found.settled_at)],
        [t("pts_paid_on"), dayOf(found.paid_on)],
      ]), found.status === "stopped" && officer().roles.includes("points_officer") && [problem, el("div", { class: "actions" }, button(t("pts_send_again"), (event) => busy(event.target, problem, async () => {
        await call("POST", `/v1/points-desk/settlements/${found.id}/resending`, { key: key("again") });
        await again(t("pts_sent_again"));
      }), { kind: "primary" }))]),
      costs.length > 0 && card(t("pts_costs_of"), bars(t("pts_costs_say"), costs.map(({ bureau, cost }) => ({ name: bureau, value: Math.max(0, cost), figure: money(cost) })))),
      found.payments.length > 0 && card(t("pts_payments"), table(t("pts_payments"), [
        { name: t("pts_account"), of: (each) => `${each.bank_code} ${each.account}` },
        { name: t("amount"), of: (each) => money(each.amount), isNumber: true },
        { name: t("status"), of: (each) => [t(`pts_payout_${each.status}`), each.reason && ` ${each.reason}`] },
        { name: t("pts_booked_on"), of: (each) => dayOf(each.booked_on) },
        { name: t("pts_reference"), of: (each) => el("span", { class: "mono" }, each.bank_reference) },
      ], found.payments))],
  };
}
