// One bill: everything the bureau says about it, and what paying it here would cost.
import { call } from "../api.js";
import { el } from "../dom.js";
import { billName, billPlace, dateText, grouping, momentElement, money, plate } from "../format.js";
import { hasText, t } from "../language.js";
import { buttonLink, facts, heading, notice } from "../parts.js";
import { dueMark, whyNotPayable } from "./bills.js";

export async function bill({ path, signal }) {
  const item = await call("GET", `/v1/bills/${encodeURIComponent(path.id)}`, { signal });
  const quotes = item.is_payable ? (await call("GET", `/v1/bills/${encodeURIComponent(path.id)}/quotes`, { signal })).items : [];
  const title = billName(item);
  return {
    title,
    content: [
      heading(title, { back: item.status === "paid" ? "/app?status=paid" : "/app", backText: t("bills_title") }),
      el("section", { class: "card" },
        el("p", { class: "figure" }, money(item.amount)), el("p", {}, dueMark(item)),
        facts([
          [t("bill_number"), el("span", { class: "mono" }, grouping(item.number))],
          [t("plate"), plate(item.plate)],
          billPlace(item) && [t("place"), billPlace(item)],
          [t(item.kind === "fine" ? "violated_at" : "parked_at"), momentElement(item.occurred_at)],
          item.law_text && [t("law"), item.law_text],
          [t("due_date"), dateText(item.due_on)],
          item.paid_at && [t("paid_at"), momentElement(item.paid_at)],
          item.paid_via && [t("paid_via"), hasText(`paid_via_${item.paid_via}`) ? t(`paid_via_${item.paid_via}`) : item.paid_via],
        ])),
      !item.is_payable && item.status !== "paid" && notice("info", t("not_payable_title"), el("p", {}, whyNotPayable(item))),
      quotes.length > 0 && el("section", { class: "card" }, el("h2", {}, t("quotes_title")), quotes.map(quote)),
      item.is_payable && buttonLink(t("pay_this"), `/app/pay?bills=${item.id}`, { kind: "accent wide" }),
      item.payment_id && buttonLink(t("see_payment"), `/app/payments/${item.payment_id}`, { kind: "quiet wide" }),
    ],
  };
}

function quote(item) {
  const rail = item.rail === "bank_of_kaohsiung" ? t("bank_of_kaohsiung") : item.name;
  return facts([
    [rail, money(item.total, "strong")],
    [t("fee"), item.fee === 0 ? t("no_fee") : money(item.fee)],
    [t("counts_as_paid"), item.counts_as_paid_words],
  ], "sum");
}
