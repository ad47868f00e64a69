// What each partner's agreed month comes to: paid through the bank after two officers' yes, or waited for from the partner.
import { call, keyForEach } from "./api.js";
import { el } from "./dom.js";
import { money, t } from "./language.js";
import { officer } from "./officer.js";
import { allFilled, busy, card, dayOf, facts, field, growingList, moment } from "./parts.js";

const TONES = { to_pay: "warn", proposed: "info", ordered: "info", stopped: "bad", owed: "warn" };

export function monthsOf(first, load, names, again) {
  return [el("h2", {}, t("pts_months")), el("p", { class: "hint" }, t("pts_months_hint")),
    first.items.length ? growingList(first, load, (item) => el("li", {}, month(item, names, again))) : el("p", { class: "empty" }, t("pts_no_months"))];
}

function month(item, names, again) {
  const isOwed = item.amount_twd < 0;
  return card(`${names[item.partner] || item.partner} ${item.month}: ${t(isOwed ? "pts_month_receivable" : "pts_month_payable")} ${money(Math.abs(item.amount_twd))}`,
    facts([
      [t("status"), el("span", { class: `mark ${item.is_overdue ? "bad" : TONES[item.status]}` }, t(item.is_overdue ? "pts_month_overdue" : `pts_month_${item.status}`))],
      [t("pts_bank_code"), item.reason],
      [t("pts_account"), !isOwed && ([item.payee, item.account].filter(Boolean).join(" ") || t("pts_no_account"))],
      [t("pts_month_reference"), isOwed && el("span", { class: "mono" }, item.id)],
      [t("pts_month_received"), isOwed && money(item.received_twd)],
      [t("pts_month_due"), isOwed && dayOf(item.due_on)],
      [t("pts_month_agreed"), moment(item.agreed_at)],
    ]),
    item.status === "proposed" && el("a", { class: "button", href: `/desk/approvals/${item.approval_id}` }, t("pts_to_approval")),
    ["to_pay", "stopped"].includes(item.status) && officer().roles.includes("points_officer") && payment(item, again));
}

function payment(item, again) {
  const note = field(t("note"), { name: "textarea", rows: 2, maxlength: 500 });
  const problem = el("div");
  const key = keyForEach();
  const submit = (event) => {
    event.preventDefault();
    if (!allFilled(note)) return;
    busy(event.submitter, problem, async () => {
      const body = { note: note.input.value.trim() };
      await call("POST", `/v1/points-desk/partner-nettings/${item.id}/payment`, { body, key: key(body) });
      await again(t("pts_now_proposed"));
    });
  };
  return el("form", { class: "form", novalidate: true, on: { submit } }, note.block, problem,
    el("div", { class: "actions" }, el("button", { type: "submit", class: "button primary" }, t("pts_month_pay"))));
}
