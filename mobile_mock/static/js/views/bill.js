// One bill: everything the bureau says about it, every way to pay it compared, and paying a fine in parts.
import { acting, mayNow } from "../acting.js";
import { call } from "../api.js";
import { el } from "../dom.js";
import { billName, billPlace, dateText, grouping, momentElement, money, plate } from "../format.js";
import { t } from "../language.js";
import { buttonLink, facts, heading, notice } from "../parts.js";
import { channelName } from "../rails.js";
import { combined } from "../ways_to_pay.js";
import { dueMark, whyNotPayable } from "./bills.js";
import { instalmentsOf } from "./instalments.js";
import { quotesTable } from "./quotes_table.js";
import { slipsOf } from "./slips_offered.js";

const happened = { parking: "parked_at", fine: "violated_at", ride: "arrived_at" };

export async function bill({ path, signal }) {
  const address = `/v1/bills/${encodeURIComponent(path.id)}`;
  const item = await call("GET", address, { signal });
  const [quotes, parts] = await Promise.all([
    item.is_payable && item.status === "unpaid" ? call("GET", `${address}/quotes`, { signal }) : { items: [] },
    !acting() && item.kind === "fine" && item.status !== "paid" ? call("GET", `${address}/instalments`, { signal }) : null,
  ]);
  const title = billName(item);
  return {
    title,
    content: [
      heading(title, { back: item.status === "paid" ? "/app?status=paid" : "/app", backText: t("bills_title") }),
      el("section", { class: "card" },
        el("p", { class: "figure" }, money(item.amount)), el("p", {}, dueMark(item)),
        facts([
          item.part_number && [t("part"), t("part_of", { n: item.part_number, of: item.part_count })],
          [t("bill_number"), el("span", { class: "mono" }, grouping(item.number))],
          item.plate && [t("plate"), plate(item.plate)],
          billPlace(item) && [t("place"), billPlace(item)],
          [t(happened[item.kind]), momentElement(item.occurred_at)],
          item.law_text && [t("law"), item.law_text],
          [t("due_date"), dateText(item.due_on)],
          item.paid_at && [t("paid_at"), momentElement(item.paid_at)],
          item.paid_via && [t("paid_via"), channelName(item.paid_via)],
        ])),
      item.not_payable_reason && item.status !== "paid" && notice("info", t(item.is_payable ? "status_processing" : "not_payable_title"),
        el("p", {}, item.not_payable_explanation || whyNotPayable(item)), item.is_payable && buttonLink(t("history_title"), "/app/payments", { kind: "small" })),
      item.is_payable && mayNow("payments:pay") && buttonLink(t("pay_this"), `/app/pay?bills=${item.id}`, { kind: "accent wide" }),
      item.payment_id && !acting() && buttonLink(t("see_payment"), `/app/payments/${item.payment_id}`, { kind: "quiet wide" }),
      quotes.items.length > 0 && quotesTable(quotes.items),
      quotes.items.length > 0 && !acting() && slipsOf([item], combined([quotes.items])),
      parts && instalmentsOf(item, parts),
    ],
  };
}
