// Refunds that are not at their end: under way, to be decided, or not arrived.
import { call } from "../api.js";
import { el } from "../dom.js";
import { money, nameOf, t } from "../language.js";
import { card, dayOf, facts, filterLinks, growingList, heading, moment } from "../parts.js";

const STATUSES = ["all", "waiting", "failed", "proposed"];
const TONES = { proposed: "info", requested: "info", unknown: "warn", pending: "info", failed: "bad" };

export const desk = { path: "/desk/refunds", name: "refunds", roles: ["finance", "auditor"], screens: { "/desk/refunds": list } };

async function list({ query, signal }) {
  const status = STATUSES.includes(query.get("status")) ? query.get("status") : "all";
  const load = (cursor) => call("GET", `/v1/officer/refunds?status=${status}&limit=20${cursor ? `&cursor=${cursor}` : ""}`, { signal });
  const first = await load();
  return {
    title: t("refunds"),
    content: [heading(t("refunds"), { intro: t("refunds_intro") }),
      filterLinks(STATUSES.map((each) => [`/desk/refunds?status=${each}`, t(`refunds_${each}`), each === status])),
      first.items.length ? growingList(first, load, row) : el("p", { class: "empty" }, t("no_refunds_wait"))],
  };
}

function row(item) {
  const isLate = item.expected_on && item.status !== "failed" && item.expected_on < new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10);
  return el("li", {}, card(null,
    el("div", { class: "chart-line" }, el("h2", { class: "figure" }, money(item.amount + item.fee_refunded)),
      el("span", { class: "marks" }, isLate && el("span", { class: "mark bad" }, t("overdue")), el("span", { class: `mark ${TONES[item.status]}` }, item.status_text))),
    facts([
      [t("bill_number"), el("span", { class: "mono" }, item.number)],
      [t("reason"), t("with_code", { words: item.message, code: t(`asked_by_${item.asked_by}`) })],
      [t("note"), item.note],
      [t("paid_by"), `${nameOf(item.rail)} ${item.account}`],
      [t("failure"), item.failure && item.failure.message],
      [t("began_at"), moment(item.created_at)],
      [t("expected_on"), dayOf(item.expected_on)],
      [t("payment"), el("a", { href: `/desk/payments/${item.payment_id}?purpose=refund` }, t("to_payment"))],
      [t("approvals"), item.status === "proposed" && item.approval_id ? el("a", { href: `/desk/approvals/${item.approval_id}` }, t("to_approval")) : null],
    ])));
}
