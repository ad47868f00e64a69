// The slip a person reads before signing: the words of the instruction, laid out, with the exact text underneath.
import { acting } from "../acting.js";
import { el } from "../dom.js";
import { grouping, momentElement, money, number } from "../format.js";
import { t } from "../language.js";
import { facts } from "../parts.js";
import { instrumentName } from "../rails.js";

/** `current`: the payment; `instruction`: from readInstruction; `me`: who is signed in. */
export function wordsToSign(current, { words, fingerprint }, me) {
  const kinds = new Map(current.bills.map((bill) => [bill.number, bill.kind]));
  return el("section", { class: "slip", "aria-label": t("words_to_sign") },
    el("p", { class: "slip-lead" }, t("words_lead")),
    facts([
      [t("payer"), el("span", {}, t("payer_you", { id: me.national_id }), el("span", { class: "mono fine-print" }, words.payer))],
      words.for && [t("bills_of"), el("span", {}, acting()?.name || "", el("span", { class: "mono fine-print" }, words.for))],
      [t("paid_by"), instrumentName(words.rail, words.instrument && words.account)],
    ]),
    el("table", { class: "slip-bills" },
      el("caption", { class: "unseen" }, t("bills_in_payment")),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("bill_number")), el("th", { scope: "col", class: "right" }, t("amount")))),
      el("tbody", {}, words.bills.map((bill) => el("tr", {},
        el("td", {}, el("span", { class: "slip-kind" }, t(`kind_${kinds.get(bill.number) || "parking"}`)), " ", el("span", { class: "mono" }, grouping(bill.number))),
        el("td", { class: "right" }, money(bill.amount))))),
      el("tfoot", {},
        el("tr", {}, el("th", { scope: "row" }, t("fee")), el("td", { class: "right" }, words.fee === 0 ? t("no_fee") : money(words.fee))),
        words.points > 0 && el("tr", {}, el("th", { scope: "row" }, t("paid_in_points")), el("td", { class: "right" }, t("points_amount", { n: `−${number(words.points)}` }))),
        el("tr", { class: "slip-total" }, el("th", { scope: "row" }, t(words.points > 0 ? "left_in_money" : "total")),
          el("td", { class: "right" }, money(words.total - words.points, "strong"))))),
    el("p", { class: "hint" }, t("valid_until"), " ", momentElement(words.expires)),
    exactWords(current.instruction, fingerprint));
}

/** The text itself, and its hash. */
function exactWords(text, fingerprint) {
  return el("details", { class: "exact" }, el("summary", {}, t("exact_words")),
    el("p", {}, t("exact_words_detail")),
    el("pre", { class: "mono", tabindex: "0", role: "group", "aria-label": t("exact_words") }, text),
    el("p", { class: "mono fine-print" }, `SHA-256 ${fingerprint}`));
}

/** The same for the standing words of automatic debit. */
export function standingWordsToSign(proposal, { words, fingerprint }, me) {
  return el("section", { class: "slip", "aria-label": t("words_to_sign") },
    el("p", { class: "slip-lead" }, t("words_lead")),
    facts([
      [t("payer"), el("span", {}, t("payer_you", { id: me.national_id }), el("span", { class: "mono fine-print" }, words.payer))],
      [t("automatic_what"), t("kind_parking")],
      [t("paid_by"), instrumentName(words.rail, words.account)],
      [t("automatic_per_bill"), money(words.per_bill_cap, "strong")],
      [t("automatic_per_month"), money(words.monthly_cap, "strong")],
      [t("automatic_notice"), t("automatic_notice_words")],
      [t("valid_until"), momentElement(words.expires)],
    ]),
    exactWords(proposal.instruction, fingerprint));
}
