// The ways to pay, as people call them.
import { el } from "./dom.js";
import { hasText, t } from "./language.js";

const ICONS = { bank_of_kaohsiung: "bank", ach: "bank", card: "card", apple_pay: "phone", google_pay: "phone", jkopay: "purse",
  line_pay: "purse", points: "points", store_barcode: "store", twqr: "qr" };
/** Ways whose wallet on this device hands over a token of its own. */
export const DEVICE_WALLETS = new Set(["apple_pay", "google_pay"]);
export const BANKS = new Set(["bank_of_kaohsiung", "ach"]);

/** "LINE Pay"; a way that came after this phone is shown as the API writes it. */
export function railName(rail) {
  return hasText(`rail_${rail}`) ? t(`rail_${rail}`) : rail;
}

/** Whose page a payer is sent to, as in "the page of …". */
export function pageName(rail) {
  return rail === "card" ? t("page_of_card") : railName(rail);
}

export function railIcon(rail) {
  return ICONS[rail] || "bills";
}

/** The way to pay and, where one was chosen, the account or card ("***1234"). */
export function instrumentName(rail, account) {
  return el("span", {}, railName(rail), account && " ", account && el("span", { class: "mono" }, account));
}

/** How a payment was made: the account or card is named where there is one. */
export function paidBy(payment) {
  return instrumentName(payment.rail, (payment.bank_link_id || payment.card_id) && payment.account);
}

/** How a bill came to be paid: one of our ways, a store, the bureau's register; else as the API writes it. */
export function channelName(channel) {
  return hasText(`paid_via_${channel}`) ? t(`paid_via_${channel}`) : railName(channel);
}
