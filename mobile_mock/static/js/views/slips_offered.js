// Paying without a debit of ours: cash at a store, or any bank's app. Each bill has a slip of its own.
import { call } from "../api.js";
import { el } from "../dom.js";
import { billName, number } from "../format.js";
import { t } from "../language.js";
import { busy, button, buttonLink } from "../parts.js";
import { railIcon, railName } from "../rails.js";
import { go } from "../router.js";

/** The slips of these bills; of several, the way to each one's. `quotes` as `combined` answers them. */
export function slipsOf(bills, quotes) {
  const slips = quotes.filter((quote) => quote.isSlip);
  if (slips.length === 0) return null;
  const [only] = bills;
  return el("section", { class: "card", id: "cash" }, el("h2", {}, t("slips_title")), el("p", { class: "hint" }, t("slips_hint")),
    bills.length === 1
      ? slips.map((quote) => slipMaker(only, quote))
      : [el("p", {}, t("slips_one_by_one")), bills.map((bill) => buttonLink(billName(bill), `/app/bills/${bill.id}`, { kind: "quiet wide" }))]);
}

function slipMaker(bill, quote) {
  const problem = el("div");
  const name = railName(quote.rail);
  if (quote.barred) return el("p", { class: "slip-barred" }, el("strong", {}, name), el("span", { class: "hint" }, quote.barred));
  const cost = quote.fee === 0 ? t("no_fee_at_all") : t("fee_of", { amount: number(quote.fee) });
  const make = button([el("span", { class: "slip-name" }, name), " ", el("span", { class: "hint" }, `${cost} · ${quote.words}`)], () => busy(make, problem, async () => {
    const slip = await call("POST", `/v1/bills/${bill.id}/payment-slips`, { body: { channel: quote.rail } });
    go(`/app/slips/${slip.id}`);
  }), { kind: "quiet wide slip-maker", iconName: railIcon(quote.rail) });
  return el("div", {}, make, problem);
}
